import { isIP } from 'node:net';
import * as fc from 'fast-check';
import { Cidr, cidrProblem, contains, exceptProblem, exceptsWithin, formatCidr, parseCidr, PRIVATE_RANGES } from '../../src/manifests/cidr';
import { SPECIAL_RANGES } from '../../src/protocol/address-ranges';

const ALL_PRIVATE: string[] = [...PRIVATE_RANGES.v4, ...PRIVATE_RANGES.v6];

/** Bits of an address as text, by string handling only: the slow twin of the parser. */
function bitsOf(cidr: string): { family: number; bits: string } {
  const [address, prefix] = cidr.split('/');
  const padded = (part: string, radix: number, width: number) => parseInt(part, radix).toString(2).padStart(width, '0');
  if (isIP(address) === 4) return { family: 4, bits: address.split('.').map((part) => padded(part, 10, 8)).join('').slice(0, Number(prefix)) };
  let full = address;
  if (full.includes('::')) {
    const written = full.split(':').filter((group) => group !== '').length;
    full = full.replace('::', `:${'0:'.repeat(8 - written)}`).replace(/^:|:$/g, '');
  }
  return { family: 6, bits: full.split(':').map((part) => padded(part, 16, 16)).join('').slice(0, Number(prefix)) };
}

function containsSlowly(outer: string, inner: string): boolean {
  const [a, b] = [bitsOf(outer), bitsOf(inner)];
  return a.family === b.family && b.bits.startsWith(a.bits);
}

const network = (family: 4 | 6, bits: number, prefix: number, address: bigint): Cidr => {
  const size = 2n ** BigInt(bits - prefix);
  return { family, prefix, address: (address / size) * size };
};
/** Few distinct high bits, so that networks often meet. */
const close = (bits: number) => fc.tuple(fc.bigInt(0n, 3n), fc.bigInt(0n, 2n ** BigInt(bits - 2) - 1n), fc.boolean())
  .map(([high, low, flat]) => high * 2n ** BigInt(bits - 2) + (flat ? 0n : low));
const v4 = fc.tuple(fc.integer({ min: 0, max: 32 }), close(32)).map(([prefix, address]) => network(4, 32, prefix, address));
const v6 = fc.tuple(fc.integer({ min: 0, max: 128 }), close(128)).map(([prefix, address]) => network(6, 128, prefix, address))
  .filter((cidr) => cidrProblem(formatCidr(cidr)) === undefined);
const anyCidr = fc.oneof(v4, v6);
const parsed = (text: string) => parseCidr(text)!;

