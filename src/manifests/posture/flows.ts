import { sortedBy, unique } from './emitted';
import { ANYONE, PlaceParty } from './place-parties';
import { PodParty } from './pod-parties';
import { PortRange, portRanges, portTexts } from './port-ranges';
import { PostureEnd, PostureFlow, PostureParty } from '../../protocol/posture';
import { Flow, FLOWS, isRole, portsOf, PROBE_FLOWS } from '../flows';
import { EndVerdict, Reach, ReachGroup, ReachParty, Verdict } from '../reach';
import { compilePolicies } from '../reach/compile';

/** What is asked about: a node of the map, and who stands for it. */
interface Asked {
  readonly party: PostureParty;
  readonly examples: readonly ReachParty[];
  /** What the flow table calls it. */
  readonly names: readonly string[];
  readonly ours: boolean;
  readonly standsIn: boolean;
}

/** Who may connect to whom, and what cannot be said about it. */
export interface PostureFlows {
  readonly flows: readonly PostureFlow[];
  /** The parties that have a flow, and all that run here. */
  readonly parties: readonly PostureParty[];
  readonly findings: readonly string[];
}

/**
 * Asks the evaluator about every pair of which one end runs here, on every port that a policy tells from
 * others. `unthought` are pods that may come to run here, and show only where they may connect.
 */
export function postureFlows(
  policies: readonly unknown[], pods: readonly PodParty[], unthought: readonly PodParty[], places: readonly PlaceParty[],
): PostureFlows {
  const reach = new Reach(policies);
  const ranges = portRanges(compilePolicies(policies).policies, pods);
  const ours = [...pods, ...unthought].map(({ party, pod, role, standsIn }): Asked => (
    { party, examples: [pod], names: role === undefined ? [] : [role], ours: true, standsIn }));
  const others = [...places, ANYONE].map(({ party, examples, places: names }): Asked => (
    { party, examples, names, ours: false, standsIn: false }));
  const all = [...ours, ...others];
  const openBetween = answers(reach, ranges, all.flatMap(({ examples }) => examples));
  const flows = all.flatMap((from) => all
    .filter((to) => from.ours || to.ours)
    .flatMap((to) => flowBetween(from, to, ranges, openBetween) ?? []));
  const shown = new Set([...pods.map(({ party }) => party.id), ...flows.flatMap(({ from, to }) => [from, to])]);
  return {
    flows: sortedBy(flows, ({ from }) => from, ({ to }) => to),
    parties: sortedBy(all.filter(({ party }) => shown.has(party.id)).map(({ party }) => party), ({ id }) => id),
    findings: reach.findings,
  };
}

/** Ports that are open, and why. */
interface Open {
  readonly range: PortRange;
  readonly verdict: Verdict;
}

type Answers = (from: ReachParty, to: ReachParty) => readonly Open[];

/** What is open between two parties. Those that no policy tells apart are asked about once: workloads are many, and mostly alike. */
function answers(reach: Reach, ranges: readonly PortRange[], parties: readonly ReachParty[]): Answers {
  const groups = new Map(reach.groups(parties).flatMap((group) => group.members.map((member) => [member, group] as const)));
  const known = new Map<ReachGroup, Map<ReachGroup, readonly Open[]>>([...groups.values()].map((group) => [group, new Map()]));
  return (from, to) => {
    const [source, target] = [groups.get(from)!, groups.get(to)!];
    const found = known.get(source)!.get(target) ?? ranges
      .map((range): Open => ({ range, verdict: reach.mayReach(source.example, target.example, range.first, range.protocol) }))
      .filter(({ verdict }) => verdict.allowed);
    known.get(source)!.set(target, found);
    return found;
  };
}

function flowBetween(from: Asked, to: Asked, ranges: readonly PortRange[], openBetween: Answers): PostureFlow | undefined {
  const open = from.examples.flatMap((source) => to.examples.flatMap((target) => openBetween(source, target)));
  if (open.length === 0) return undefined;
  const verdicts = open.map(({ verdict }) => verdict);
  const opened = new Set(open.map(({ range }) => range));
  const ports = ranges.filter((range) => opened.has(range));
  return {
    from: from.party.id,
    to: to.party.id,
    ports: portTexts(ports),
    sender: endOf(from, verdicts.map(({ egress }) => egress)),
    receiver: endOf(to, verdicts.map(({ ingress }) => ingress)),
    rows: [...FLOWS, ...PROBE_FLOWS].filter((row) => isRowOf(row, from, to, ports)).map(({ id, why }) => ({ id, why })),
  };
}

function endOf({ ours }: Asked, ends: readonly EndVerdict[]): PostureEnd {
  if (!ours) return { decision: 'outside', policies: [] };
  if (ends.some(({ because }) => because !== 'rule')) return { decision: 'open', policies: [] };
  return { decision: 'rule', policies: unique(ends.flatMap(({ policies }) => policies)) };
}

/** A place may listen on ports of its own; between ours the ports tell rows apart. */
function isRowOf(row: Flow, from: Asked, to: Asked, open: readonly PortRange[]): boolean {
  if (row.ends !== undefined || (row.standIns === true && !from.standsIn && !to.standsIn)) return false;
  if (!from.names.includes(row.from) || !to.names.includes(row.to)) return false;
  return !isRole(row.to) || portsOf(row).some(({ port, protocol }) => (
    open.some((range) => range.protocol === protocol && port >= range.first && port <= range.last)));
}
