import { sortedBy, unique } from './emitted';
import { ANYONE, PlaceParty } from './place-parties';
import { PodParty } from './pod-parties';
import { PortRange, portRanges, portTexts } from './port-ranges';
import { PostureEnd, PostureFlow, PostureParty } from '../../protocol/posture';
import { Flow, FLOWS, isRole, portsOf, PROBE_FLOWS } from '../flows';
import { EndVerdict, Reach, ReachParty } from '../reach';
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

/** Asks the evaluator about every pair of which one end runs here, on every port that a policy tells from others. */
export function postureFlows(policies: readonly unknown[], pods: readonly PodParty[], places: readonly PlaceParty[]): PostureFlows {
  const reach = new Reach(policies);
  const ranges = portRanges(compilePolicies(policies).policies, pods);
  const ours = pods.map(({ party, pod, role, standsIn }): Asked => (
    { party, examples: [pod], names: role === undefined ? [] : [role], ours: true, standsIn }));
  const others = [...places, ANYONE].map(({ party, examples, places: names }): Asked => (
    { party, examples, names, ours: false, standsIn: false }));
  const all = [...ours, ...others];
  const flows = all.flatMap((from) => all
    .filter((to) => from.ours || to.ours)
    .flatMap((to) => flowBetween(from, to, ranges, reach) ?? []));
  const used = new Set(flows.flatMap(({ from, to }) => [from, to]));
  return {
    flows: sortedBy(flows, ({ from }) => from, ({ to }) => to),
    parties: sortedBy(all.filter(({ ours: here, party }) => here || used.has(party.id)).map(({ party }) => party), ({ id }) => id),
    findings: reach.findings,
  };
}

function flowBetween(from: Asked, to: Asked, ranges: readonly PortRange[], reach: Reach): PostureFlow | undefined {
  const open = ranges.flatMap((range) => {
    const verdicts = from.examples.flatMap((source) => to.examples.map((target) => reach.mayReach(source, target, range.first, range.protocol)))
      .filter(({ allowed }) => allowed);
    return verdicts.length === 0 ? [] : [{ range, verdicts }];
  });
  if (open.length === 0) return undefined;
  const verdicts = open.flatMap((one) => one.verdicts);
  const ports = open.map(({ range }) => range);
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
