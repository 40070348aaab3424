import type { NetworkPolicyPeer, NetworkPolicyPort } from 'kubernetes-types/networking/v1';
import { Address, isPod, PodClass, ReachParty, ReachProtocol } from './parties';
import { compileSelector, Selector, selects } from './selector';
import { Cidr, parseCidr } from '../cidr';

/** Pods by namespace and labels; both must match. */
export interface PodsPeer {
  /** The policy's own namespace, where the peer has no namespace selector. */
  readonly namespace: string | Selector;
  readonly pods: Selector;
}

/** Addresses of one family, without holes. */
interface Range {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

export interface BlockPeer {
  readonly range: Range;
  readonly holes: readonly Range[];
}

/** Ports of one protocol; every port where no bounds are given. */
export interface OpenPorts {
  readonly protocol: string;
  readonly name?: string;
  readonly first: number;
  readonly last: number;
}

/** One rule of a policy. Undefined stands for "everybody" and "every port", as an absent or empty list does. */
export interface Rule {
  readonly policy: string;
  readonly pods?: readonly PodsPeer[];
  readonly blocks: readonly BlockPeer[];
  readonly ports?: readonly OpenPorts[];
}

export function compileRule(policy: string, namespace: string, peers: readonly NetworkPolicyPeer[], ports: readonly NetworkPolicyPort[]): Rule {
  const blocks = peers.flatMap(({ ipBlock }) => ipBlock ?? []);
  const pods = peers.filter(({ ipBlock }) => (ipBlock ?? undefined) === undefined);
  return {
    policy,
    blocks: blocks.map(({ cidr, except }) => ({ range: rangeOf(cidr), holes: (except ?? []).map(rangeOf) })),
    ...(peers.length === 0 ? {} : { pods: pods.map((peer) => compilePodsPeer(peer, namespace)) }),
    ...(ports.length === 0 ? {} : { ports: ports.map(compilePort) }),
  };
}

function compilePodsPeer({ namespaceSelector, podSelector }: NetworkPolicyPeer, namespace: string): PodsPeer {
  return {
    namespace: (namespaceSelector ?? undefined) === undefined ? namespace : compileSelector(namespaceSelector!),
    pods: compileSelector(podSelector ?? {}),
  };
}

function compilePort({ port, protocol, endPort }: NetworkPolicyPort): OpenPorts {
  const over = protocol ?? 'TCP';
  if (typeof port === 'string') return { protocol: over, name: port, first: 0, last: 0 };
  return { protocol: over, first: port ?? 0, last: endPort ?? port ?? 65_535 };
}

export function matchesPods(peer: PodsPeer, { namespace, namespaceLabels, labels }: PodClass): boolean {
  const there = typeof peer.namespace === 'string' ? peer.namespace === namespace : selects(peer.namespace, namespaceLabels);
  return there && selects(peer.pods, labels);
}

export function matchesBlock({ range, holes }: BlockPeer, address: Address): boolean {
  return within(range, address) && !holes.some((hole) => within(hole, address));
}

/** Names are looked up on the receiver, in either direction; an address without a pod has none. */
export function opens({ ports }: Rule, port: number, protocol: ReachProtocol, receiver: ReachParty): boolean {
  return ports === undefined || ports.some((open) => open.protocol === protocol && (
    open.name === undefined ? port >= open.first && port <= open.last : hasNamed(receiver, open.name, port, protocol)));
}

function hasNamed(receiver: ReachParty, name: string, port: number, protocol: ReachProtocol): boolean {
  const named = isPod(receiver) ? receiver.ports ?? [] : [];
  return named.some((one) => one.name === name && one.containerPort === port && (one.protocol ?? 'TCP') === protocol);
}

function rangeOf(text: string): Range {
  const { family, address, prefix }: Cidr = parseCidr(text)!;
  return { family, first: address, last: address + 2n ** BigInt((family === 4 ? 32 : 128) - prefix) - 1n };
}

function within({ family, first, last }: Range, address: Address): boolean {
  return address.family === family && address.number >= first && address.number <= last;
}
