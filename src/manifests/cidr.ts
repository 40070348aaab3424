import { SPECIAL_RANGES } from '../protocol/address-ranges';

/** A network of one address family, as Kubernetes means it in an `ipBlock`. */
export interface Cidr {
  readonly family: 4 | 6;
  /** First address of the network, as one number. */
  readonly address: bigint;
  readonly prefix: number;
}

const BITS = { 4: 32, 6: 128 } as const;

/** The network, or undefined where `cidrProblem` has something to say. */
export function parseCidr(text: string): Cidr | undefined {
  const read = readCidr(text);
  return typeof read === 'string' ? undefined : read;
}

/** Problem text when the API server would refuse or misread the CIDR, else undefined. */
export function cidrProblem(text: string): string | undefined {
  const read = readCidr(text);
  return typeof read === 'string' ? read : undefined;
}

/** Problem text when `except` cannot be cut out of `cidr`: the API server wants a strict subset. */
export function exceptProblem(cidr: string, except: string): string | undefined {
  const outer = readCidr(cidr);
  const inner = readCidr(except);
  if (typeof outer === 'string') return outer;
  if (typeof inner === 'string') return inner;
  if (inner.family !== outer.family) {
    return `except ${except} is IPv${inner.family}, allowed in ${cidr} are IPv${outer.family} networks`;
  }
  if (isStrictlyInside(inner, outer)) return undefined;
  return `except ${except} is not a part of ${cidr}, allowed are smaller networks inside it`;
}

/**
 * The members of a shared list that may be the `except` of this CIDR. The others do
 * not touch it, or cover all of it: then the CIDR was named deliberately and stays.
 */
export function exceptsWithin(cidr: string, excepts: readonly string[]): string[] {
  const outer = parseCidr(cidr);
  if (outer === undefined) return [];
  return excepts.filter((except) => {
    const inner = parseCidr(except);
    return inner !== undefined && isStrictlyInside(inner, outer);
  });
}

/** Whether every address of `inner` belongs to `outer`. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  return inner.family === outer.family && inner.prefix >= outer.prefix && networkNumber(inner, outer.prefix) === networkNumber(outer, outer.prefix);
}

/** Canonical text, so that two spellings of a network are one: https://www.rfc-editor.org/rfc/rfc5952 */
export function formatCidr(cidr: Cidr): string {
  return `${cidr.family === 4 ? formatIpv4(cidr.address) : formatIpv6(cidr.address)}/${cidr.prefix}`;
}

function isStrictlyInside(inner: Cidr, outer: Cidr): boolean {
  return inner.prefix > outer.prefix && contains(outer, inner);
}

function networkNumber(cidr: Cidr, prefix: number): bigint {
  return cidr.address / sizeOf(cidr.family, prefix);
}

function sizeOf(family: 4 | 6, prefix: number): bigint {
  return 2n ** BigInt(BITS[family] - prefix);
}

/** IPv4 addresses written as IPv6; half of all software takes them for IPv4. */
const MAPPED: Cidr = { family: 6, address: 0xffff_0000_0000n, prefix: 96 };

/** The network, or what is wrong with the text. */
function readCidr(text: string): Cidr | string {
  const [, addressText = text, prefixText] = /^([^/]*)\/([^/]*)$/.exec(text) ?? [];
  const ipv4 = parseIpv4(addressText);
  const address = ipv4 ?? parseIpv6(addressText);
  if (address === undefined) return `${JSON.stringify(text)} is not a CIDR, allowed are networks such as 10.0.0.0/8 or 2001:db8::/32`;
  const family = ipv4 === undefined ? 6 : 4;
  const prefix = /^(0|[1-9][0-9]{0,2})$/.test(prefixText ?? '') ? Number(prefixText) : NaN;
  if (!(prefix <= BITS[family])) {
    return `${JSON.stringify(text)} needs a prefix length from /0 to /${BITS[family]}; a single address ends in /${BITS[family]}`;
  }
  const network = { family, address: address - address % sizeOf(family, prefix), prefix } as const;
  if (network.address !== address) return `${text} has host bits set, the network is ${formatCidr(network)}`;
  if (contains(MAPPED, network)) return `${text} is an IPv4 network in IPv6 form, allowed is its IPv4 form`;
  return network;
}

/** Without leading zeros: some readers take those for octal. */
const OCTET = /^(0|[1-9][0-9]{0,2})$/;

function parseIpv4(text: string): bigint | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => OCTET.test(octet) && Number(octet) <= 255)) return undefined;
  return octets.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
}

/** https://www.rfc-editor.org/rfc/rfc4291#section-2.2, without zones and without dotted tails. */
function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const groups = halves.flat();
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const missing = 8 - groups.length;
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) return undefined;
  const [head = [], tail = []] = halves;
  return [...head, ...Array<string>(missing).fill('0'), ...tail].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

function formatIpv4(address: bigint): string {
  return digits(address, 256n, 4).join('.');
}

function formatIpv6(address: bigint): string {
  const groups = digits(address, 65_536n, 8).map((group) => group.toString(16));
  const run = (from: number) => groups.slice(from).findIndex((group) => group !== '0');
  const lengths = groups.map((_, from) => (run(from) < 0 ? groups.length - from : run(from)));
  const longest = Math.max(...lengths);
  if (longest < 2) return groups.join(':');
  const start = lengths.indexOf(longest);
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + longest).join(':')}`;
}

/** The digits of a number in a base, most significant first. */
function digits(value: bigint, base: bigint, count: number): bigint[] {
  return Array.from({ length: count }, (_, index) => (value / base ** BigInt(count - 1 - index)) % base);
}

/**
 * What NetworkPolicies keep from the internet: the special ranges, without those inside another one. `::ffff:0:0/96` is none
 * of them: the API server reads it as IPv4 and refuses it inside any IPv6 `ipBlock`; such addresses are not seen on a wire.
 */
export const PRIVATE_RANGES = { v4: specialRanges(4), v6: specialRanges(6) };

function specialRanges(family: 4 | 6): string[] {
  const networks = SPECIAL_RANGES.flatMap(({ cidr }) => parseCidr(cidr) ?? []).filter((network) => network.family === family);
  return networks.filter((network) => !networks.some((other) => isStrictlyInside(network, other))).map(formatCidr);
}
