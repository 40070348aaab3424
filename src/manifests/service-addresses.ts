import { createHash } from 'node:crypto';
import { Cidr, formatCidr, parseCidr } from './cidr';

/** Smallest and largest service networks of API servers, and the first size that has a static band. */
const PREFIXES = { 4: { widest: 12, narrowest: 27, bits: 32 }, 6: { widest: 64, narrowest: 123, bits: 128 } } as const;

/** By habit of installers: the API server, and the resolvers. */
const TAKEN = [1, 10];

/** Problem text when no addresses can be taken from a service network, else undefined. The text must be a CIDR. */
export function serviceNetworkProblem(text: string): string | undefined {
  const { family, prefix } = parseCidr(text)!;
  const { widest, narrowest } = PREFIXES[family];
  if (prefix >= widest && prefix <= narrowest) return undefined;
  return `${text} cannot be the network of Services, allowed are IPv${family} networks from /${widest} to /${narrowest}`;
}

/** How many addresses `serviceAddresses` can give. */
export function serviceAddressCount(network: string, skip: number): number {
  return free(parseCidr(network)!, skip).length;
}

/**
 * A fixed Service address for each name, out of the band that Kubernetes does not hand
 * out by itself: https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/
 *
 * They are taken from the end of the band, which others are least likely to use. The place
 * follows from the name, and only names that share a place move on to the next one:
 * a Service cannot change its address, so a new name must not move the others.
 */
export function serviceAddresses(network: string, skip: number, names: readonly string[]): Map<string, string> {
  const cidr = parseCidr(network)!;
  const places = free(cidr, skip);
  const near = Math.ceil(places.length / 2);
  const taken = new Map<number, string>();
  for (const name of [...names].sort()) {
    let place = hashOf(name) % near;
    while (taken.has(place)) place = (place + 1) % places.length;
    taken.set(place, name);
  }
  return new Map([...taken].map(([place, name]) => [name, addressAt(cidr, places[place])]));
}

/** Offsets into the network, the last of the band first. */
function free({ family, prefix }: Cidr, skip: number): number[] {
  const size = 2 ** (PREFIXES[family].bits - prefix);
  const band = Math.min(Math.max(16, size / 16), 256);
  return Array.from({ length: Math.max(0, band - skip) }, (_, index) => band - skip - index).filter((offset) => !TAKEN.includes(offset));
}

function hashOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0);
}

function addressAt({ family, address }: Cidr, offset: number): string {
  const text = formatCidr({ family, address: address + BigInt(offset), prefix: PREFIXES[family].bits });
  return text.slice(0, text.indexOf('/'));
}
