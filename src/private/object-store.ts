import { isIP } from 'node:net';
import { IConstruct } from 'constructs';
import { policyPorts } from '../manifests/flows';
import { PeerRule } from '../manifests/network-policy';
import { hostProblem } from '../protocol/hosts';
import type { ObjectStore } from '../worker-pool-props';
import { metadataProblems } from './metadata-checks';
import { integerProblem, problems, refuse } from './validation';

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
  refuse(scope, rules.flatMap((rule) => metadataProblems('objectStore', rule)));
  return rules.map(({ peer }) => ({ peer, ports: policyPorts(ports) }));
}

function wildcardProblem(name: string): string | undefined {
  return name.startsWith('*.') ? `objectStore.hostAddresses['${name}'] must be one host, got a wildcard` : undefined;
}

function addressProblem(name: string, address: string): string | undefined {
  if (isIP(address) !== 0 && !address.includes('%')) return undefined;
  return `objectStore.hostAddresses['${name}'] must be an IPv4 or IPv6 address, got '${address}'`;
}
