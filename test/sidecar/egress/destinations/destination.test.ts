import fc from 'fast-check';
import { destinationRules } from '../../../../sidecar/src/egress/destinations/destination';
import { parseCidr, PRIVATE_RANGES } from '../../../../src/manifests/cidr';

const none = { clusterRanges: [], privateDestinations: [] };
const problemOf = destinationRules(none);
const HOST = 'api.example.com';

/**
 * The rows of the registries of 2025 with their first and last address, in the order of the registries; the text is what is said of
 * both, `undefined` for what IANA calls globally reachable and is not refused.
 * https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const REGISTRY: readonly [cidr: string, first: string, last: string, problem: string | undefined][] = [
  ['0.0.0.0/8', '0.0.0.0', '0.255.255.255', 'is this network'],
  ['10.0.0.0/8', '10.0.0.0', '10.255.255.255', 'is private'],
  ['100.64.0.0/10', '100.64.0.0', '100.127.255.255', 'is carrier-grade NAT'],
  ['127.0.0.0/8', '127.0.0.0', '127.255.255.255', 'is loopback'],
  ['169.254.0.0/16', '169.254.0.0', '169.254.255.255', 'is link-local'],
  ['172.16.0.0/12', '172.16.0.0', '172.31.255.255', 'is private'],
  ['192.0.0.0/24', '192.0.0.0', '192.0.0.255', 'is protocol assignments'],
  ['192.0.0.0/29', '192.0.0.0', '192.0.0.7', 'is protocol assignments'],
  ['192.0.0.8/32', '192.0.0.8', '192.0.0.8', 'is protocol assignments'],
  // Reachable, but by a service of the network that no host name leads to.
  ['192.0.0.9/32', '192.0.0.9', '192.0.0.9', 'is protocol assignments'],
  ['192.0.0.10/32', '192.0.0.10', '192.0.0.10', 'is protocol assignments'],
  ['192.0.0.170/31', '192.0.0.170', '192.0.0.171', 'is protocol assignments'],
  ['192.0.2.0/24', '192.0.2.0', '192.0.2.255', 'is documentation'],
  ['192.31.196.0/24', '192.31.196.0', '192.31.196.255', undefined],
  ['192.52.193.0/24', '192.52.193.0', '192.52.193.255', undefined],
  ['192.88.99.0/24', '192.88.99.0', '192.88.99.255', 'is 6to4 relay'],
  ['192.168.0.0/16', '192.168.0.0', '192.168.255.255', 'is private'],
  ['192.175.48.0/24', '192.175.48.0', '192.175.48.255', undefined],
  ['198.18.0.0/15', '198.18.0.0', '198.19.255.255', 'is benchmarks'],
  ['198.51.100.0/24', '198.51.100.0', '198.51.100.255', 'is documentation'],
  ['203.0.113.0/24', '203.0.113.0', '203.0.113.255', 'is documentation'],
  ['240.0.0.0/4', '240.0.0.0', '255.255.255.254', 'is reserved'],
  ['255.255.255.255/32', '255.255.255.255', '255.255.255.255', 'is broadcast'],
  ['224.0.0.0/4', '224.0.0.0', '239.255.255.255', 'is multicast'],
  ['::1/128', '::1', '::1', 'is loopback'],
  ['::/128', '::', '::', 'is unspecified'],
  ['::ffff:0:0/96', '::ffff:0.0.0.0', '::ffff:255.255.255.255', 'is IPv4-mapped'],
  ['64:ff9b::/96', '64:ff9b::', '64:ff9b::ffff:ffff', 'is NAT64'],
  ['64:ff9b:1::/48', '64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff', 'is NAT64'],
  ['100::/64', '100::', '100::ffff:ffff:ffff:ffff', 'is discard-only'],
  ['100:0:0:1::/64', '100:0:0:1::', '100:0:0:1:ffff:ffff:ffff:ffff', 'is dummy prefix'],
  ['2001::/23', '2001:1::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', 'is protocol assignments'],
  ['2001::/32', '2001::', '2001:0:ffff:ffff:ffff:ffff:ffff:ffff', 'is Teredo'],
  ['2001:1::1/128', '2001:1::1', '2001:1::1', 'is protocol assignments'],
  ['2001:1::2/128', '2001:1::2', '2001:1::2', 'is protocol assignments'],
  ['2001:1::3/128', '2001:1::3', '2001:1::3', 'is protocol assignments'],
  ['2001:2::/48', '2001:2::', '2001:2:0:ffff:ffff:ffff:ffff:ffff', 'is protocol assignments'],
  ['2001:3::/32', '2001:3::', '2001:3:ffff:ffff:ffff:ffff:ffff:ffff', 'is protocol assignments'],
  ['2001:4:112::/48', '2001:4:112::', '2001:4:112:ffff:ffff:ffff:ffff:ffff', 'is protocol assignments'],
  ['2001:10::/28', '2001:10::', '2001:1f:ffff:ffff:ffff:ffff:ffff:ffff', 'is protocol assignments'],
  ['2001:20::/28', '2001:20::', '2001:2f:ffff:ffff:ffff:ffff:ffff:ffff', 'is protocol assignments'],
  ['2001:30::/28', '2001:30::', '2001:3f:ffff:ffff:ffff:ffff:ffff:ffff', 'is protocol assignments'],
  ['2001:db8::/32', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', 'is documentation'],
  ['2002::/16', '2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'is 6to4'],
  ['2620:4f:8000::/48', '2620:4f:8000::', '2620:4f:8000:ffff:ffff:ffff:ffff:ffff', undefined],
  ['3fff::/20', '3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', 'is documentation'],
  ['5f00::/16', '5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'is segment routing'],
  ['fc00::/7', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'is unique local'],
  ['fe80::/10', 'fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'is link-local'],
  ['ff00::/8', 'ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'is multicast'],
];

test.each(REGISTRY)('row %s, from %s to %s: %s', (_cidr, first, last, problem) => {
  expect([problemOf(HOST, first), problemOf(HOST, last)]).toEqual([problem, problem]);
});

test.each([
  ['168.63.129.16', 'is metadata service'], ['100.100.100.200', 'is metadata service'], ['fd00:ec2::254', 'is metadata service'], ['fd20:ce::254', 'is metadata service'],
  ['fd00:42::42', 'is metadata service'], ['169.254.169.254', 'is link-local'], ['fec0::1', 'is site-local'], ['::7f00:1', 'is IPv4-compatible'], ['::ffff:8.8.8.8', 'is IPv4-mapped'],
  ['4000::1', 'is reserved'], ['1::1', 'is reserved'], ['e000::1', 'is reserved'], ['64:ff9b:2::1', 'is reserved'],
  // What is no address in its one form: no resolver answers so.
  ['', 'is no address'], ['127.1', 'is no address'], ['0x7f.0.0.1', 'is no address'], ['010.0.0.1', 'is no address'], ['2130706433', 'is no address'],
  ['fe80::1%eth0', 'is no address'], ['2606:4700::1111%1', 'is no address'], ['[::1]', 'is no address'], ['a.example', 'is no address'],
])('%s is refused: it %s', (address, problem) => {
  expect(problemOf(HOST, address)).toBe(problem);
});

test.each(['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '172.15.255.255', '172.32.0.0', '198.17.255.255', '198.20.0.0', '223.255.255.255', '168.63.129.17',
  '2606:4700:4700::1111', '2000::', '2001:200::', '2001:4860:4860::8888', '2a00:1450::1', '3ffe:ffff::1'])('%s is public', (address) => {
  expect(problemOf(HOST, address)).toBeUndefined();
});

test('every range that network policies keep from the internet is refused here too', () => {
  for (const cidr of [...PRIVATE_RANGES.v4, ...PRIVATE_RANGES.v6]) {
    const { address, family, prefix } = parseCidr(cidr)!;
    const size = 2n ** BigInt((family === 4 ? 32 : 128) - prefix);
    for (const number of [address, address + size / 2n, address + size - 1n]) {
      expect(problemOf(HOST, written(number, family))).toEqual(expect.any(String));
    }
  }
});

describe('private destinations', () => {
  const rules = destinationRules({
    clusterRanges: ['8.34.0.0/16', '2a00:1::/64'],
    privateDestinations: [
      { host: 'git.corp.example', cidr: '10.1.0.0/16' }, { host: '*.build.example', cidr: 'fd12::/16' }, { host: 'in.example', cidr: '8.34.5.0/24' }, { host: 'all.example', cidr: '0.0.0.0/0' },
      { host: 'all.example', cidr: '::/0' }, { host: 'nat.example', cidr: '64:ff9b::/96' }, { host: 'nat.example', cidr: '10.1.0.0/16' }, { host: 'local.example', cidr: '::1/128' },
    ],
  });

  test.each([
    ['git.corp.example', '10.1.2.3'], ['a.b.build.example', 'fd12::1'], ['in.example', '8.34.5.6'], ['all.example', '10.2.0.1'], ['all.example', '127.0.0.1'], ['all.example', 'fd13::1'],
    ['all.example', '::1'], ['local.example', '::1'], ['nat.example', '64:ff9b::8.8.8.8'], ['nat.example', '64:ff9b::10.1.0.1'], ['all.example', '8.34.5.6'], ['git.corp.example', '8.8.8.8'],
  ])('%s is led to %s', (host, address) => {
    expect(rules(host, address)).toBeUndefined();
  });

  test.each([
    ['another host', 'other.example', '10.1.2.3'], ['a name below it', 'a.git.corp.example', '10.1.2.3'], ['the zone of a wildcard itself', 'build.example', 'fd12::1'],
    ['a neighbouring network', 'git.corp.example', '10.2.0.1'], ['the same address as IPv6', 'git.corp.example', '::ffff:10.1.2.3'], ['the cluster', 'git.corp.example', '8.34.0.1'],
    ['the cluster by IPv6', 'git.corp.example', '2a00:1::5'], ['the rest of the cluster', 'in.example', '8.34.6.1'], ['another private address behind NAT64', 'nat.example', '64:ff9b::10.2.0.1'],
    ['NAT64 of another prefix', 'nat.example', '64:ff9b:1::8.8.8.8'],
  ])('but not to %s', (_what, host, address) => {
    expect(rules(host, address)).toEqual(expect.any(String));
  });

  test.each([
    '169.254.169.254', '169.254.20.10', 'fe80::1', 'fd00:ec2::254', '168.63.129.16', '100.100.100.200', '0.0.0.0', '::', '224.0.0.1', 'ff02::1', '255.255.255.255',
    '::ffff:169.254.169.254', '::a9fe:a9fe', '64:ff9b::a9fe:a9fe', '64:ff9b:1:a9fe:a9:fe00::', '2002:a9fe:a9fe::1', '2001:0:1:2:3:4:5601:5601', '64:ff9b::', '::ffff:224.0.0.1',
  ])('none opens %s, in any form', (address) => {
    expect(rules('all.example', address)).toEqual(expect.any(String));
  });
});

test('a network of the cluster that has what is closed in it opens none of that', () => {
  const all = ['0.0.0.0/0', '::/0'];
  const rules = destinationRules({ clusterRanges: all, privateDestinations: all.map((cidr) => ({ host: HOST, cidr })) });
  expect(['10.0.0.1', '1.1.1.1', 'fd00::1'].map((address) => rules(HOST, address))).toEqual([undefined, undefined, undefined]);
  expect(rules(HOST, '169.254.169.254')).toBe('is link-local');
  expect(rules(HOST, 'fd00:ec2::254')).toBe('is metadata service');
});

test.each(['', '10.0.0.0', '10.0.0.0/33', '::/129', '127.1/8', '0x7f.0.0.0/8', 'fe80::%1/64', '10.0.0.0/8 ', 'x/8', '10.0.0.0/-1'])('%j is no network, and no rule is made of it', (cidr) => {
  expect(() => destinationRules({ ...none, clusterRanges: [cidr] })).toThrow(/must be a network such as/);
  expect(() => destinationRules({ ...none, privateDestinations: [{ host: 'a.example', cidr }] })).toThrow(RangeError);
});

test('an IPv4 address that is refused is refused in every IPv6 form, whatever is opened for IPv6', () => {
  const open = destinationRules({ clusterRanges: [], privateDestinations: [{ host: HOST, cidr: '::/0' }] });
  fc.assert(fc.property(fc.ipV4(), fc.constantFrom('::ffff:', '64:ff9b::', '::'), (address, prefix) => {
    const isPublic = problemOf(HOST, address) === undefined;
    expect(problemOf(HOST, prefix + address)).toBeDefined();
    if (prefix + address !== '::0.0.0.1') expect(open(HOST, prefix + address) === undefined).toBe(isPublic);
  }));
});

function written(number: bigint, family: 4 | 6): string {
  const [digits, radix, glue] = family === 4 ? [8n, 10, '.'] as const : [16n, 16, ':'] as const;
  const count = family === 4 ? 4 : 8;
  const group = (index: number) => (number >> (digits * BigInt(count - 1 - index))) & ((1n << digits) - 1n);
  return Array.from({ length: count }, (_, index) => group(index).toString(radix)).join(glue);
}
