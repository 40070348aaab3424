import { eventually } from './api-server';
import { admin, applyPlatform, changed, make, makeRuns, NAMESPACE, operator, podOf, refused } from './run-world';

const PODS = `${NAMESPACE}/pods`;
const CLASSES = '/apis/scheduling.k8s.io/v1/priorityclasses';

let pod: any;

beforeAll(async () => {
  applyPlatform();
  await admin.call('POST', CLASSES, { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'low' }, value: -1 });
  pod = podOf(await makeRuns());
  await eventually(async () => make(PODS, changed(pod, ({ metadata }) => { metadata.finalizers = ['example.com/keep']; })), ({ body }) => body.message?.includes('must have no finalizers') === true);
}, 180_000);
afterAll(async () => {
  await admin.call('DELETE', `${CLASSES}/low`);
  [admin, operator].forEach((server) => server.close());
});

const withLabel = (name: string, value = 'x') => ({ metadata }: any) => { metadata.labels[name] = value; };
const withAnnotation = (name: string) => ({ metadata }: any) => { metadata.annotations[name] = 'x'; };
const inAgent = (field: object) => ({ spec }: any) => Object.assign(spec.containers[0], field);
const inFence = (field: object) => ({ spec }: any) => Object.assign(spec.initContainers[0], field);
const elsewhere = { host: '169.254.169.254', port: 80 };

test('a pod of a run may be made as it is', async () => {
  expect(await make(PODS, pod)).toMatchObject({ status: 201 });
});

test.each<[string, (pod: any) => void]>([
  ['the label of a webhook, which has a prefix', withLabel('eks.amazonaws.com/fargate-profile')],
  ['the annotation of a webhook', withAnnotation('openshift.io/scc')],
  ['an annotation without prefix', withAnnotation('note')],
  ['the priority class of a template', ({ spec }) => { spec.priorityClassName = 'low'; }],
])('a pod of a run may have %s', async (_what, change) => {
  expect(await make(PODS, changed(pod, change))).toMatchObject({ status: 201 });
});

test('a pod of a run may have a thousand labels of webhooks: the rules are not too dear', async () => {
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`webhook-${index}.example.com/label`, 'x']));
  expect(await make(PODS, changed(pod, ({ metadata }) => Object.assign(metadata.labels, many)))).toMatchObject({ status: 201 });
});

test.each<[string, (pod: any) => void]>([
  ['of another workload', withLabel('app', 'payments')],
  ['of another workload, as Kubernetes recommends', withLabel('app.kubernetes.io/name', 'payments')],
  ['of another workload, where agents have none', withLabel('app.kubernetes.io/version')],
  ['of the pod of a StatefulSet', withLabel('statefulset.kubernetes.io/pod-name', 'database-0')],
  ['of another part', withLabel('cdk8s-agent-platform/part', 'broker')],
  ['of another platform', withLabel('cdk8s-agent-platform/platform', 'other')],
  ['of what answers behind a Service', withLabel('cdk8s-agent-platform/serving', 'true')],
  ['of a pool', withLabel('cdk8s-agent-platform/pool', 'shells')],
  ['of a stand-in', withLabel('cdk8s-agent-platform/probe', 'true')],
  ['of a session', withLabel('cdk8s-agent-platform/session')],
  ['of paddock that runs do not have', withLabel('paddock.dev/component', 'operator')],
])('the operator may not give a pod the label %s', async (_what, change) => {
  expect(await make(PODS, changed(pod, change))).toMatchObject(refused(/must have the labels of an agent/));
});

test.each([
  'k8s.v1.cni.cncf.io/networks', 'v1.multus-cni.io/default-network', 'cni.projectcalico.org/ipAddrs', 'cni.projectcalico.org/ipAddrsNoIpam',
  'ipam.cilium.io/ip-pool', 'ipam.antrea.io/pod-ips', 'ovn.kubernetes.io/logical_switch', 'k8s.ovn.org/routing-namespaces', 'networking.gke.io/interfaces',
])('the operator may not choose the network of a pod: %s', async (name) => {
  expect(await make(PODS, changed(pod, withAnnotation(name)))).toMatchObject(refused(/must have no annotations for network plugins/));
});

test('the operator may not choose the network of a pod by a label', async () => {
  expect(await make(PODS, changed(pod, withLabel('kubernetes.azure.com/pod-network-instance')))).toMatchObject(refused(/must have no labels for network plugins/));
});

test.each<[string, (pod: any) => void]>([
  ['to see whether it lives', inAgent({ livenessProbe: { httpGet: { ...elsewhere, path: '/latest/meta-data' } } })],
  ['to see whether it is ready', inAgent({ readinessProbe: { tcpSocket: elsewhere } })],
  ['to see whether it has started', inAgent({ startupProbe: { tcpSocket: elsewhere } })],
  ['after its start', inAgent({ lifecycle: { postStart: { httpGet: elsewhere } } })],
  ['before its end', inAgent({ lifecycle: { preStop: { httpGet: elsewhere } } })],
  ['for an init container that stays', inFence({ restartPolicy: 'Always', livenessProbe: { tcpSocket: elsewhere } })],
])('the operator may not let the kubelet connect to others %s', async (_what, change) => {
  expect(await make(PODS, changed(pod, change))).toMatchObject(refused(/must have no probes and no lifecycle hooks/));
});

test.each<[string, (pod: any) => void, RegExp]>([
  ['that pushes those of the cluster off its node', ({ spec }) => { spec.priorityClassName = 'system-node-critical'; }, /must not have a priority class of the cluster itself/],
  ['that nobody can end', ({ metadata }) => { metadata.finalizers = ['example.com/keep']; }, /must have no finalizers/],
  ['with a device of the network', ({ spec }) => { spec.resourceClaims = [{ name: 'a', resourceClaimName: 'nic' }]; }, /must have no resourceClaims/],
])('the operator may not make a pod %s', async (_what, change, message) => {
  expect(await make(PODS, changed(pod, change))).toMatchObject(refused(message));
});
