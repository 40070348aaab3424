import { Flow, FLOWS, listenPorts, PROBE_FLOWS } from './flows';
import { Endpoint, flowsFrom, probeName, Topology } from './network-policy';
import { serviceAddresses } from './service-addresses';
import { METADATA_ADDRESS } from '../protocol/address-ranges';
import { PortName, PORTS } from '../protocol/ports';
import { ProbeConfig, ProbeEdge, ProbeExpectation, ProbePlace, ProbeSubject } from '../protocol/probe';

/** What a probe is made with. */
export interface ProbePlan {
  /** Network of the cluster's Services, in canonical form. */
  readonly serviceCidr: string;
  /** Addresses at the end of its static band that others have. */
  readonly skipAddresses: number;
  readonly startSeconds: number;
  /** Whether a pod may not reach its own node either. */
  readonly requireNodeIsolation: boolean;
}

const NODE_LOCAL_DNS = '169.254.20.10';
const KUBELET_PORT = 10_250;

/** What is unique about an endpoint. No part of it contains a dot. */
export function endpointKey(endpoint: Endpoint): string {
  return `${endpoint.namespace}.${probeName(endpoint)}`;
}

/** Endpoints that the probe stands in for; the control is none of them. */
export function subjectsOf({ endpoints }: Topology): Endpoint[] {
  return endpoints.filter(({ role }) => role !== 'probe');
}

/** Ports on which the pod that stands in for an endpoint listens. */
export function probePorts({ role }: Endpoint): PortName[] {
  return role === 'probe' ? ['probe-fence'] : [...listenPorts(role), 'probe', 'probe-fence'];
}

/** Service address of each endpoint, by its key. */
export function probeAddresses({ serviceCidr, skipAddresses }: ProbePlan, topology: Topology): Map<string, string> {
  return serviceAddresses(serviceCidr, skipAddresses, subjectsOf(topology).map(endpointKey));
}

/** All that the pod which stands in for an endpoint is told. */
export function probeConfig(endpoint: Endpoint, topology: Topology, plan: ProbePlan): ProbeConfig {
  const addresses = probeAddresses(plan, topology);
  const subjects = subjectsOf(topology).map((subject): ProbeSubject => (
    { title: titleOf(subject), address: addresses.get(endpointKey(subject))!, ports: numbersOf(subject).filter((port) => port !== PORTS['probe-fence']) }
  ));
  return {
    self: titleOf(endpoint),
    listen: numbersOf(endpoint),
    edges: [...listenerEdges(endpoint, topology, addresses), ...controlEdges(endpoint, topology), ...placeEdges(endpoint, topology, plan)],
    ...(endpoint.role === 'probe' ? { subjects } : {}),
    startSeconds: plan.startSeconds,
  };
}

/** Every port of every other endpoint: the flow table says whether it is open. */
function listenerEdges(endpoint: Endpoint, topology: Topology, addresses: ReadonlyMap<string, string>): ProbeEdge[] {
  const others = subjectsOf(topology).filter((other) => endpointKey(other) !== endpointKey(endpoint));
  return others.flatMap((other) => probePorts(other).map((port): ProbeEdge => {
    const rows = [...FLOWS, ...PROBE_FLOWS].filter((flow) => flow.from === endpoint.role && flow.to === other.role && flow.ports.includes(port));
    return {
      to: titleOf(other),
      at: addresses.get(endpointKey(other))!,
      port: PORTS[port],
      protocol: 'TCP',
      expect: rows.some(({ ends }) => ends === undefined) ? 'allow' : 'deny',
      rows: idsOf(rows),
      listener: true,
    };
  }));
}

/** The control would let everybody in, at an address that it tells itself. */
function controlEdges({ role }: Endpoint, { endpoints }: Topology): ProbeEdge[] {
  return role === 'probe' ? [] : endpoints.filter((other) => other.role === 'probe').map((control) => ({
    to: titleOf(control),
    at: { place: 'control' },
    port: PORTS['probe-fence'],
    protocol: 'TCP',
    expect: 'deny',
    rows: [`${role}-to-probe-fence`],
    listener: true,
  }));
}

/** What is there in every cluster, and would be a way out. Places that users name are elsewhere, and not tried. */
function placeEdges(endpoint: Endpoint, topology: Topology, { requireNodeIsolation }: ProbePlan): ProbeEdge[] {
  const towards = (place: 'api-server' | 'dns') => flowsFrom(endpoint).filter(({ to }) => to === place);
  const resolves = towards('dns').length > 0 && (topology.places.dns ?? []).length > 0;
  const node: ProbeExpectation = requireNodeIsolation ? 'deny' : 'unpromised';
  const place = (to: string, name: ProbePlace, allowed: boolean, rows: readonly Flow[]): ProbeEdge => (
    { to, at: { place: name }, protocol: 'TCP', expect: allowed ? 'allow' : 'deny', rows: allowed ? idsOf(rows) : [], listener: false }
  );
  const dns = { ...place('cluster DNS', 'dns-server', resolves, towards('dns')), port: 53, ...(resolves ? {} : { expectLinkLocal: node }) };
  const closed = { protocol: 'TCP', rows: [], listener: false } as const;
  return [
    place('API server', 'api-server', towards('api-server').length > 0, towards('api-server')),
    dns,
    { ...dns, protocol: 'UDP' },
    { ...closed, to: 'metadata service', at: METADATA_ADDRESS, port: 80, expect: 'deny' },
    { ...closed, to: 'kubelet of its node', at: { place: 'own-node' }, port: KUBELET_PORT, expect: node },
    ...(resolves ? [] : (['TCP', 'UDP'] as const).map((protocol): ProbeEdge => (
      { ...closed, to: 'node-local DNS', at: NODE_LOCAL_DNS, port: 53, protocol, expect: node }
    ))),
  ];
}

function numbersOf(endpoint: Endpoint): number[] {
  return probePorts(endpoint).map((port) => PORTS[port]);
}

function idsOf(rows: readonly Flow[]): string[] {
  return rows.map(({ id }) => id);
}

/** `session python in team-a` */
function titleOf({ role, pool, namespace }: Endpoint): string {
  return [role, ...(pool === undefined ? [] : [pool]), 'in', namespace].join(' ');
}
