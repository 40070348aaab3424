import { documentOf, foreignWorkload, world } from './worlds';
import { ApiServerPeer, NetworkPeer, WorkerPool } from '../../../src';
import { FLOWS } from '../../../src/manifests/flows';
import { podLabels } from '../../../src/manifests/labels';
import { defaultDeny, policyFor } from '../../../src/manifests/network-policy';
import { postureOf } from '../../../src/manifests/posture/document';
import { EmittedObject } from '../../../src/manifests/posture/emitted';
import { LABELS } from '../../../src/protocol/names';
import { PostureDocument } from '../../../src/protocol/posture';
import { full } from '../../helpers/topology';

const namespaces = [...new Set(full.endpoints.map(({ namespace }) => namespace))];
const policies = [...namespaces.map((name) => defaultDeny('p', name)), ...full.endpoints.map((endpoint) => policyFor(endpoint, full))] as EmittedObject[];
const document = postureOf(policies, full, namespaces);

const titled = ({ parties, flows }: PostureDocument) => flows.map(({ from, to, ports }) => (
  `${parties.find(({ id }) => id === from)!.title} -> ${parties.find(({ id }) => id === to)!.title}: ${ports.join(', ')}`));
const opening = (name: string, spec: object): EmittedObject => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: 'team-a' }, spec });

test('every row of the flow table that has both ends is a flow, and every flow has a row', () => {
  const shown = new Set(document.flows.flatMap(({ rows }) => rows.map(({ id }) => id)));
  expect(FLOWS.filter(({ ends, id }) => ends === undefined && !shown.has(id)).map(({ id }) => id)).toEqual([]);
  expect(document.flows.filter(({ rows }) => rows.length === 0)).toEqual([]);
});

test('a fence, which no sender is let out to, is no flow', () => {
  expect(document.flows.flatMap(({ ports }) => ports)).not.toContain('TCP 15003');
});

test('both ends name the policy that allows them, and the end of a place is not decided here', () => {
  const flow = (row: string) => document.flows.find(({ rows }) => rows.some(({ id }) => id === row));
  expect(flow('gateway-to-session')).toMatchObject({
    sender: { decision: 'rule', policies: ['agents-system/allow-gateway'] }, receiver: { decision: 'rule', policies: ['team-a/allow-session-python'] }, ports: ['TCP 8080'],
  });
  expect(flow('monitoring-to-broker')).toMatchObject({ sender: { decision: 'outside', policies: [] }, receiver: { policies: ['agents-system/allow-broker'] } });
});

test('agents whose pods the operator makes later have a node', () => {
  expect(document.parties).toContainEqual(expect.objectContaining({ title: 'agents of runs', kind: 'agents', namespace: 'team-a' }));
});

test('a place has the pods and networks that policies name for it', () => {
  expect(document.parties.find(({ id }) => id === 'place/dns')!.members).toEqual([
    { peer: '169.254.20.10/32', except: [] }, { peer: 'pods k8s-app=kube-dns in kube-system', except: [] },
  ]);
  expect(document.parties.find(({ id }) => id === 'place/internet')!.members[0].except).toContain('10.0.0.0/8');
});

test('an object store belongs to the pool that names it', () => {
  const made = world();
  new WorkerPool(made.chart, 'data', { namespace: made.team, image: 'a', objectStore: { peers: [NetworkPeer.cidr('198.51.100.0/24')], ports: [9000] } });
  expect(titled(documentOf(made))).toContain('pool data -> object-store of data in team-a: TCP 9000');
});

test('under Cilium the way to the API server is shown too', () => {
  expect(titled(documentOf(world({ apiServer: ApiServerPeer.cilium() })))).toContain('broker -> api-server: TCP 443, TCP 6443');
});

test('pods that stand in for a role while the network is tried are told from those that serve', () => {
  const labels = { ...podLabels('agent-platform', 'network', 'broker'), [LABELS.probe]: 'true' };
  const spec = { template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'a' }] } } };
  const job: EmittedObject = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'probe-broker', namespace: 'agent-platform' }, spec };
  const parties = documentOf(world(), (objects) => [...objects, job]).parties.filter(({ role }) => role === 'broker');
  expect(parties.map(({ id, title }) => [id, title])).toEqual([
    ['agent-platform/Job probe-broker', 'stand-in for broker'], ['agent-platform/StatefulSet broker', 'broker'],
  ]);
});

describe('what is wider than the flow table shows', () => {
  test('a rule without peers and ports: to anyone, on every port', () => {
    const shown = documentOf(world(), (objects) => [...objects, opening('wide', { podSelector: {}, policyTypes: ['Egress'], egress: [{}] })]);
    expect(titled(shown)).toContain('pool python -> anyone: TCP 1-65535, UDP 1-65535, SCTP 1-65535');
    expect(shown.flows.find(({ to }) => to === 'place/anyone')).toMatchObject({ sender: { policies: ['team-a/wide'] }, rows: [] });
  });

  test('a range of ports, whole', () => {
    const egress = [{ to: [{ ipBlock: { cidr: '192.0.2.0/24' } }], ports: [{ port: 8000, endPort: 8100, protocol: 'TCP' }] }];
    expect(titled(documentOf(world(), (objects) => [...objects, opening('range', { podSelector: {}, policyTypes: ['Egress'], egress })]))).toContain('pool python -> 192.0.2.0/24: TCP 8000-8100');
  });

  test('a named port, by the number that the receiver gives it', () => {
    const made = world();
    foreignWorkload(made, { containers: [{ name: 'redis', image: 'redis', ports: [{ name: 'cache', containerPort: 6380 }] }] });
    const both = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };
    const peers = [{ podSelector: {} }];
    const rules = { ingress: [{ from: peers, ports: [{ port: 'cache' }] }], egress: [{ to: peers, ports: [{ port: 'cache' }] }] };
    expect(titled(documentOf(made, (objects) => [...objects, opening('named', { ...both, ...rules })]))).toContain('pool python -> Deployment cache: TCP 6380');
  });

  test('pods that no policy closes', () => {
    const { flows } = documentOf(world(), (objects) => objects.filter(({ kind, metadata }) => kind !== 'NetworkPolicy' || metadata.namespace !== 'team-a'));
    expect(flows.filter(({ sender }) => sender.decision === 'open').map(({ to }) => to)).toContain('place/anyone');
  });
});

test('a namespace that no policy closes for pods that nobody thought of is seen, also when its own are closed', () => {
  const { flows } = documentOf(world(), (objects) => objects.filter(({ kind, metadata }) => (
    kind !== 'NetworkPolicy' || metadata.namespace !== 'team-a' || metadata.name !== 'default-deny')));
  expect(flows).toContainEqual(expect.objectContaining({ from: 'team-a/any other pod', to: 'place/anyone', sender: { decision: 'open', policies: [] } }));
  expect(documentOf(world()).parties.map(({ id }) => id)).not.toContain('team-a/any other pod');
});

test('policies of other namespaces change nothing', () => {
  const foreign = { ...opening('x', { podSelector: {}, egress: [{}] }), metadata: { name: 'x', namespace: 'kube-system' } };
  expect(documentOf(world(), (objects) => [...objects, foreign])).toEqual(documentOf(world()));
});

test('a policy that cannot be read is said to be unknown', () => {
  const { unknown } = documentOf(world(), (objects) => [...objects, opening('broken', { podSelector: {}, ingress: 'all' })]);
  expect(unknown.some((text) => text.includes('team-a/broken'))).toBe(true);
});
