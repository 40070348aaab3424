import type { NetworkPolicyPeer, NetworkPolicySpec } from 'kubernetes-types/networking/v1';
import { contains, parseCidr } from '../../src/manifests/cidr';
import { policyPorts } from '../../src/manifests/flows';
import { podLabels } from '../../src/manifests/labels';
import { Endpoint, ipBlockPeer, namespacePeer, PeerRule, podsPeer, policyFor, PUBLIC_INTERNET, Topology } from '../../src/manifests/network-policy';
import { NAMESPACE_NAME_LABEL, Role } from '../../src/protocol/names';

/** A pod as policies see it. */
export interface Pod {
  readonly namespace: string;
  readonly labels: Record<string, string>;
}
export type Party = Pod | string;

export const podOf = ({ role, namespace, pool }: Endpoint): Pod => ({ namespace, labels: podLabels('p', 'runs', role, pool) });
export function has(labels: Record<string, string>, wanted: Record<string, string> = {}): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** Kubernetes' meaning of a peer, for the fields we emit. A string is an address outside the cluster. */
export function matches(peer: NetworkPolicyPeer, party: Party, policyNamespace: string): boolean {
  if (typeof party === 'string') {
    const within = (cidr: string) => contains(parseCidr(cidr)!, parseCidr(party)!);
    return peer.ipBlock !== undefined && within(peer.ipBlock.cidr) && !(peer.ipBlock.except ?? []).some(within);
  }
  if (peer.ipBlock !== undefined) return false;
  const inNamespace = peer.namespaceSelector === undefined
    ? party.namespace === policyNamespace
    : has({ [NAMESPACE_NAME_LABEL]: party.namespace }, peer.namespaceSelector.matchLabels);
  return inNamespace && has(party.labels, peer.podSelector?.matchLabels);
}

/** One end: an absent list of rules allows nothing, an absent list inside a rule allows everything. */
export function allows(endpoint: Endpoint, topology: Topology, direction: 'in' | 'out', other: Party, port: number, protocol = 'TCP'): boolean {
  const { spec } = policyFor(endpoint, topology);
  const rules = direction === 'in'
    ? (spec.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
    : (spec.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }));
  const everyOrSome = <T>(list: readonly T[] | undefined, test: (one: T) => boolean) => list === undefined || list.length === 0 || list.some(test);
  return rules.some(({ peers, ports }) => everyOrSome(peers, (peer) => matches(peer, other, endpoint.namespace))
    && everyOrSome(ports, (open) => open.port === port && open.protocol === protocol));
}

export const connects = (from: Endpoint, to: Endpoint, port: number, topology: Topology) =>
  allows(from, topology, 'out', podOf(to), port) && allows(to, topology, 'in', podOf(from), port);

export const system = 'agents-system';
export const endpoint = (role: Role, namespace = system, pool?: string): Endpoint => ({ role, namespace, ...(pool === undefined ? {} : { pool }) });
export const broker = endpoint('broker');
export const egress = endpoint('egress');
export const gateway = endpoint('gateway');
export const controller = endpoint('controller');
export const python: Endpoint = { ...endpoint('session', 'team-a', 'python'), objectStore: [{ peer: ipBlockPeer('198.51.100.0/24') }] };
export const node = endpoint('session', 'team-b', 'node');
export const agent = endpoint('agent', 'team-a');
export const all: Endpoint[] = [broker, egress, controller, gateway, endpoint('operator'), endpoint('retention'), endpoint('store'), python, node, agent];

export const ip = (cidr: string): PeerRule[] => [{ peer: ipBlockPeer(cidr) }];
export const places: Topology['places'] = {
  'api-server': [{ peer: ipBlockPeer('10.96.0.1/32') }],
  'broker-callers': [{ peer: podsPeer('paddock', { app: 'controller' }) }],
  'clients': [{ peer: namespacePeer('ingress-nginx') }],
  'code-host': ip('140.82.112.0/20'),
  'controller-callers': [{ peer: podsPeer('programs', { app: 'batch' }) }],
  'dns': [{ peer: podsPeer('kube-system', { 'k8s-app': 'kube-dns' }) }, { peer: ipBlockPeer('169.254.20.10/32') }],
  'identity-provider': ip('203.0.113.0/24'),
  'internet': PUBLIC_INTERNET,
  'monitoring': [{ peer: podsPeer('monitoring', { app: 'prometheus' }) }],
  'private-destinations': ip('10.20.0.0/16'),
  'session-store': [{ peer: podsPeer('databases', { app: 'redis' }) }],
  'upstream-proxy': [{ peer: podsPeer('proxies', { app: 'squid' }), ports: policyPorts([3128]) }],
};
export const full: Topology = { platform: 'p', endpoints: all, places };
export const nobody: Topology = { platform: 'p', endpoints: [], places: {} };
export const withPlaces = (changed: Topology['places'], endpoints = all): Topology => ({ platform: 'p', endpoints, places: changed });
export const peersIn = ({ ingress = [], egress: out = [] }: NetworkPolicySpec) => [...ingress.map(({ from }) => from), ...out.map(({ to }) => to)];
export const portsIn = ({ ingress = [], egress: out = [] }: NetworkPolicySpec) => [...ingress, ...out].map(({ ports }) => ports);
