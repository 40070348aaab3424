import { FLOWS } from '../../src/manifests/flows';
import { probeLabels } from '../../src/manifests/labels';
import { Endpoint, policyFor, probePolicyFor, Topology } from '../../src/manifests/network-policy';
import { endpointKey, probeAddresses, probeConfig, ProbePlan, probePorts } from '../../src/manifests/probe-edges';
import { Reach, ReachPod } from '../../src/manifests/reach';
import { reachProblems } from '../../src/manifests/reach-proof';
import { PORTS } from '../../src/protocol/ports';
import { ProbeEdge } from '../../src/protocol/probe';
import { agent, all, broker, egress, endpoint, full, python } from '../helpers/topology';

const control = endpoint('probe');
const world: Topology = { ...full, endpoints: [...all, control] };
const plan: ProbePlan = { serviceCidr: '10.96.0.0/16', skipAddresses: 0, startSeconds: 60, requireNodeIsolation: false };
const edgesOf = (one: Endpoint, changed: Partial<ProbePlan> = {}, topology = world) => probeConfig(one, topology, { ...plan, ...changed }).edges;
const to = (edges: readonly ProbeEdge[], title: string) => edges.filter((edge) => edge.to === title);
const podOf = (one: Endpoint): ReachPod => ({ namespace: one.namespace, labels: probeLabels('p', one.role, one.pool) });
const policies = [...world.endpoints.map((one) => policyFor(one, world)), ...all.map((one) => probePolicyFor(one, world))];

describe('edges to listeners', () => {
  const addresses = probeAddresses(plan, world);

  test.each(world.endpoints.map((one) => [endpointKey(one), one] as const))('of %s: every port of every other endpoint, once', (_, from) => {
    const wanted = all.filter((other) => other !== from).flatMap((other) => probePorts(other).map((port) => `${addresses.get(endpointKey(other))}:${PORTS[port]}`));
    const found = edgesOf(from).filter(({ listener, at }) => listener && typeof at === 'string').map(({ at, port }) => `${at as string}:${port}`);
    expect(found.sort()).toEqual(wanted.sort());
  });

  test('are as the evaluator of the policies says', () => {
    const reach = new Reach(policies);
    const byAddress = new Map(all.map((one) => [addresses.get(endpointKey(one)), one]));
    for (const from of world.endpoints) {
      for (const edge of edgesOf(from).filter(({ listener }) => listener)) {
        const other = typeof edge.at === 'string' ? byAddress.get(edge.at)! : control;
        const { allowed } = reach.mayReach(podOf(from), podOf(other), edge.port!);
        expect({ from: endpointKey(from), edge, allowed }).toEqual({ from: endpointKey(from), edge, allowed: edge.expect === 'allow' });
      }
    }
  });

  test('name the rows of the flow table', () => {
    expect(to(edgesOf(python), 'egress in agents-system').map(({ port, expect: expected, rows }) => [port, expected, rows])).toEqual([
      [PORTS['egress-proxy'], 'allow', ['session-to-egress']],
      [PORTS['egress-base-url'], 'allow', ['session-to-egress']],
      [PORTS['egress-fence'], 'deny', ['session-to-egress-fence']],
      [PORTS.admin, 'deny', []],
      [PORTS.probe, 'deny', []],
      [PORTS['probe-fence'], 'deny', []],
    ]);
  });

  test('of the control are allowed, except the fences', () => {
    const listeners = edgesOf(control).filter(({ listener }) => listener);
    expect(listeners.filter((edge) => edge.expect === 'deny').map(({ port }) => port)).toEqual(all.map(() => PORTS['probe-fence']));
    expect(listeners.filter((edge) => edge.expect === 'allow').length).toBeGreaterThan(all.length);
  });

  test.each(all.map((one) => [endpointKey(one), one] as const))('each end of %s has a fence that only this end closes', (_, one) => {
    const reach = new Reach(policies);
    const inward = reach.mayReach(podOf(control), podOf(one), PORTS['probe-fence']);
    const outward = reach.mayReach(podOf(one), podOf(control), PORTS['probe-fence']);
    expect([inward.egress.open, inward.ingress.open, outward.egress.open, outward.ingress.open]).toEqual([true, false, false, true]);
  });
});

