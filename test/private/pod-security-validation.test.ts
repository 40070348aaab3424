import { ApiObject, App, Chart, JsonPatch } from 'cdk8s';
import { AgentPlatform, WorkerPool } from '../../src';
import { emittedObjects } from '../../src/private/emitted-objects';
import { podSecurityProblems } from '../../src/private/pod-security-validation';
import { API_SERVER, IMAGE } from '../helpers/platform';

const NAMESPACES = ['agent-platform', 'team-a'];

/** A platform in one chart and somebody else's pod in another. */
function app(podSpec: object, namespace?: string): { root: Chart; pod: ApiObject } {
  const whole = new App();
  const root = new Chart(whole, 'platform');
  const platform = new AgentPlatform(root, 'platform', { image: IMAGE, apiServer: API_SERVER });
  new WorkerPool(root, 'pool', { namespace: platform.addNamespace('team-a'), name: 'python', image: 'example.com/python' });
  const other = new Chart(whole, 'other', { namespace });
  const pod = new ApiObject(other, 'pod', {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'foreign' }, spec: { containers: [{ name: 'a', image: 'b' }], ...podSpec },
  });
  return { root, pod };
}

test('the platform and its workers pass, in every version', () => {
  const { root } = app({}, 'elsewhere');
  for (let minor = 25; minor <= 36; minor += 1) expect(podSecurityProblems(emittedObjects(root), NAMESPACES, `v1.${minor}`)).toEqual([]);
  expect(podSecurityProblems(emittedObjects(root), NAMESPACES, 'latest')).toEqual([]);
});

test('a pod of another chart in one of the namespaces is found, with its path', () => {
  const { root } = app({ hostPID: true }, 'team-a');
  expect(podSecurityProblems(emittedObjects(root), NAMESPACES, 'v1.30'))
    .toContain('other/pod: Pod foreign: baseline/host-namespaces: spec.hostPID must be missing or false, got true');
});

test('a pod in a namespace of its own, or in none, is not the platform\'s to judge', () => {
  expect(podSecurityProblems(emittedObjects(app({ hostPID: true }, 'elsewhere').root), NAMESPACES, 'v1.30')).toEqual([]);
  expect(podSecurityProblems(emittedObjects(app({ hostPID: true }).root), NAMESPACES, 'v1.30')).toEqual([]);
});

test('a pod without namespace is in `default`, where a platform may be', () => {
  expect(podSecurityProblems(emittedObjects(app({ hostPID: true }).root), ['default'], 'v1.30')).toContain('other/pod: Pod foreign: baseline/host-namespaces: spec.hostPID must be missing or false, got true');
});

test('a pod that a patch moves into one of the namespaces is found', () => {
  const { root, pod } = app({ hostPID: true }, 'elsewhere');
  pod.addJsonPatch(JsonPatch.replace('/metadata/namespace', 'team-a'));
  expect(podSecurityProblems(emittedObjects(root), NAMESPACES, 'v1.30')).toContain('other/pod: Pod foreign: baseline/host-namespaces: spec.hostPID must be missing or false, got true');
});

test('pods in a list are found, each by its own namespace', () => {
  const { root } = app({}, 'elsewhere');
  const pod = (namespace: string) => ({ metadata: { name: `in-${namespace}`, namespace }, spec: { hostPID: true, containers: [{ name: 'a', image: 'b' }] } });
  new ApiObject(root, 'pods', { apiVersion: 'v1', kind: 'PodList', items: [pod('team-a'), pod('elsewhere')] } as any);
  const found = podSecurityProblems(emittedObjects(root), NAMESPACES, 'v1.30').join('\n');
  expect(found).toContain('platform/pods: Pod in-team-a: baseline/host-namespaces');
  expect(found).not.toContain('in-elsewhere');
});

test('a pod that was softened by a patch is found as it is emitted', () => {
  const { root } = app({}, 'elsewhere');
  const workload = root.node.findAll().find((one): one is ApiObject => ApiObject.isApiObject(one) && one.kind === 'Deployment' && one.name === 'python')!;
  workload.addJsonPatch(JsonPatch.replace('/spec/template/spec/containers/0/securityContext/privileged', true));
  expect(podSecurityProblems(emittedObjects(root), NAMESPACES, 'v1.30').join('\n')).toMatch(/Deployment python: baseline\/privileged: spec\.template\.spec\.containers\[.*\]\.securityContext\.privileged/);
});

test.each(['v1.24', '1.30', ''])('rules of version %j are refused', (version) => {
  expect(() => podSecurityProblems(emittedObjects(app({}, 'team-a').root), NAMESPACES, version)).toThrow(/Pod Security rules/);
});
