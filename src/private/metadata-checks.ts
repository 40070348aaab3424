import { contains, parseCidr } from '../manifests/cidr';
import { PeerRule } from '../manifests/network-policy';
import { METADATA_SERVICES } from '../protocol/address-ranges';

/** What is wrong with a place that pods may reach, where it has the address of a metadata service. */
export function metadataProblems(name: string, { peer: { ipBlock } }: PeerRule): string[] {
  if (ipBlock === undefined) return [];
  const covers = (outer: string, inner: string) => contains(parseCidr(outer)!, parseCidr(inner)!);
  return METADATA_SERVICES
    .filter((address) => covers(ipBlock.cidr, address) && !(ipBlock.except ?? []).some((hole) => covers(hole, address)))
    .map((address) => `${name} must not cover the cloud metadata address ${address}, got ${ipBlock.cidr}; leave it out with 'except' or use NetworkPeer.internet()`);
}
