import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { embeddedIpv4 } from './embedded-ipv4';
import { GLOBAL_UNICAST_V6, SPECIAL_RANGES } from '../../../../src/protocol/address-ranges';
import type { DestinationsFile } from '../../../../src/protocol/egress-api';
import { hostCovers } from '../../../../src/protocol/hosts';
import { ipv6Form } from '../targets/ipv6-form';

/** Says why nobody is led to an address of a host; undefined when somebody may be. */
export type AddressProblem = (host: string, address: string) => string | undefined;

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = readonly [Address, number];

interface Row {
  readonly network: Network;
  readonly name: string;
  readonly closed: boolean;
}

const SPECIAL: readonly Row[] = SPECIAL_RANGES.map(({ cidr, name, closed }) => ({ network: networkOf(cidr), name, closed: closed === true }));
const GLOBAL_UNICAST = networkOf(GLOBAL_UNICAST_V6);

/**
 * Rules of what may be dialled after resolution. A private destination opens its network to its host; it opens neither what
 * is closed to all, nor what an address hides inside. Throws a RangeError for a network that is none.
 */
export function destinationRules({ clusterRanges = [], privateDestinations = [] }: DestinationsFile): AddressProblem {
  const cluster = clusterRanges.map((cidr): Row => ({ network: networkOf(cidr), name: 'of the cluster', closed: false }));
  const rows = [...SPECIAL.filter(({ closed }) => closed), ...cluster, ...SPECIAL];
  const holes = privateDestinations.map(({ host, cidr }) => ({ host, network: networkOf(cidr) }));

  const problemOf: AddressProblem = (host, text) => {
    const address = addressIn(text);
    if (address === undefined) return 'is no address';
    const row = rows.find(({ network }) => isIn(address, network)) ?? outsideOfAll(address);
    if (row === undefined) return undefined;
    const isOpened = !row.closed && holes.some((hole) => hostCovers(hole.host, host) && isIn(address, hole.network));
    if (!isOpened) return `is ${row.name}`;
    const hidden = embeddedIpv4(address);
    return hidden === undefined ? undefined : problemOf(host, hidden);
  };
  return problemOf;
}

function outsideOfAll(address: Address): Row | undefined {
  if (address.kind() === 'ipv4' || isIn(address, GLOBAL_UNICAST)) return undefined;
  return { network: GLOBAL_UNICAST, name: 'reserved', closed: false };
}

function isIn(address: Address, [base, prefix]: Network): boolean {
  return address.kind() === base.kind() && address.match(base, prefix);
}

function networkOf(cidr: string): Network {
  const [, base, prefix] = /^([0-9A-Fa-f:.]+)\/(\d{1,3})$/.exec(cidr) ?? [];
  const address = base === undefined ? undefined : addressIn(base);
  const bits = address?.kind() === 'ipv4' ? 32 : 128;
  if (address === undefined || Number(prefix) > bits) throw new RangeError(`${JSON.stringify(cidr)} must be a network such as 10.0.0.0/8 or fd00::/8`);
  return [address, Number(prefix)];
}

/** The library reads short and octal forms too, which others read as other addresses. */
function addressIn(text: string): Address | undefined {
  const form = isIPv4(text) ? text : ipv6Form(text);
  return form === undefined ? undefined : ipaddr.parse(form);
}
