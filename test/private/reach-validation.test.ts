import { ApiObject, Chart, JsonPatch, Testing } from 'cdk8s';
import { AgentPlatformProps, ApiServerPeer, NetworkBoundary, WorkerPool } from '../../src';
import { PUBLIC_INTERNET } from '../../src/manifests/network-policy';
import { ProvenBoundary, validateReach } from '../../src/private/reach-validation';
import { testPlatform } from '../helpers/platform';

const problemsOf = (boundary: NetworkBoundary) => validateReach(boundary as unknown as ProvenBoundary);

const POLICY = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'inside', namespace: 'team-a' }, spec: { podSelector: {}, ingress: [{}] } };

function world(props: Partial<AgentPlatformProps> = {}) {
  const { chart, platform, team } = testPlatform(props);
  new WorkerPool(chart, 'pool', { namespace: team, name: 'python', image: 'example.com/python' });
  return { chart, platform, boundary: platform.boundary };
}

function extraPolicy(chart: Chart, namespace: string): ApiObject {
  return new ApiObject(chart, 'extra', {
    apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'extra', namespace }, spec: { podSelector: {}, egress: [{ to: [PUBLIC_INTERNET[0].peer] }] },
  });
}

test('a platform with a pool is proved', () => {
  expect(problemsOf(world().boundary)).toEqual([]);
});

test('runs are proved with the policy that the operator will write for each of them', () => {
  const { boundary } = world();
  const withoutProxy = Object.assign(Object.create(boundary), { _topology: () => ({ ...boundary._topology(), endpoints: boundary._topology().endpoints.filter(({ role }) => role !== 'egress') }) });
  expect(problemsOf(withoutProxy).join('\n')).toContain('team-a/<run>-egress)');
});

test('without an operator there is nothing to come', () => {
  const { boundary } = world({ runs: { enabled: false } });
  expect(boundary._topology().endpoints.map(({ role }) => role)).not.toEqual(expect.arrayContaining(['agent']));
  expect(problemsOf(boundary)).toEqual([]);
});

test('a policy of the user in a namespace of the platform counts', () => {
  const { chart, boundary } = world();
  extraPolicy(chart, 'team-a');
  expect(problemsOf(boundary).join('\n')).toContain('(team-a/extra), and no row of the flow table leads to them from here');
});

test('a policy of the user elsewhere does not', () => {
  const { chart, boundary } = world();
  extraPolicy(chart, 'default');
  expect(problemsOf(boundary)).toEqual([]);
});

test('a patch of an emitted policy counts', () => {
  const { boundary } = world();
  const policy = boundary.node.children.find((child): child is ApiObject => child instanceof ApiObject && child.name === 'allow-broker')!;
  policy.addJsonPatch(JsonPatch.remove('/spec/egress/0/ports'));
  expect(problemsOf(boundary).join('\n')).toContain('broker pods in agent-platform may connect to');
});

test('a policy inside a list counts as one outside', () => {
  const { chart, boundary } = world();
  new ApiObject(chart, 'list', { apiVersion: 'v1', kind: 'List', items: [POLICY, null] } as any);
  expect(problemsOf(boundary).join('\n')).toContain('(team-a/inside), and no row of the flow table leads here from them');
});

test.each<[string, object]>([
  ['a list of a type, whose items say nothing of theirs', {
    apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicyList', items: [{ metadata: { name: 'inside', namespace: 'team-a' }, spec: { podSelector: {}, ingress: [{}] } }],
  }],
  ['a list within a list', { apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'List', items: [POLICY] }] }],
])('a policy in %s counts', (_, list) => {
  const { chart, boundary } = world();
  new ApiObject(chart, 'list', list as any);
  expect(problemsOf(boundary).join('\n')).toContain('(team-a/inside)');
});

test('an object counts that becomes a policy by a patch', () => {
  const { chart, boundary } = world();
  new ApiObject(chart, 'patched', { ...POLICY, apiVersion: 'v1', kind: 'ConfigMap' })
    .addJsonPatch(JsonPatch.replace('/kind', 'NetworkPolicy'), JsonPatch.replace('/apiVersion', 'networking.k8s.io/v1'));
  expect(problemsOf(boundary).join('\n')).toContain('(team-a/inside)');
});

describe('policies of another kind', () => {
  const cilium = (props: object) => ({ apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', ...props });

  test('in a namespace of the platform stop synth', () => {
    const { chart, boundary } = world();
    new ApiObject(chart, 'extra', cilium({ metadata: { name: 'extra', namespace: 'team-a' } }));
    expect(problemsOf(boundary)).toEqual([expect.stringContaining('CiliumNetworkPolicy team-a/extra may change what NetworkPolicies say')]);
    expect(() => Testing.synth(chart)).toThrow('cdk8s-agent-platform/unproven');
  });

  test('with a reason do not, and the output shows it', () => {
    const { chart, boundary } = world();
    const annotations = { 'cdk8s-agent-platform/unproven': 'only denies, ticket 7' };
    new ApiObject(chart, 'extra', cilium({ metadata: { name: 'extra', namespace: 'team-a', annotations } }));
    expect(problemsOf(boundary)).toEqual([]);
    expect(Testing.synth(chart)).toContainEqual(expect.objectContaining({ metadata: expect.objectContaining({ name: 'extra', annotations }) }));
  });

  test('that the platform writes itself pass, and no longer when they are patched', () => {
    const { boundary } = world({ apiServer: ApiServerPeer.cilium() });
    expect(problemsOf(boundary)).toEqual([]);
    const own = boundary.node.children.find((child): child is ApiObject => child instanceof ApiObject && child.kind === 'CiliumNetworkPolicy')!;
    own.addJsonPatch(JsonPatch.remove('/spec/egress/0/toPorts'));
    expect(problemsOf(boundary)).toEqual([expect.stringContaining(`CiliumNetworkPolicy agent-platform/${own.name} is not as the platform writes it`)]);
  });

  test('that the platform writes itself are missed when another takes their place', () => {
    const { boundary } = world({ apiServer: ApiServerPeer.cilium() });
    const own = boundary.node.children.find((child): child is ApiObject => child instanceof ApiObject && child.kind === 'CiliumNetworkPolicy')!;
    own.addJsonPatch(JsonPatch.replace('/metadata/namespace', 'elsewhere'));
    expect(problemsOf(boundary)).toEqual([`CiliumNetworkPolicy agent-platform/${own.name} is missing, which the platform needs to reach the API server`]);
  });
});
