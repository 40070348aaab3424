import { CompiledPolicy, Direction } from './compile';
import { Members } from './members';
import { PortUniverse } from './port-universe';
import { PodRepresentative, Representative } from './representatives';
import { compileRule } from './rule';
import { LABELS } from '../../protocol/names';
import { Flow, FLOWS, isRole, portsOf, PROBE_FLOWS } from '../flows';
import { Endpoint, Topology } from '../network-policy';

/** Ports that are open towards a party, and the rows or policies that open them. */
export interface Opening {
  readonly ports: bigint;
  readonly because: readonly string[];
}

const ROWS = [...FLOWS, ...PROBE_FLOWS];

/** Openings of one end, by the party on the other. */
export type Openings = Map<number, Opening>;

/** What the flow table says about one end of connections. It never looks at a policy. */
export class FlowOpenings {
  private readonly flowPorts: Map<Flow, bigint>;
  private readonly byKey: Map<string, Endpoint>;
  private readonly ofRole = new Map<string, number[]>();
  private readonly standIns: ReadonlySet<number>;
  private readonly ofPeers = new WeakMap<object, readonly [number, bigint | undefined][]>();

  constructor(
    private readonly topology: Topology,
    parties: readonly Representative[],
    private readonly members: Members,
    private readonly universe: PortUniverse,
  ) {
    this.flowPorts = new Map(ROWS.map((flow) => [flow, universe.ofPorts(portsOf(flow))]));
    this.byKey = new Map(topology.endpoints.map((endpoint) => [keyOf(endpoint.namespace, endpoint.role, endpoint.pool), endpoint]));
    this.standIns = new Set([...parties.keys()].filter((index) => isStandIn(parties[index])));
    parties.forEach((party, index) => {
      if ('ip' in party) return;
      for (const role of new Set(this.endpointsOf(party).map((endpoint) => endpoint.role))) {
        const there = this.ofRole.get(role) ?? [];
        there.push(index);
        this.ofRole.set(role, there);
      }
    });
  }

  /** The endpoints that a pod belongs to: that of its pool, and that of its role where pools are not told apart. */
  public endpointsOf({ namespace, labels }: PodRepresentative): Endpoint[] {
    const { [LABELS.role]: role, [LABELS.pool]: pool } = labels;
    const keys = new Set([keyOf(namespace, role), keyOf(namespace, role, pool)]);
    return [...keys].flatMap((key) => this.byKey.get(key) ?? []);
  }

  public of(pod: PodRepresentative, direction: Direction): Openings {
    const found: Openings = new Map();
    for (const endpoint of this.endpointsOf(pod)) {
      for (const flow of ROWS.filter((one) => isEndOf(one, endpoint, pod, direction))) {
        for (const [other, ports] of this.others(flow, endpoint, direction)) {
          // A place listens where it listens; as a caller it has no say about our ports.
          open(found, other, direction === 'egress' ? ports ?? this.flowPorts.get(flow)! : this.flowPorts.get(flow)!, flow.id);
        }
      }
    }
    return found;
  }

  private others(flow: Flow, endpoint: Endpoint, direction: Direction): readonly [number, bigint | undefined][] {
    const party = direction === 'egress' ? flow.to : flow.from;
    if (isRole(party)) {
      const onlyStandIns = flow.standIns === true && party !== 'probe';
      return (this.ofRole.get(party) ?? []).filter((index) => !onlyStandIns || this.standIns.has(index)).map((index) => [index, undefined]);
    }
    const rules = (party === 'object-store' ? endpoint.objectStore : this.topology.places[party]) ?? [];
    const known = this.ofPeers.get(rules);
    if (known !== undefined) return known;
    const found = rules.flatMap(({ peer, ports }) => {
      const set = ports && this.universe.ofPorts(ports);
      return this.members.of(compileRule('', '', [peer], []))!.map((index): [number, bigint | undefined] => [index, set]);
    });
    this.ofPeers.set(rules, found);
    return found;
  }
}

/** What a set of policies opens on one end, given those that isolate it. */
export function policyOpenings(
  isolating: readonly CompiledPolicy[], direction: Direction, parties: number, members: Members, universe: PortUniverse,
): Openings {
  const found: Openings = new Map();
  for (const { rules, id } of isolating) {
    for (const rule of rules[direction] ?? []) {
      for (const other of members.of(rule) ?? Array(parties).keys()) open(found, other, universe.ofRule(rule), id);
    }
  }
  return found;
}

function open(openings: Openings, other: number, ports: bigint, because: string): void {
  const there = openings.get(other);
  const before = there?.because ?? [];
  openings.set(other, { ports: union(there?.ports ?? 0n, ports), because: before.includes(because) ? before : [...before, because] });
}

/** Ports of either set. */
export function union(a: bigint, b: bigint): bigint {
  // eslint-disable-next-line no-bitwise
  return a | b;
}

/** Ports of the first set that the second does not have. */
export function without(a: bigint, b: bigint): bigint {
  // eslint-disable-next-line no-bitwise
  return a & ~b;
}

function isEndOf(flow: Flow, { role, usesApi = true }: Endpoint, pod: PodRepresentative, direction: Direction): boolean {
  if (flow.standIns === true && role !== 'probe' && !isStandIn(pod)) return false;
  if (direction === 'ingress') return flow.to === role && flow.ends !== 'egress';
  return flow.from === role && flow.ends !== 'ingress' && (usesApi || flow.to !== 'api-server');
}

/** Whether a pod stands in for others of its role. */
function isStandIn(party: Representative): boolean {
  return !('ip' in party) && party.labels[LABELS.probe] === 'true';
}

function keyOf(namespace: string, role: string, pool?: string): string {
  return [namespace, role, pool].join('/');
}
