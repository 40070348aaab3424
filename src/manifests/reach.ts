import { compilePolicies, CompiledPolicy, Direction } from './reach/compile';
import { groupsOf, PodClasses, ReachGroup } from './reach/groups';
import { Address, addressesOf, isPod, PodClass, ReachParty, ReachProtocol } from './reach/parties';
import { PolicyIndex } from './reach/policy-index';
import { matchesBlock, matchesPods, opens, Rule } from './reach/rule';
import { Vocabulary } from './reach/vocabulary';

export type { ReachGroup } from './reach/groups';
export type { NamedPort, ReachAddress, ReachParty, ReachPod, ReachProtocol } from './reach/parties';

/** Why one end of a connection is open or closed. */
export interface EndVerdict {
  readonly open: boolean;
  /** `exempt`: to itself or its node. `not-isolated`: no policy selects the pod. `closed`: some do, and none has a rule for it. */
  readonly because: 'exempt' | 'not-isolated' | 'rule' | 'closed' | 'no-common-family';
  /** `namespace/name` of the policies that have a rule for it, or of those that isolate the pod. */
  readonly policies: readonly string[];
}

/** Whether a connection is let through, and what decides. */
export interface Verdict {
  readonly allowed: boolean;
  readonly egress: EndVerdict;
  readonly ingress: EndVerdict;
}

/** One answer for every pair of members of two groups. */
export interface MatrixCell {
  readonly from: ReachGroup;
  readonly to: ReachGroup;
  readonly verdict: Verdict;
}

/**
 * Who may reach whom under a set of NetworkPolicies, as Kubernetes defines it: the
 * union of all rules, at both ends.
 *
 * A plugin may differ on what Kubernetes leaves open. Here an `ipBlock` matches pods
 * whose addresses are given, and pods in the host's network count as their node.
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export class Reach {
  /** What cannot be evaluated, and is therefore left out. Answers hold only when this is empty. */
  public readonly findings: readonly string[];

  private readonly index: PolicyIndex;
  private readonly vocabulary: Vocabulary;
  private readonly classes: PodClasses;
  private readonly parsed = new WeakMap<ReachParty, Address[]>();

  /** @param policies NetworkPolicies as plain JSON, in any order. */
  constructor(policies: readonly unknown[]) {
    const { policies: compiled, findings } = compilePolicies(policies);
    this.index = new PolicyIndex(compiled);
    this.vocabulary = new Vocabulary(compiled);
    this.classes = new PodClasses(this.vocabulary);
    this.findings = findings;
  }

  /** Whether `from` may open a connection to `port` of `to`. The port is the pod's own, after translation of Service addresses. */
  public mayReach(from: ReachParty, to: ReachParty, port: number, protocol: ReachProtocol = 'TCP'): Verdict {
    const verdicts = routes(this.addresses(from), this.addresses(to)).map(([source, target]) => {
      const egress = this.end('egress', from, to, { number: port, protocol }, target);
      const ingress = this.end('ingress', to, from, { number: port, protocol }, source);
      return { allowed: egress.open && ingress.open, egress, ingress };
    });
    return verdicts.find(({ allowed }) => allowed) ?? verdicts[0] ?? { allowed: false, egress: NO_FAMILY, ingress: NO_FAMILY };
  }

  /**
   * Parties by what the policies can tell apart, at the cost of one look at each. A million pods
   * are as many groups as the policies have words for.
   */
  public groups(parties: readonly ReachParty[]): ReachGroup[] {
    return groupsOf(parties, this.vocabulary);
  }

  /**
   * One answer for each pair of groups. It is about two pods on different nodes: that a pod
   * reaches itself and its node goes without saying.
   */
  public matrix(from: readonly ReachGroup[], to: readonly ReachGroup[], port: number, protocol: ReachProtocol = 'TCP'): MatrixCell[] {
    return from.flatMap((source) => to.map((target) => (
      { from: source, to: target, verdict: this.mayReach(source.example, target.example, port, protocol) })));
  }

  /** The policies that isolate a party in a direction; none for whatever is not a pod. */
  private isolating(party: ReachParty, direction: Direction): CompiledPolicy[] {
    const podClass = this.classes.of(party);
    return podClass === undefined ? [] : this.index.isolating(podClass, direction);
  }

  private end(direction: Direction, subject: ReachParty, other: ReachParty, port: PortOf, address?: Address): EndVerdict {
    const isolating = this.isolating(subject, direction);
    if (isolating.length === 0) return NOT_ISOLATED;
    if (isExempt(subject, other)) return EXEMPT;
    const receiver = direction === 'ingress' ? subject : other;
    const otherClass = this.classes.of(other);
    const allowing = isolating.filter(({ rules }) => rules[direction]!.some((rule) => (
      opens(rule, port.number, port.protocol, receiver) && this.names(rule, otherClass, address))));
    if (allowing.length > 0) return { open: true, because: 'rule', policies: allowing.map(({ id }) => id) };
    return { open: false, because: 'closed', policies: isolating.map(({ id }) => id) };
  }

  private addresses(party: ReachParty): Address[] {
    const known = this.parsed.get(party);
    if (known !== undefined) return known;
    const found = addressesOf(party);
    this.parsed.set(party, found);
    return found;
  }

  /** Whether the other party is among the peers of a rule. */
  private names(rule: Rule, other: PodClass | undefined, address: Address | undefined): boolean {
    if (rule.pods === undefined) return true;
    if (other !== undefined && rule.pods.some((peer) => matchesPods(peer, other))) return true;
    return address !== undefined && rule.blocks.some((block) => matchesBlock(block, address));
  }
}

interface PortOf {
  readonly number: number;
  readonly protocol: ReachProtocol;
}

const NOT_ISOLATED: EndVerdict = { open: true, because: 'not-isolated', policies: [] };
const EXEMPT: EndVerdict = { open: true, because: 'exempt', policies: [] };
const NO_FAMILY: EndVerdict = { open: false, because: 'no-common-family', policies: [] };

/** https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation */
function isExempt(subject: ReachParty, other: ReachParty): boolean {
  if (isPod(subject) && isPod(other) && subject.name !== undefined) {
    if (subject.name === other.name && subject.namespace === other.namespace) return true;
  }
  const otherIsNode = !isPod(other) || other.hostNetwork === true;
  return otherIsNode && other.node !== undefined && subject.node === other.node;
}

/** Pairs of addresses that a connection can use. A pod whose addresses are not known can use any. */
function routes(from: readonly Address[], to: readonly Address[]): [Address | undefined, Address | undefined][] {
  const sources: readonly (Address | undefined)[] = from.length === 0 ? [undefined] : from;
  const targets: readonly (Address | undefined)[] = to.length === 0 ? [undefined] : to;
  return sources.flatMap((source) => targets
    .filter((target) => source === undefined || target === undefined || source.family === target.family)
    .map((target): [Address | undefined, Address | undefined] => [source, target]));
}
