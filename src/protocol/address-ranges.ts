/**
 * Addresses that the public internet does not carry, or that lead back inside. Rows of the registries of IANA that are not
 * globally reachable, and of multicast:
 * https://www.iana.org/assignments/iana-ipv4-special-registry
 * https://www.iana.org/assignments/iana-ipv6-special-registry
 * https://www.iana.org/assignments/multicast-addresses
 * Rows inside another one are not repeated.
 */
export interface AddressRange {
  readonly cidr: string;
  /** What it is, in a few words. */
  readonly name: string;
  /** Not even a private destination opens it: metadata services, this host on this network, groups of hosts. */
  readonly closed?: true;
}

/** Global unicast: whatever is outside has been given to nobody. https://www.iana.org/assignments/ipv6-address-space */
export const GLOBAL_UNICAST_V6 = '2000::/3';

/** The metadata service of most clouds. It is link-local. */
export const METADATA_ADDRESS = '169.254.169.254';

/** Metadata services of clouds whose addresses are in no range that is closed anyway: Alibaba, Azure, Oracle, Scaleway, AWS, Google. */
const METADATA: readonly AddressRange[] = [
  { cidr: '100.100.100.200/32', name: 'metadata service', closed: true },
  { cidr: '168.63.129.16/32', name: 'metadata service', closed: true },
  { cidr: '192.0.0.192/32', name: 'metadata service', closed: true },
  { cidr: 'fd00:42::42/128', name: 'metadata service', closed: true },
  { cidr: 'fd00:ec2::254/128', name: 'metadata service', closed: true },
  { cidr: 'fd20:ce::254/128', name: 'metadata service', closed: true },
];

/** Where clouds hand the node's credentials to whoever asks. */
export const METADATA_SERVICES: readonly string[] = [`${METADATA_ADDRESS}/32`, ...METADATA.map(({ cidr }) => cidr)];

/** The first row that an address is in is the one that counts. */
export const SPECIAL_RANGES: readonly AddressRange[] = [
  ...METADATA,
  { cidr: '0.0.0.0/8', name: 'this network', closed: true },
  { cidr: '10.0.0.0/8', name: 'private' },
  { cidr: '100.64.0.0/10', name: 'carrier-grade NAT' },
  { cidr: '127.0.0.0/8', name: 'loopback' },
  { cidr: '169.254.0.0/16', name: 'link-local', closed: true },
  { cidr: '172.16.0.0/12', name: 'private' },
  { cidr: '192.0.0.0/24', name: 'protocol assignments' },
  { cidr: '192.0.2.0/24', name: 'documentation' },
  { cidr: '192.88.99.0/24', name: '6to4 relay' },
  { cidr: '192.168.0.0/16', name: 'private' },
  { cidr: '198.18.0.0/15', name: 'benchmarks' },
  { cidr: '198.51.100.0/24', name: 'documentation' },
  { cidr: '203.0.113.0/24', name: 'documentation' },
  { cidr: '224.0.0.0/4', name: 'multicast', closed: true },
  { cidr: '255.255.255.255/32', name: 'broadcast', closed: true },
  { cidr: '240.0.0.0/4', name: 'reserved' },
  { cidr: '::/128', name: 'unspecified', closed: true },
  { cidr: '::1/128', name: 'loopback' },
  { cidr: '::ffff:0:0/96', name: 'IPv4-mapped' },
  { cidr: '::/96', name: 'IPv4-compatible' },
  { cidr: '64:ff9b::/96', name: 'NAT64' },
  { cidr: '64:ff9b:1::/48', name: 'NAT64' },
  { cidr: '100::/64', name: 'discard-only' },
  { cidr: '100:0:0:1::/64', name: 'dummy prefix' },
  { cidr: '2001::/32', name: 'Teredo' },
  { cidr: '2001::/23', name: 'protocol assignments' },
  { cidr: '2001:db8::/32', name: 'documentation' },
  { cidr: '2002::/16', name: '6to4' },
  { cidr: '3fff::/20', name: 'documentation' },
  { cidr: '5f00::/16', name: 'segment routing' },
  { cidr: 'fc00::/7', name: 'unique local' },
  { cidr: 'fe80::/10', name: 'link-local', closed: true },
  { cidr: 'fec0::/10', name: 'site-local' },
  { cidr: 'ff00::/8', name: 'multicast', closed: true },
];