describe('reading', () => {
  test.each([
    ['0.0.0.0/0', { family: 4, address: 0n, prefix: 0 }],
    ['10.0.0.0/8', { family: 4, address: 0x0a000000n, prefix: 8 }],
    ['255.255.255.255/32', { family: 4, address: 0xffffffffn, prefix: 32 }],
    ['::/0', { family: 6, address: 0n, prefix: 0 }],
    ['::1/128', { family: 6, address: 1n, prefix: 128 }],
    ['fe80::/10', { family: 6, address: 0xfe80n * 2n ** 112n, prefix: 10 }],
    ['1:2:3:4:5:6:7::/112', { family: 6, address: 0x1_0002_0003_0004_0005_0006_0007_0000n, prefix: 112 }],
  ] as const)('%s is a network', (text, expected) => {
    expect(parseCidr(text)).toEqual(expected);
    expect(cidrProblem(text)).toBeUndefined();
  });

  test.each([
    ['2001:DB8:0:0:0:0:0:0/32', '2001:db8::/32'],
    ['2001:0db8::0001:0/112', '2001:db8::1:0/112'],
    ['1:0:0:2:0:0:0:0/64', '1:0:0:2::/64'],
    ['1:0:2:3:4:5:6:7/128', '1:0:2:3:4:5:6:7/128'],
    ['0:0:1:0:0:1:0:0/112', '::1:0:0:1:0:0/112'],
  ])('%s is written as %s', (text, expected) => expect(formatCidr(parsed(text))).toBe(expected));

  test('text and network round trip', () => {
    fc.assert(fc.property(anyCidr, (cidr) => expect(parseCidr(formatCidr(cidr))).toEqual(cidr)));
  });

  test('an address is valid exactly when Node takes it for one', () => {
    const groups = fc.array(fc.constantFrom('', '0', '1', 'ff', 'FFFF', '12345', 'g'), { minLength: 1, maxLength: 9 }).map((parts) => parts.join(':'));
    const octets = fc.array(fc.constantFrom('0', '10', '255', '256', '', '01', '1e1'), { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'));
    const text = fc.oneof(groups, octets, fc.ipV4(), fc.ipV6()).filter((address) => !/:.*\./.test(address));
    fc.assert(fc.property(text, (address) => {
      const prefix = address.includes(':') ? 128 : 32;
      const problem = cidrProblem(`${address}/${prefix}`);
      expect(problem === undefined || problem.includes('IPv4 form')).toBe(isIP(address) !== 0);
    }), { numRuns: 500 });
  });
});

describe('refusals', () => {
  test.each([
    '', '/', '10.0.0.0.0/8', '10.0.0/8', '010.0.0.0/8', '10.0.0.256/32', '10.0.0.0/8/8', ' 10.0.0.0/8', '10.0.0.0 /8', '1e1.0.0.0/8', 'example.com/8',
    ':::/0', '1::2::3/128', '1:2:3:4:5:6:7/128', '1:2:3:4:5:6:7:8:9/128', '1:2:3:4:5:6:7:8::/128', 'g::/16', '12345::/16', ':1::/16',
  ])('%j is not a network', (text) => {
    expect(cidrProblem(text)).toBe(`${JSON.stringify(text)} is not a CIDR, allowed are networks such as 10.0.0.0/8 or 2001:db8::/32`);
    expect(parseCidr(text)).toBeUndefined();
  });

  test.each(['fe80::1%eth0/128', '::ffff:10.0.0.0/104', '64:ff9b::10.0.0.0/104'])('%s with a zone or a dotted tail is refused', (text) => {
    expect(cidrProblem(text)).toContain('is not a CIDR');
  });

  test.each(['10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '10.0.0.0/8.0', '10.0.0.0/ 8', '10.0.0.0/255.0.0.0'])(
    '%s has no usable prefix length', (text) => {
      expect(cidrProblem(text)).toBe(`${JSON.stringify(text)} needs a prefix length from /0 to /32; a single address ends in /32`);
    },
  );

  test('an IPv6 prefix ends at 128', () => {
    expect(cidrProblem('::/129')).toBe('"::/129" needs a prefix length from /0 to /128; a single address ends in /128');
  });

  test.each([['10.0.0.1/8', '10.0.0.0/8'], ['0.0.0.1/0', '0.0.0.0/0'], ['2001:db8::1/64', '2001:db8::/64']])('host bits of %s are refused', (text, allowed) => {
    expect(cidrProblem(text)).toBe(`${text} has host bits set, the network is ${allowed}`);
  });

  test.each(['::ffff:0:0/96', '::ffff:a00:0/104', '::ffff:a00:1/128'])('IPv4 in IPv6 form is refused: %s', (text) => {
    expect(cidrProblem(text)).toBe(`${text} is an IPv4 network in IPv6 form, allowed is its IPv4 form`);
  });

  test.each([
    ['10.0.0.0/8', '10.0.0.0/8', 'except 10.0.0.0/8 is not a part of 10.0.0.0/8, allowed are smaller networks inside it'],
    ['10.1.0.0/16', '10.0.0.0/8', 'except 10.0.0.0/8 is not a part of 10.1.0.0/16, allowed are smaller networks inside it'],
    ['10.0.0.0/8', '11.0.0.0/16', 'except 11.0.0.0/16 is not a part of 10.0.0.0/8, allowed are smaller networks inside it'],
    ['10.0.0.0/8', 'fc00::/7', 'except fc00::/7 is IPv6, allowed in 10.0.0.0/8 are IPv4 networks'],
    ['::/0', '10.0.0.0/8', 'except 10.0.0.0/8 is IPv4, allowed in ::/0 are IPv6 networks'],
    ['10.0.0.0/8', '10.1.0.1/16', '10.1.0.1/16 has host bits set, the network is 10.1.0.0/16'],
    ['10.0.0.1/8', '10.1.0.0/16', '10.0.0.1/8 has host bits set, the network is 10.0.0.0/8'],
  ])('from %s the part %s cannot be cut', (cidr, except, problem) => expect(exceptProblem(cidr, except)).toBe(problem));
});

describe('containment', () => {
  test('agrees with comparing bits as text', () => {
    fc.assert(fc.property(anyCidr, anyCidr, (outer, inner) => {
      expect(contains(outer, inner)).toBe(containsSlowly(formatCidr(outer), formatCidr(inner)));
    }), { numRuns: 1000 });
  });

  test('is transitive', () => {
    const chain = anyCidr.chain((inner) => fc.tuple(fc.constant(inner), fc.nat(inner.prefix), fc.nat(inner.prefix)));
    fc.assert(fc.property(chain, ([inner, one, two]) => {
      const bits = inner.family === 4 ? 32 : 128;
      const [wide, middle] = [Math.min(one, two), Math.max(one, two)].map((prefix) => network(inner.family, bits, prefix, inner.address));
      expect([contains(wide, middle), contains(middle, inner), contains(wide, inner)]).toEqual([true, true, true]);
    }));
  });

  test('never crosses families', () => {
    expect(contains(parsed('0.0.0.0/0'), parsed('::/96'))).toBe(false);
    expect(contains(parsed('::/0'), parsed('10.0.0.0/8'))).toBe(false);
  });
});

describe('shared except lists', () => {
  test('what is kept is always a legal except', () => {
    fc.assert(fc.property(anyCidr.map(formatCidr), fc.array(anyCidr.map(formatCidr)), (cidr, excepts) => {
      const kept = exceptsWithin(cidr, excepts);
      expect(kept).toEqual(excepts.filter((except) => exceptProblem(cidr, except) === undefined));
    }));
  });

  test('a public network keeps none of the private ranges', () => expect(exceptsWithin('140.82.112.0/20', ALL_PRIVATE)).toEqual([]));

  test('a private network named on purpose stays reachable', () => {
    expect(exceptsWithin('10.0.0.0/8', ALL_PRIVATE)).toEqual([]);
    expect(exceptsWithin('10.1.0.0/16', ALL_PRIVATE)).toEqual([]);
  });

  test('all of IPv4 and all of IPv6 keep their own ranges only', () => {
    expect(exceptsWithin('0.0.0.0/0', ALL_PRIVATE)).toEqual([...PRIVATE_RANGES.v4]);
    expect(exceptsWithin('::/0', ALL_PRIVATE)).toEqual([...PRIVATE_RANGES.v6]);
  });

  test('text that is not a network keeps nothing and is never kept', () => {
    expect(exceptsWithin('nonsense', ALL_PRIVATE)).toEqual([]);
    expect(exceptsWithin('0.0.0.0/0', ['nonsense'])).toEqual([]);
  });
});

describe('private ranges', () => {
  test('none is inside another one, nor IPv4 in IPv6 form, which the API server refuses', () => {
    const inside = ALL_PRIVATE.filter((range) => ALL_PRIVATE.some((other) => other !== range && contains(parsed(other), parsed(range))));
    expect(inside).toEqual([]);
    expect(ALL_PRIVATE).not.toContain('::ffff:0:0/96');
  });

  test('every special range is in one of them', () => {
    const ranges = SPECIAL_RANGES.filter(({ cidr }) => cidr !== '::ffff:0:0/96');
    expect(ranges.filter(({ cidr }) => !ALL_PRIVATE.some((range) => contains(parsed(range), parsed(cidr))))).toEqual([]);
    expect(ranges.length).toBeGreaterThan(ALL_PRIVATE.length);
  });

  test.each(ALL_PRIVATE)('%s is a network in canonical text', (range) => expect(formatCidr(parsed(range))).toBe(range));

  test.each([
    ['a metadata service', '169.254.169.254/32'], ['Azure host agent', '168.63.129.16/32'], ['Alibaba metadata', '100.100.100.200/32'],
    ['Oracle metadata', '192.0.0.192/32'], ['AWS metadata over IPv6', 'fd00:ec2::254/128'], ['GCP metadata over IPv6', 'fd20:ce::254/128'],
    ['loopback', '127.0.0.1/32'], ['IPv6 loopback', '::1/128'], ['a pod network', '10.244.1.7/32'], ['NodeLocal DNSCache', '169.254.20.10/32'],
    ['a private address behind NAT64', '64:ff9b::a00:1/128'], ['a private address behind 6to4', '2002:a00:1::1/128'], ['Teredo', '2001:0:a00:1::/128'],
    ['broadcast', '255.255.255.255/32'], ['multicast', '224.0.0.251/32'], ['IPv6 multicast', 'ff02::fb/128'], ['link-local IPv6', 'fe80::1/128'],
  ])('%s is among them', (_, address) => {
    expect(ALL_PRIVATE.some((range) => contains(parsed(range), parsed(address)))).toBe(true);
  });

  test.each(['1.1.1.1/32', '140.82.121.4/32', '172.32.0.1/32', '100.128.0.1/32', '2606:4700::1111/128', '2a00:1450::1/128'])(
    'a public address is not: %s', (address) => {
      expect(ALL_PRIVATE.some((range) => contains(parsed(range), parsed(address)))).toBe(false);
    },
  );
});
