import { isIP } from 'node:net';
import { IConstruct } from 'constructs';
import { contains, parseCidr } from '../manifests/cidr';
import { policyPorts } from '../manifests/flows';
import { PeerRule } from '../manifests/network-policy';
import { hostProblem } from '../protocol/hosts';
import type { ObjectStore } from '../worker-pool-props';
import { integerProblem, problems, refuse } from './validation';

/** Addresses where clouds hand the node's credentials to whoever asks. */
const METADATA_ADDRESSES = [
  '169.254.169.254/32',
  'fd00:ec2::254/128',
  '100.100.100.200/32', // Alibaba
  '168.63.129.16/32', // Azure
  '192.0.0.192/32', // Oracle
];

/** What a pool's object store means for its NetworkPolicy, or an error that names the pool. */
export function objectStoreRules(scope: IConstruct, store: ObjectStore | undefined): PeerRule[] {
  if (store === undefined) return [];
  const ports = store.ports ?? [443];
  refuse(scope, problems(
    ports.length === 0 ? 'objectStore.ports must name at least one port, got an empty list' : undefined,
    new Set(ports).size < ports.length ? `objectStore.ports must differ, got ${ports.join(', ')}` : undefined,
    ...ports.map((port) => integerProblem('objectStore.ports', port, 1, 65535)),
    ...Object.entries(store.hostAddresses ?? {}).flatMap(([name, address]) => (
      [hostProblem(name), wildcardProblem(name), addressProblem(name, address)]
    )),
  ));
  const rules = store.peers.flatMap((peer) => [...peer._rulesFor(scope)]);
  refuse(scope, rules.flatMap(metadataProblems));
  return rules.map(({ peer }) => ({ peer, ports: policyPorts(ports) }));
}

function wildcardProblem(name: string): string | undefined {
  return name.startsWith('*.') ? `objectStore.hostAddresses['${name}'] must be one host, got a wildcard` : undefined;
}

function addressProblem(name: string, address: string): string | undefined {
  if (isIP(address) !== 0 && !address.includes('%')) return undefined;
  return `objectStore.hostAddresses['${name}'] must be an IPv4 or IPv6 address, got '${address}'`;
}

function metadataProblems({ peer: { ipBlock } }: PeerRule): string[] {
  if (ipBlock === undefined) return [];
  const covers = (outer: string, inner: string) => contains(parseCidr(outer)!, parseCidr(inner)!);
  return METADATA_ADDRESSES
    .filter((address) => covers(ipBlock.cidr, address) && !(ipBlock.except ?? []).some((hole) => covers(hole, address)))
    .map((address) => `objectStore must not cover the cloud metadata address ${address}, got ${ipBlock.cidr}; leave it out with 'except' or use NetworkPeer.internet()`);
}
