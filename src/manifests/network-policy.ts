import type { NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicySpec } from 'kubernetes-types/networking/v1';
import { exceptsWithin, formatCidr, parseCidr, PRIVATE_RANGES } from './cidr';
import { Flow, FLOWS, isRole, Party, Place, PolicyPort, portsOf, PROBE_FLOWS } from './flows';
import { Labels, probeSelector, roleSelector } from './labels';
import { Manifest, metadata } from './manifest';
import { GLOBAL_UNICAST_V6 } from '../protocol/address-ranges';
import { NAMESPACE_NAME_LABEL, Role } from '../protocol/names';

/** Pods of one role in one namespace; of one pool, where the role has pools. */
export interface Endpoint {
  readonly role: Role;
  readonly namespace: string;
  readonly pool?: string;
  /** Whether the pods use the API server at all; they do, when missing. */
  readonly usesApi?: boolean;
  /** Where the pool keeps bulk data. Nowhere, when missing or empty. */
  readonly objectStore?: readonly PeerRule[];
  /** Secrets of the namespace with which images are fetched, for pods that stand in for these. None, when missing. */
  readonly imagePullSecrets?: readonly string[];
}

/** A peer outside the platform. */
export interface PeerRule {
  readonly peer: NetworkPolicyPeer;
  /** Ports it listens on, where they differ from those of the flow. Without meaning for callers. */
  readonly ports?: readonly PolicyPort[];
}

/** Everything that decides which rows of the flow table have two ends. */
export interface Topology {
  readonly platform: string;
  readonly endpoints: readonly Endpoint[];
  /** Object stores are missing here because they belong to one endpoint each. */
  readonly places: { readonly [place in Exclude<Place, 'object-store'>]?: readonly PeerRule[] };
}

export interface PolicyManifest extends Manifest {
  readonly spec: NetworkPolicySpec;
}

/**
 * Closes a namespace for every pod in it, also for those that nobody thought of:
 * test pods, Jobs, pods started by hand.
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-deny-all-ingress-and-all-egress-traffic
 */
export function defaultDeny(platform: string, namespace: string): PolicyManifest {
  return policy(platform, namespace, 'default-deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
}

/** All that one endpoint may do, in one policy: its end of every flow whose other end exists. */
export function policyFor(endpoint: Endpoint, topology: Topology): PolicyManifest {
  const ingress = ingressRules(endpoint, topology, endpoint.role === 'probe' ? PROBE_FLOWS : FLOWS);
  const egress: NetworkPolicyEgressRule[] = grouped(outgoing(endpoint, topology)).map(({ peers, ports }) => ({ to: peers, ports }));
  return policy(topology.platform, endpoint.namespace, policyName(endpoint), {
    podSelector: { matchLabels: roleSelector(endpoint.role, endpoint.pool) },
    policyTypes: ['Ingress', 'Egress'],
    ...(ingress.length === 0 ? {} : { ingress }),
    ...(egress.length === 0 ? {} : { egress }),
  });
}

/** Opens the pods that stand in for an endpoint to the control of the probe. Pods that serve lack the label and stay as they are. */
export function probePolicyFor(endpoint: Endpoint, topology: Topology): PolicyManifest {
  const { role, namespace, pool } = endpoint;
  return policy(topology.platform, namespace, probeName(endpoint), {
    podSelector: { matchLabels: probeSelector(role, pool) },
    policyTypes: ['Ingress'],
    ingress: ingressRules(endpoint, topology, PROBE_FLOWS),
  });
}

/** Name of the objects with which a probe stands in for an endpoint. */
export function probeName({ role, pool }: Endpoint): string {
  return ['probe', role === 'probe' ? 'control' : role, ...(pool === undefined ? [] : [pool])].join('-');
}

/**
 * Lets an endpoint reach the API server under Cilium, where no CIDR matches an API
 * server that runs on a node of the cluster. Undefined when its role has no business there.
 * https://docs.cilium.io/en/stable/security/policy/language/#entities-based
 */
export function ciliumApiServerPolicy(endpoint: Endpoint, platform: string, ports: readonly number[]): Manifest | undefined {
  if (!flowsFrom(endpoint).some((flow) => flow.to === 'api-server')) return undefined;
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: networkMetadata(platform, endpoint.namespace, `${policyName(endpoint)}-to-api-server`),
    spec: {
      endpointSelector: { matchLabels: roleSelector(endpoint.role, endpoint.pool) },
      egress: [{
        toEntities: ['kube-apiserver'],
        // On a node, the entity is the whole host: without ports it would include the kubelet and etcd.
        toPorts: [{ ports: ports.map((port) => ({ port: `${port}`, protocol: 'TCP' })) }],
      }],
    },
  };
}

/** Pods with these labels in that namespace. Both selectors sit in one peer, so both must match. */
export function podsPeer(namespace: string, labels: Labels): NetworkPolicyPeer {
  return { ...namespacePeer(namespace), podSelector: { matchLabels: labels } };
}

/** Every pod of a namespace. */
export function namespacePeer(namespace: string): NetworkPolicyPeer {
  return { namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: namespace } } };
}

