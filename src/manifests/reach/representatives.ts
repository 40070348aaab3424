import { CompiledPolicy } from './compile';
import { peerRules } from './port-universe';
import { BlockPeer, compileRule, PodsPeer, Rule } from './rule';
import { Selector, unnamed, witnesses } from './selector';
import { LABELS, NAMESPACE_NAME_LABEL } from '../../protocol/names';
import { formatCidr, parseCidr } from '../cidr';
import { Labels, objectLabels, podLabels, probeLabels, probeSelector, roleSelector } from '../labels';
import { Endpoint, Topology } from '../network-policy';

/** A pod or address that stands for all that policies treat alike. */
export type Representative = PodRepresentative | { readonly ip: string };

export interface PodRepresentative {
  readonly namespace: string;
  readonly namespaceLabels: Labels;
  readonly labels: Labels;
}

/** Begins the name of a namespace that no platform has: none of them begins with `kube-`. */
const ELSEWHERE = 'kube-elsewhere';

/** Of each kind that must stay closed, one; the public ones must stay closed to most. */
const ADDRESSES = [
  '8.8.8.8', '203.0.113.7', '10.0.0.1', '10.96.0.10', '100.64.0.1', '127.0.0.1', '169.254.169.254', '169.254.20.10', '172.16.0.1', '192.168.0.1',
  '2606:4700::1111', '2001:db8::7', '::1', '64:ff9b::a00:1', 'fd00::1', 'fd00:ec2::254', 'fe80::1', 'ff02::1',
];

/**
 * Who is asked about. Of each endpoint a pod with all its labels and one with only those
 * that select it; in each namespace one that is nothing of ours, and ones that pretend;
 * elsewhere the same labels once more. For each selector and network that a policy or
 * the topology names, its own members and its neighbours: a policy that is too wide or
 * too narrow treats one of these differently from the flow table.
 */
export function representatives(topology: Topology, namespaces: readonly string[], policies: readonly CompiledPolicy[]): Representative[] {
  const { platform, endpoints } = topology;
  const rules = [...policies.flatMap(({ rules: { ingress, egress } }) => [...ingress ?? [], ...egress ?? []]), ...placeRules(topology)];
  const elsewhere = unnamed(namespacesIn(rules), ELSEWHERE);
  const pods: [string, Labels, Labels?][] = [
    ...endpoints.flatMap((endpoint) => membersOf(endpoint, platform)),
    ...endpoints.flatMap((endpoint) => pretendersOf(endpoint, elsewhere)),
    ...(endpoints.some(({ role }) => role === 'probe') ? endpoints.flatMap((endpoint) => standInsOf(endpoint, platform)) : []),
    ...namespaces.flatMap((namespace): [string, Labels][] => [
      [namespace, {}],
      ...[...new Set(endpoints.map(({ role }) => role))].map((role): [string, Labels] => [namespace, roleSelector(role)]),
    ]),
    ...policies.flatMap(({ namespace, pods: selected }) => witnesses(selected).map((labels): [string, Labels] => [namespace, labels])),
    ...rules.flatMap((rule) => rule.pods ?? []).flatMap((peer) => podsOf(peer, elsewhere)),
    [elsewhere, {}],
  ];
  const ours = new Set(namespaces);
  const named = new Map<string, Representative>();
  for (const [namespace, labels, namespaceLabels = {}] of pods) {
    const known = ours.has(namespace) ? objectLabels(platform, 'namespaces') : {};
    const pod = { namespace, labels, namespaceLabels: { ...known, ...namespaceLabels, [NAMESPACE_NAME_LABEL]: namespace } };
    named.set(JSON.stringify([namespace, sorted(labels), sorted(pod.namespaceLabels)]), pod);
  }
  for (const ip of [...ADDRESSES, ...edgesOf(rules.flatMap(({ blocks }) => blocks))]) named.set(ip, { ip });
  return [...named.values()];
}

function membersOf({ role, namespace, pool }: Endpoint, platform: string): [string, Labels][] {
  return [[namespace, roleSelector(role, pool)], [namespace, podLabels(platform, role === 'agent' ? 'runs' : 'workers', role, pool)]];
}

/** Pods of a probe, with all their labels, with only those that select them, and one that is of no role. */
function standInsOf({ role, namespace, pool }: Endpoint, platform: string): [string, Labels][] {
  return [probeLabels(platform, role, pool), probeSelector(role, pool), { [LABELS.probe]: 'true' }].map((labels) => [namespace, labels]);
}

/** Labels that nearly select an endpoint, or select it in a namespace where it is not. */
function pretendersOf({ role, namespace, pool }: Endpoint, elsewhere: string): [string, Labels][] {
  return [
    [elsewhere, roleSelector(role, pool)],
    [namespace, roleSelector(role, 'no-such-pool')],
    ...(pool === undefined ? [] : [[namespace, { [LABELS.pool]: pool }] as [string, Labels]]),
  ];
}

/** Peers of places, read as rules. None of them is relative to the namespace of a policy. */
export function placeRules(topology: Topology): Rule[] {
  return peerRules(topology).map(({ peer }) => compileRule('', '', [peer], []));
}

/** Names of namespaces that selectors mention, also those that they leave out. */
function namespacesIn(rules: readonly Rule[]): string[] {
  return rules.flatMap(({ pods }) => pods ?? []).map(({ namespace }) => namespace)
    .filter((selector): selector is Selector => typeof selector !== 'string')
    .flatMap(({ requirements }) => requirements).filter(({ key }) => key === NAMESPACE_NAME_LABEL).flatMap(({ values }) => [...values]);
}

/** Members of a peer, its namespace without its labels, and its labels without its namespace. */
function podsOf(peer: PodsPeer, elsewhere: string): [string, Labels, Labels?][] {
  const places = typeof peer.namespace === 'string' ? [{ [NAMESPACE_NAME_LABEL]: peer.namespace }] : witnesses(peer.namespace);
  const chosen = witnesses(peer.pods);
  return places.flatMap((namespaceLabels): [string, Labels, Labels?][] => {
    const namespace = namespaceLabels[NAMESPACE_NAME_LABEL] ?? elsewhere;
    return [
      [namespace, {}, namespaceLabels],
      ...chosen.flatMap((labels): [string, Labels, Labels?][] => [[namespace, labels, namespaceLabels], [elsewhere, labels]]),
    ];
  });
}

/** The outermost addresses of networks and their holes, and those just outside. Most rules name the same few. */
function edgesOf(blocks: readonly BlockPeer[]): string[] {
  const edges: Record<4 | 6, Set<bigint>> = { 4: new Set(), 6: new Set() };
  for (const { family, first, last } of blocks.flatMap(({ range, holes }) => [range, ...holes])) {
    for (const address of [first - 1n, first, last, last + 1n]) edges[family].add(address);
  }
  return ([4, 6] as const).flatMap((family) => {
    const bits = family === 4 ? 32 : 128;
    return [...edges[family]]
      .filter((address) => address >= 0n && address < 2n ** BigInt(bits))
      .map((address) => formatCidr({ family, address, prefix: bits }))
      // IPv4 inside IPv6 is no address of a connection.
      .filter((text) => parseCidr(text) !== undefined)
      .map((text) => text.slice(0, text.indexOf('/')));
  });
}

function sorted(labels: Labels): [string, string][] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}
