import type { NetworkPolicyPeer } from 'kubernetes-types/networking/v1';
import { canonical, EmittedObject, sortedBy, unique } from './emitted';
import { ELSEWHERE, Peer, readPeer } from './peers';
import { PodParty } from './pod-parties';
import { PostureParty } from '../../protocol/posture';
import { PeerRule, Topology } from '../network-policy';
import { ReachParty } from '../reach';
import { addressOf, isPod } from '../reach/parties';
import { compileRule, matchesBlock } from '../reach/rule';
import { compileSelector, selects } from '../reach/selector';

/** A node of the map outside of the platform's namespaces. */
export interface PlaceParty {
  readonly party: PostureParty;
  readonly examples: readonly ReachParty[];
  /** What the flow table calls it. */
  readonly places: readonly string[];
}

/** Whoever no policy singles out. It shows only where everybody is let in or out. */
export const ANYONE: PlaceParty = {
  party: { id: 'place/anyone', title: 'anyone', kind: 'place', members: [{ peer: 'all pods in every namespace', except: [] }, { peer: 'every address', except: [] }] },
  examples: [{ namespace: ELSEWHERE, labels: {} }, { ip: '198.18.0.1' }, { ip: '2001:2::1' }],
  places: [],
};

/** The peers of the policies, gathered under the names that the topology has for them. */
export function placeParties(
  policies: readonly EmittedObject[], topology: Topology, ours: readonly PodParty[], namespaces: readonly string[],
): PlaceParty[] {
  const named = namesOfPeers(topology);
  const found = new Map<string, PlaceParty & { readonly members: Map<string, PostureParty['members'][number]> }>();
  for (const { peer, namespace } of policies.flatMap(peersOf)) {
    const read = readPeer(peer, namespace);
    if (read.example === undefined || isOurs(peer, read, ours, namespaces)) continue;
    const names = [...named.get(canonical(peer)) ?? []].sort();
    const title = names.length === 0 ? read.member.peer : names.join(', ');
    const id = names.length === 0 ? `peer/${canonical(read.member)}` : `place/${names.join('+')}`;
    const known = found.get(id);
    const members = new Map([...known?.members ?? [], [canonical(read.member), read.member]]);
    const examples = known?.members.has(canonical(read.member)) ? known.examples : [...known?.examples ?? [], read.example];
    const sorted = sortedBy([...members.values()], ({ peer: text }) => text, canonical);
    found.set(id, { party: { id, title, kind: 'place', members: sorted }, examples, places: unique([...names.map(placeOf), ...placesAround(read.example, topology)]), members });
  }
  return [...found.values()].map(({ party, examples, places }) => ({ party, examples, places }));
}

function peersOf({ metadata, spec }: EmittedObject): { peer: NetworkPolicyPeer; namespace: string }[] {
  const namespace = metadata.namespace ?? 'default';
  return [...(spec.ingress ?? []).flatMap(({ from }: any) => from ?? []), ...(spec.egress ?? []).flatMap(({ to }: any) => to ?? [])]
    .map((peer: NetworkPolicyPeer) => ({ peer, namespace }));
}

/** Peers that only mean pods which have a node of their own need no second one. */
function isOurs(peer: NetworkPolicyPeer, { namespace }: Peer, ours: readonly PodParty[], namespaces: readonly string[]): boolean {
  if (namespace === undefined || !namespaces.includes(namespace)) return false;
  const selector = compileSelector(peer.podSelector ?? {});
  return ours.some(({ pod }) => pod.namespace === namespace && selects(selector, pod.labels));
}

/** Places whose networks contain the example: who may connect to the internet may connect to a part of it. */
function placesAround(example: ReachParty, { places }: Topology): string[] {
  if (isPod(example)) return [];
  const address = addressOf(example.ip);
  return Object.entries(places).filter(([, rules]) => (rules ?? [])
    .some(({ peer }) => compileRule('', '', [peer], []).blocks.some((block) => matchesBlock(block, address)))).map(([place]) => place);
}

/** `object-store of python in team-a` belongs to the place `object-store`. */
function namesOfPeers({ places, endpoints }: Topology): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  const add = (name: string, rules: readonly PeerRule[] = []) => rules.forEach(({ peer }) => {
    const key = canonical(peer);
    names.set(key, new Set([...names.get(key) ?? [], name]));
  });
  Object.entries(places).forEach(([place, rules]) => add(place, rules));
  endpoints.forEach(({ objectStore, pool, namespace }) => add(`${OBJECT_STORE} of ${pool} in ${namespace}`, objectStore));
  return names;
}

const OBJECT_STORE = 'object-store';

function placeOf(name: string): string {
  return name.startsWith(`${OBJECT_STORE} of `) ? OBJECT_STORE : name;
}
