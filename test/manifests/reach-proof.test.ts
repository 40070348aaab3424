import { FLOWS, isRole, portsOf } from '../../src/manifests/flows';
import { defaultDeny, namespacePeer, policyFor, Topology } from '../../src/manifests/network-policy';
import { Reach } from '../../src/manifests/reach';
import * as selector from '../../src/manifests/reach/selector';
import { reachProblems } from '../../src/manifests/reach-proof';
import { PORTS } from '../../src/protocol/ports';
import { endpoint, full, nobody, podOf, withPlaces, places } from '../helpers/topology';

/* eslint-disable @typescript-eslint/no-explicit-any */

jest.mock('../../src/manifests/reach/selector', () => {
  const real = jest.requireActual<typeof selector>('../../src/manifests/reach/selector');
  return { ...real, selects: jest.fn(real.selects) };
});

const emitted = (topology: Topology): any[] => [
  ...[...new Set(topology.endpoints.map(({ namespace }) => namespace))].map((namespace) => defaultDeny('p', namespace)),
  ...topology.endpoints.map((one) => policyFor(one, topology)),
];
const extra = (namespace: string, spec: object) => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'extra', namespace }, spec });
const policies = emitted(full);
const withExtra = (namespace: string, spec: object) => reachProblems([...policies, extra(namespace, spec)], full);
const role = (name: string) => ({ matchLabels: { 'cdk8s-agent-platform/role': name } });
const everyPod = { podSelector: {} };

describe('the policies of a platform have no problem', () => {
  test.each<[string, Topology]>([
    ['every role and place', full],
    ['no place at all', withPlaces({})],
    ['nobody', nobody],
    ['a broker alone', withPlaces(places, [endpoint('broker')])],
    ['pods without use for the API server', withPlaces(places, [{ ...endpoint('broker'), usesApi: false }, endpoint('egress')])],
    ['clients in the platform\'s own namespace', withPlaces({ ...places, clients: [{ peer: namespacePeer('team-a') }] })],
    ['ports of their own for a place', withPlaces({ dns: [{ peer: namespacePeer('openshift-dns'), ports: [{ port: 5353, protocol: 'UDP' }] }] })],
  ])('%s', (_, topology) => {
    expect(reachProblems(emitted(topology), topology)).toEqual([]);
  });

  test('a policy elsewhere is not ours to judge', () => {
    expect(withExtra('kube-system', { podSelector: {}, egress: [{}], everything: 'open' })).toEqual([]);
  });

  test('pods of ours then reach each other exactly along the rows of the table', () => {
    const reach = new Reach(policies);
    for (const from of full.endpoints) {
      for (const to of full.endpoints) {
        const rows = FLOWS.filter((flow) => flow.from === from.role && flow.to === to.role && isRole(flow.to) && flow.ends !== 'ingress');
        const wanted = new Set(rows.flatMap(portsOf).map(({ port }) => port));
        const open = Object.values(PORTS).filter((port) => reach.mayReach(podOf(from), podOf(to), port).allowed);
        expect(new Set(open)).toEqual(wanted);
      }
    }
  });
});

describe('a policy more is found out', () => {
  test.each<[string, string, object, string]>([
    ['opens a role to the internet', 'team-a', { podSelector: role('session'), egress: [{ to: [{ ipBlock: { cidr: '8.8.0.0/16' } }], ports: [{ port: 443 }] }] }, 'may connect to 8.8.8.8, 8.8.0.0, 8.8.255.255 on TCP 443 (team-a/extra), and no row of the flow table leads to them from here'],
    ['opens a worker to the metadata service', 'team-a', { ...everyPod, egress: [{ to: [{ ipBlock: { cidr: '169.254.169.254/32' } }] }] }, 'may connect to 169.254.169.254 on '],
    ['lets a whole namespace in', 'agents-system', { podSelector: role('broker'), ingress: [{ from: [{ namespaceSelector: {} }] }] }, 'broker pods in agents-system may be reached by egress pods in agents-system, '],
    ['lets everybody in', 'agents-system', { podSelector: role('store'), ingress: [{}] }, 'may be reached by'],
    ['opens pods that are none of ours', 'team-a', { podSelector: { matchLabels: { app: 'tool' } }, egress: [{ ports: [{ port: 53, protocol: 'UDP' }] }] }, 'pods without role with app=tool in team-a may connect to'],
    ['opens one port too many', 'team-a', { podSelector: role('session'), ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'agents-system' } }, podSelector: role('gateway') }], ports: [{ port: 8081 }] }] }, 'on TCP 8081'],
    ['opens a port by name', 'team-a', { podSelector: role('session'), ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 'session-api' }] }] }, 'may be reached by'],
    ['opens SCTP', 'team-a', { podSelector: role('agent'), egress: [{ ports: [{ protocol: 'SCTP' }] }] }, 'SCTP 1, '],
    ['has a field that nobody knows', 'team-a', { ...everyPod, ingres: [] }, 'NetworkPolicy team-a/extra.spec.ingres is not a known field'],
  ])('%s', (_, namespace, spec, text) => {
    expect(withExtra(namespace, spec).join('\n')).toContain(text);
  });
});

describe('a policy less is found out', () => {
  test('a flow that cannot happen is named by its row', () => {
    const found = reachProblems(policies.filter(({ metadata }) => metadata.name !== 'allow-store'), full).join('\n');
    expect(found).toMatch(/^store pods in agents-system cannot be reached by gateway pods in agents-system.* on TCP 6379, which the flow table needs \(gateway-to-store\)$/m);
  });

  test('a namespace that is not closed, even when nothing of ours is in it', () => {
    expect(reachProblems(policies, full, ['team-c']).join('\n')).toContain('pods without role in team-c: no NetworkPolicy isolates them for ingress');
  });

  test('a role that only the policy for all pods closes', () => {
    const isolatesOneWay = { ...policyFor(endpoint('store'), full), spec: { ...policyFor(endpoint('store'), full).spec, policyTypes: ['Ingress'] } };
    const found = reachProblems([...policies.filter(({ metadata }) => metadata.name !== 'allow-store'), isolatesOneWay], full);
    expect(found.join('\n')).toContain('only a NetworkPolicy for all pods isolates them for egress, and not their own');
  });

  test('without any policy there are problems, and not too many to read', () => {
    const found = reachProblems([], full);
    expect(found).toHaveLength(21);
    expect(found[20]).toMatch(/^and \d+ more problems of this kind$/);
  });

  test('policies of a topology without agents do not serve one with agents', () => {
    const fewer = { ...full, endpoints: full.endpoints.filter((one) => one.role !== 'agent') };
    const found = reachProblems([...emitted(fewer), policyFor(endpoint('agent', 'team-a'), full)], full).join('\n');
    expect(found).toContain('which the flow table needs (agent-to-egress, agent-to-egress-fence)');
  });
});

test('twice the pools take about twice the work, and no more', () => {
  const selections = (count: number) => {
    const pools = Array.from({ length: count }, (_, index) => endpoint('session', 'team-a', `pool-${index}`));
    const big = { ...full, endpoints: [...full.endpoints, ...pools] };
    const all = emitted(big);
    jest.mocked(selector.selects).mockClear();
    expect(reachProblems(all, big)).toEqual([]);
    return jest.mocked(selector.selects).mock.calls.length;
  };
  const [some, twice] = [selections(100), selections(200)];
  expect(twice).toBeLessThan(2.2 * some);
});
