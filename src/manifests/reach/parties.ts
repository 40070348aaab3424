import { parseCidr } from '../cidr';
import { Labels } from '../labels';

export type ReachProtocol = 'TCP' | 'UDP' | 'SCTP';

/** A port that a container declares; only its name matters here. */
export interface NamedPort {
  readonly name?: string;
  readonly containerPort: number;
  /** TCP where missing. */
  readonly protocol?: ReachProtocol;
}

/** A pod as policies see it. */
export interface ReachPod {
  readonly namespace: string;
  /** `kubernetes.io/metadata.name` is added, as a cluster adds it. */
  readonly namespaceLabels?: Readonly<Labels>;
  readonly labels: Readonly<Labels>;
  /** Tells pods of the same labels apart: traffic of a pod to itself passes. */
  readonly name?: string;
  /** Node it runs on: traffic between a pod and its node passes. */
  readonly node?: string;
  /** In the network of its node, where policies and selectors do not see it. */
  readonly hostNetwork?: boolean;
  /** Without addresses, no `ipBlock` matches. */
  readonly ips?: readonly string[];
  readonly ports?: readonly NamedPort[];
}

/** An address that belongs to no pod. */
export interface ReachAddress {
  readonly ip: string;
  /** The node that has this address. */
  readonly node?: string;
}

export type ReachParty = ReachPod | ReachAddress;

/** A place in one address family. */
export interface Address {
  readonly family: 4 | 6;
  readonly number: bigint;
}

/** What label selectors see of pods. All pods that they cannot tell apart share one. */
export interface PodClass {
  readonly namespace: string;
  readonly namespaceLabels: Readonly<Labels>;
  readonly labels: Readonly<Labels>;
}

export function isPod(party: ReachParty): party is ReachPod {
  return 'namespace' in party;
}

/** Throws for text that is no address: unlike policies, parties are the caller's own words. */
export function addressOf(ip: string): Address {
  const cidr = parseCidr(`${ip}/${ip.includes(':') ? 128 : 32}`);
  if (cidr === undefined) throw new Error(`${JSON.stringify(ip)} is not an IPv4 or IPv6 address`);
  return { family: cidr.family, number: cidr.address };
}

export function addressesOf(party: ReachParty): Address[] {
  return isPod(party) ? (party.ips ?? []).map(addressOf) : [addressOf(party.ip)];
}