/** Addresses outside the cluster, in canonical text. Both arguments must have passed `cidrProblem` and `exceptProblem`. */
export function ipBlockPeer(cidr: string, except: readonly string[] = []): NetworkPolicyPeer {
  const excepts = [...new Set(except.map(canonical))].sort();
  return { ipBlock: { cidr: canonical(cidr), ...(excepts.length === 0 ? {} : { except: excepts }) } };
}

/** The internet in both families, without more networks than are cut out anyway. Of IPv6 only the global unicast space, the one part that is routed. */
export function publicInternet(cutOut: readonly string[] = []): PeerRule[] {
  const excepts = [...PRIVATE_RANGES.v4, ...PRIVATE_RANGES.v6, ...cutOut];
  return ['0.0.0.0/0', GLOBAL_UNICAST_V6].map((cidr) => ({ peer: ipBlockPeer(cidr, exceptsWithin(cidr, excepts)) }));
}

export const PUBLIC_INTERNET: readonly PeerRule[] = publicInternet();

function policyName(endpoint: Endpoint): string {
  return ['allow', endpoint.role, ...(endpoint.pool === undefined ? [] : [endpoint.pool])].join('-');
}

function policy(platform: string, namespace: string, name: string, spec: NetworkPolicySpec): PolicyManifest {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: networkMetadata(platform, namespace, name), spec };
}

function networkMetadata(platform: string, namespace: string, name: string): Manifest['metadata'] {
  return metadata({ platform, part: 'network', name, namespace });
}

/** A peer with the ports that are open between it and the endpoint. */
interface Allowance {
  readonly peer: NetworkPolicyPeer;
  readonly ports: readonly PolicyPort[];
}

function ingressRules(endpoint: Endpoint, topology: Topology, rows: readonly Flow[]): NetworkPolicyIngressRule[] {
  const allowances = rows.filter((flow) => flow.to === endpoint.role && flow.ends !== 'egress')
    .flatMap((flow) => peersOf(flow.from, endpoint, topology).map(({ peer }) => ({ peer, ports: portsOf(flow) })));
  return grouped(allowances).map(({ peers, ports }) => ({ from: peers, ports }));
}

function outgoing(endpoint: Endpoint, topology: Topology): Allowance[] {
  return flowsFrom(endpoint)
    .flatMap((flow) => peersOf(flow.to, endpoint, topology).map(({ peer, ports }) => ({ peer, ports: ports ?? portsOf(flow) })));
}

/** The flows that an endpoint may start. */
export function flowsFrom({ role, usesApi = true }: Endpoint): Flow[] {
  return [...FLOWS, ...PROBE_FLOWS].filter((flow) => flow.from === role && flow.ends !== 'ingress' && (usesApi || flow.to !== 'api-server'));
}

function peersOf(party: Party, endpoint: Endpoint, topology: Topology): readonly PeerRule[] {
  if (isRole(party)) {
    const selectorOf = endpoint.role === 'probe' ? probeSelector : roleSelector;
    return topology.endpoints
      .filter(({ role }) => role === party)
      .map(({ namespace, role, pool }) => ({ peer: podsPeer(namespace, selectorOf(role, pool)) }));
  }
  return (party === 'object-store' ? endpoint.objectStore : topology.places[party]) ?? [];
}

/** What becomes one rule. */
interface Group {
  readonly ports: PolicyPort[];
  readonly peers: NetworkPolicyPeer[];
}

/**
 * One rule for each set of ports, in an order that does not depend on who came first.
 * An allowance without ports is dropped: written out, it would mean every port.
 */
function grouped(allowances: readonly Allowance[]): Group[] {
  const groups = new Map<string, { ports: PolicyPort[]; peers: Map<string, NetworkPolicyPeer> }>();
  for (const { peer, ports } of allowances.filter((allowance) => allowance.ports.length > 0)) {
    const sorted = sortedPorts(ports);
    const key = sortKey(sorted);
    const group = groups.get(key) ?? { ports: sorted, peers: new Map() };
    groups.set(key, group);
    group.peers.set(sortKey(peer), peer);
  }
  return [...groups.values()]
    .sort((a, b) => a.ports[0].port - b.ports[0].port || compare(sortKey(a.ports), sortKey(b.ports)))
    .map(({ ports, peers }) => ({ ports, peers: [...peers].sort(([a], [b]) => compare(a, b)).map(([, peer]) => peer) }));
}

function sortedPorts(ports: readonly PolicyPort[]): PolicyPort[] {
  const unique = new Map(ports.map(({ port, protocol }) => [`${port}/${protocol}`, { port, protocol }]));
  return [...unique.values()].sort((a, b) => a.port - b.port || compare(a.protocol, b.protocol));
}

/** JSON text that does not depend on the order of an object's keys. */
function sortKey(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => compare(a, b)));
  });
}

/** By code unit, as `sort` does: independent of the machine's locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function canonical(cidr: string): string {
  return formatCidr(parseCidr(cidr)!);
}