describe('edges to places', () => {
  const expectations = (edges: readonly ProbeEdge[]) => Object.fromEntries(edges.filter(({ listener }) => !listener).map((edge) => [`${edge.to} ${edge.protocol}`, edge.expect]));

  test('a worker may reach none', () => {
    expect(expectations(edgesOf(python))).toEqual({
      'API server TCP': 'deny',
      'cluster DNS TCP': 'deny',
      'cluster DNS UDP': 'deny',
      'metadata service TCP': 'deny',
      'kubelet of its node TCP': 'unpromised',
      'node-local DNS TCP': 'unpromised',
      'node-local DNS UDP': 'unpromised',
    });
  });

  test('the broker may reach API server and DNS', () => {
    expect(expectations(edgesOf(broker))).toEqual({
      'API server TCP': 'allow', 'cluster DNS TCP': 'allow', 'cluster DNS UDP': 'allow', 'metadata service TCP': 'deny', 'kubelet of its node TCP': 'unpromised',
    });
  });

  test('a broker without API server may not reach it', () => {
    const directory = { ...broker, usesApi: false };
    expect(expectations(edgesOf(directory))['API server TCP']).toBe('deny');
  });

  test('nobody resolves names where no resolver was named', () => {
    expect(expectations(edgesOf(broker, {}, { ...world, places: { ...world.places, dns: [] } }))).toMatchObject({ 'cluster DNS UDP': 'deny', 'node-local DNS UDP': 'unpromised' });
  });

  test('its own node is denied where that is required', () => {
    const strict = expectations(edgesOf(egress, { requireNodeIsolation: true }));
    expect(strict['kubelet of its node TCP']).toBe('deny');
    expect(Object.values(expectations(edgesOf(agent, { requireNodeIsolation: true })))).not.toContain('unpromised');
  });

  test('a resolver on its own node is judged like the node', () => {
    expect(to(edgesOf(python), 'cluster DNS').map(({ expectLinkLocal }) => expectLinkLocal)).toEqual(['unpromised', 'unpromised']);
    expect(to(edgesOf(broker), 'cluster DNS').map(({ expectLinkLocal }) => expectLinkLocal)).toEqual([undefined, undefined]);
  });
});

test('an edge says allow only where a row of the table does', () => {
  const ids = new Set(FLOWS.map(({ id }) => id));
  const allowed = all.flatMap((one) => edgesOf(one)).filter((edge) => edge.expect === 'allow');
  expect(allowed.length).toBeGreaterThan(10);
  expect(allowed.filter(({ rows }) => rows.length === 0 || !rows.every((row) => ids.has(row)))).toEqual([]);
});

describe('the reach proof', () => {
  const problems = (changed: readonly unknown[]) => reachProblems([...changed, ...deny], world).join('\n');
  const deny = [...new Set(world.endpoints.map(({ namespace }) => namespace))].map((namespace) => (
    { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'deny', namespace }, spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } }));
  const changed = (name: string, change: (spec: any) => void) => policies.map((policy) => {
    if (policy.metadata.name !== name) return policy;
    const copy = structuredClone(policy);
    change(copy.spec);
    return copy;
  });

  test('holds with a probe', () => expect(problems(policies)).toBe(''));

  test.each<[string, string, (spec: any) => void, string]>([
    ['a probe policy that also selects pods that serve', 'probe-broker', (spec) => { delete spec.podSelector.matchLabels['cdk8s-agent-platform/probe']; }, 'broker pods in agents-system may be reached by probe pods'],
    ['a probe policy for stand-ins of every role', 'probe-broker', (spec) => { delete spec.podSelector.matchLabels['cdk8s-agent-platform/role']; }, 'may be reached by probe pods'],
    ['a probe policy for callers of every role', 'probe-store', (spec) => { delete spec.ingress[0].from[0].podSelector; }, 'may be reached by'],
    ['a probe policy for callers of every namespace', 'probe-store', (spec) => { delete spec.ingress[0].from[0].namespaceSelector.matchLabels; }, 'may be reached by probe pods in kube-elsewhere'],
    ['a probe policy for every port', 'probe-session-python', (spec) => { delete spec.ingress[0].ports; }, 'may be reached by probe pods'],
    ['a probe policy that opens the fence', 'probe-egress', (spec) => { spec.ingress[0].ports.push({ port: PORTS['probe-fence'], protocol: 'TCP' }); }, `on TCP ${PORTS['probe-fence']} (agents-system/probe-egress), and no row of the flow table leads here from them`],
    ['a control that reaches pods that serve', 'allow-probe', (spec) => { delete spec.egress[0].to[0].podSelector.matchLabels['cdk8s-agent-platform/probe']; }, 'probe pods in agents-system may connect to'],
    ['a control that reaches no fence', 'allow-probe', (spec) => { spec.egress = spec.egress.filter(({ ports }: any) => ports[0].port !== PORTS['probe-fence']); }, 'cannot connect to'],
    ['a worker that gets to the fence of the control', 'allow-session-python', (spec) => { spec.egress.push({ to: [{ namespaceSelector: {}, podSelector: {} }], ports: [{ port: PORTS['probe-fence'] }] }); }, 'session pods of pool python in team-a may connect to'],
  ])('%s is found', (_, name, change, text) => expect(problems(changed(name, change))).toContain(text));

  test('a missing probe policy is found', () => {
    expect(problems(policies.filter(({ metadata }) => metadata.name !== 'probe-broker'))).toContain('which the flow table needs (probe-to-broker)');
  });
});
