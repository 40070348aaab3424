import { ApiObject, Chart, JsonPatch, Testing } from 'cdk8s';
import { WorkerPool } from '../../src';
import { emittedObjects } from '../../src/private/emitted-objects';
import { claimedRoleProblems, namespaceProblems, secondNetworkProblems, takenNameProblems } from '../../src/private/foreign-objects';
import { testPlatform } from '../helpers/platform';

const ROLE = 'cdk8s-agent-platform/role';

function world() {
  const made = testPlatform();
  new WorkerPool(made.chart, 'pool', { namespace: made.team, name: 'python', image: 'example.com/python' });
  return made;
}

const claims = (chart: Chart) => claimedRoleProblems(emittedObjects(chart), ['agent-platform', 'team-a']);
const pod = (namespace: string, labels: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'foreign', namespace, labels: { ...labels } } });

describe('the label of a role', () => {
  test('is the platform\'s to give', () => {
    expect(claims(world().chart)).toEqual([]);
  });

  test('stops synth on a pod of somebody else', () => {
    const { chart } = world();
    new ApiObject(chart, 'foreign', pod('agent-platform', { [ROLE]: 'broker' }));
    expect(claims(chart)).toEqual([expect.stringContaining(`foreign: Pod foreign: its pods have the label ${ROLE}: broker`)]);
    expect(() => Testing.synth(chart)).toThrow('only the platform may give it');
  });

  test('is found on templates, and in lists', () => {
    const { chart } = world();
    const template = { metadata: { labels: { [ROLE]: 'session' } }, spec: { containers: [] } };
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'job', namespace: 'team-a' }, spec: { template } };
    new ApiObject(chart, 'list', { apiVersion: 'v1', kind: 'List', items: [job] } as any);
    expect(claims(chart)).toEqual([expect.stringContaining('list: Job job: its pods have the label')]);
  });

  test('means nothing elsewhere', () => {
    const { chart } = world();
    new ApiObject(chart, 'foreign', pod('elsewhere', { [ROLE]: 'broker' }));
    expect(claims(chart)).toEqual([]);
  });

  test('is one of many that other pods may have', () => {
    const { chart } = world();
    new ApiObject(chart, 'foreign', pod('team-a', { role: 'broker' }));
    expect(claims(chart)).toEqual([]);
  });
});

describe('a second network', () => {
  const NETWORKS = 'k8s.v1.cni.cncf.io/networks';
  const found = (chart: Chart) => secondNetworkProblems(emittedObjects(chart), ['agent-platform', 'team-a']);
  const annotated = (namespace: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'foreign', namespace, annotations: { [NETWORKS]: 'lan' } } });

  test('stops synth on any pod of the platform\'s namespaces', () => {
    const { chart } = world();
    new ApiObject(chart, 'foreign', annotated('team-a'));
    expect(found(chart)).toEqual([expect.stringContaining(`Pod foreign: its pods have the annotation ${NETWORKS}`)]);
    expect(() => Testing.synth(chart)).toThrow('NetworkPolicies do not hold on the network that it gives them');
  });

  test('is found on a worker that somebody patched', () => {
    const { chart } = world();
    const deployment = chart.node.findAll().find((child): child is ApiObject => ApiObject.isApiObject(child) && child.kind === 'Deployment')!;
    deployment.addJsonPatch(JsonPatch.add('/spec/template/metadata/annotations', { [NETWORKS]: 'lan' }));
    expect(found(chart)).toHaveLength(1);
  });

  test('is the business of others elsewhere', () => {
    const { chart } = world();
    new ApiObject(chart, 'foreign', annotated('elsewhere'));
    expect(found(chart)).toEqual([]);
  });
});

describe('a namespace of the platform', () => {
  const problems = (chart: Chart) => namespaceProblems(emittedObjects(chart), ['agent-platform', 'team-a']);
  const namespace = (name: string, labels?: object) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...(labels && { labels: { ...labels } }) } });

  test('has its pods refused by the cluster', () => {
    expect(problems(world().chart)).toEqual([]);
  });

  test('is found when a patch takes the level away', () => {
    const { chart } = world();
    const made = chart.node.findAll().find((one): one is ApiObject => ApiObject.isApiObject(one) && one.kind === 'Namespace' && one.name === 'team-a')!;
    made.addJsonPatch(JsonPatch.remove('/metadata/labels/pod-security.kubernetes.io~1enforce'));
    expect(problems(chart)).toEqual([expect.stringContaining('Namespace team-a: its label pod-security.kubernetes.io/enforce must be restricted, got nothing')]);
  });

  test('is found when another chart makes it with a weaker level', () => {
    const { chart } = world();
    new ApiObject(chart, 'again', namespace('team-a', { 'pod-security.kubernetes.io/enforce': 'baseline' }));
    expect(problems(chart)).toEqual([expect.stringContaining('got "baseline"')]);
    expect(() => Testing.synth(chart)).toThrow('must be restricted');
  });

  test('is the only kind of namespace that is looked at', () => {
    const { chart } = world();
    new ApiObject(chart, 'other', namespace('elsewhere'));
    expect(problems(chart)).toEqual([]);
  });
});

describe('the name of an object of the platform', () => {
  const found = (chart: Chart) => takenNameProblems(emittedObjects(chart), ['agent-platform', 'team-a']);
  const configMap = (name: string, namespace = 'team-a') => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } });

  test.each([['pool-python', 'team-a'], ['agent-trust', 'team-a'], ['controller-pools', 'agent-platform']])('%s stops synth on an object of somebody else', (name, namespace) => {
    const { chart } = world();
    new ApiObject(chart, 'foreign', configMap(name, namespace));
    expect(found(chart)).toEqual([`test/foreign: ConfigMap ${name}: the platform has an object of this name in namespace '${namespace}'`]);
    expect(() => Testing.synth(chart)).toThrow('the platform has an object of this name');
  });

  test('is found in lists, and in another version of the API', () => {
    const { chart } = world();
    const deployment = { apiVersion: 'apps/v1beta1', kind: 'Deployment', metadata: { name: 'gateway', namespace: 'agent-platform' } };
    new ApiObject(chart, 'list', { apiVersion: 'v1', kind: 'List', items: [deployment] } as any);
    expect(found(chart)).toEqual([expect.stringContaining('list: Deployment gateway: the platform has an object')]);
  });

  test.each([
    ['of another kind', { ...configMap('pool-python'), kind: 'Secret' }],
    ['of another group', { ...configMap('pool-python'), apiVersion: 'example.com/v1' }],
    ['of another pool', configMap('pool-other')],
    ['elsewhere', configMap('pool-python', 'elsewhere')],
  ])('may be that of one %s', (_what, object) => {
    const { chart } = world();
    new ApiObject(chart, 'foreign', object);
    expect(found(chart)).toEqual([]);
  });
});
