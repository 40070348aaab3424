import { Topology } from './network-policy';
import { CompiledPolicy, compilePolicies, Direction } from './reach/compile';
import { Members } from './reach/members';
import { FlowOpenings, Opening, Openings, policyOpenings, without } from './reach/openings';
import { PolicyIndex } from './reach/policy-index';
import { PortUniverse } from './reach/port-universe';
import { PodRepresentative, Representative, representatives } from './reach/representatives';
import { APP_LABELS, LABELS } from '../protocol/names';

/** More would bury the first, and one mistake often shows on many pods. */
const MAX_PROBLEMS = 20;
const MAX_PEERS = 3;
const COMMON = new Set<string>([...Object.values(APP_LABELS), LABELS.platform, LABELS.part, LABELS.serving]);
const NOTHING: Opening = { ports: 0n, because: [] };

/**
 * Where the NetworkPolicies of a platform differ from its flow table: a connection that
 * a row needs and no policy allows, or one that a policy allows and no row has. Both
 * ends are held against the table, each on its own, so that neither covers for the other;
 * the connections that pass are then those of the table.
 *
 * Policies of other namespaces do not count: whoever runs those knows their pods.
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/
 *
 * @param policies NetworkPolicies as plain JSON, all that the platform's namespaces will have.
 * @param topology Who exists, and whom they meet.
 * @param namespaces The platform's namespaces, where some have no endpoint yet.
 */
export function reachProblems(policies: readonly unknown[], topology: Topology, namespaces: readonly string[] = []): string[] {
  const ours = [...new Set([...namespaces, ...topology.endpoints.map(({ namespace }) => namespace)])].sort();
  const relevant = policies.filter((policy) => mayBeIn(policy, ours));
  const { policies: compiled, findings } = compilePolicies(relevant);
  if (findings.length > 0) return shortened(findings);
  const parties = representatives(topology, ours, compiled);
  return shortened(new Comparison(topology, compiled, parties).problems(new Set(ours)));
}

class Comparison {
  private readonly index: PolicyIndex;
  private readonly universe: PortUniverse;
  private readonly members: Members;
  private readonly table: FlowOpenings;

  constructor(topology: Topology, policies: readonly CompiledPolicy[], private readonly parties: readonly Representative[]) {
    this.index = new PolicyIndex(policies);
    this.universe = new PortUniverse(topology, policies);
    this.members = new Members(parties);
    this.table = new FlowOpenings(topology, parties, this.members, this.universe);
  }

  public problems(ours: ReadonlySet<string>): string[] {
    return this.parties
      .filter((party): party is PodRepresentative => !('ip' in party) && ours.has(party.namespace))
      .flatMap((pod) => (['ingress', 'egress'] as const).flatMap((direction) => this.problemsOf(pod, direction)));
  }

  private problemsOf(pod: PodRepresentative, direction: Direction): string[] {
    const isolating = this.index.isolating(pod, direction);
    if (isolating.length === 0) return [`${titleOf(pod)}: no NetworkPolicy isolates them for ${direction}`];
    const allowed = policyOpenings(isolating, direction, this.parties.length, this.members, this.universe);
    return [...this.singleLock(pod, direction, isolating), ...this.differences(pod, direction, this.table.of(pod, direction), allowed)];
  }

  /** A pod of ours stays closed when somebody deletes the policy that closes the whole namespace. */
  private singleLock(pod: PodRepresentative, direction: Direction, isolating: readonly CompiledPolicy[]): string[] {
    if (this.table.endpointsOf(pod).length === 0 || isolating.some(({ pods }) => pods.requirements.length > 0)) return [];
    return [`${titleOf(pod)}: only a NetworkPolicy for all pods isolates them for ${direction}, and not their own`];
  }

  /** One sentence for all peers of which the same is to be said. */
  private differences(pod: PodRepresentative, direction: Direction, wanted: Openings, allowed: Openings): string[] {
    const [verb, leads] = direction === 'egress' ? ['connect to', 'leads to them from here'] : ['be reached by', 'leads here from them'];
    const peersOf = new Map<string, Set<string>>();
    const note = (before: string, index: number, after: string) => {
      const key = JSON.stringify([`${titleOf(pod)} ${before} ${verb}`, after]);
      peersOf.set(key, (peersOf.get(key) ?? new Set()).add(titleOf(this.parties[index])));
    };
    for (const index of new Set([...wanted.keys(), ...allowed.keys()])) {
      const [need, has] = [wanted.get(index) ?? NOTHING, allowed.get(index) ?? NOTHING];
      const [missing, extra] = [without(need.ports, has.ports), without(has.ports, need.ports)];
      if (missing !== 0n) note('cannot', index, `on ${this.universe.describe(missing)}, which the flow table needs (${need.because.join(', ')})`);
      if (extra !== 0n) note('may', index, `on ${this.universe.describe(extra)} (${has.because.join(', ')}), and no row of the flow table ${leads}`);
    }
    return [...peersOf].map(([key, peers]) => {
      const [before, after] = JSON.parse(key) as [string, string];
      return `${before} ${firstOf([...peers])} ${after}`;
    });
  }
}

/** Whether a policy acts in one of the namespaces. What has no readable namespace is kept, and found later. */
function mayBeIn(policy: unknown, namespaces: readonly string[]): boolean {
  const metadata = (policy as { metadata?: { namespace?: unknown } | null } | null)?.metadata;
  if (typeof metadata !== 'object' || metadata === null) return true;
  const namespace = metadata.namespace ?? 'default';
  return typeof namespace !== 'string' || namespaces.includes(namespace);
}

/** Labels that say which pods are meant, without those that all of ours have. */
function titleOf(party: Representative): string {
  if ('ip' in party) return party.ip;
  const { [LABELS.role]: role, [LABELS.pool]: pool, ...others } = party.labels;
  const rest = Object.entries(others).filter(([key]) => !COMMON.has(key)).map(([key, value]) => `${key}=${value}`);
  const which = [...(pool === undefined ? [] : [`of pool ${pool}`]), ...(rest.length === 0 ? [] : [`with ${rest.join(',')}`])];
  const what = role === undefined ? 'pods without role' : `${role} pods`;
  return [what, ...which, 'in', party.namespace].join(' ');
}

function firstOf(titles: readonly string[]): string {
  return titles.length > MAX_PEERS ? `${titles.slice(0, MAX_PEERS).join(', ')} and ${titles.length - MAX_PEERS} others` : titles.join(', ');
}

function shortened(found: readonly string[]): string[] {
  const different = [...new Set(found)];
  if (different.length <= MAX_PROBLEMS) return different;
  return [...different.slice(0, MAX_PROBLEMS), `and ${different.length - MAX_PROBLEMS} more problems of this kind`];
}
