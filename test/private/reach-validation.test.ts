import { ApiObject, Chart, JsonPatch } from 'cdk8s';
import { NetworkBoundary, WorkerPool } from '../../src';
import { PUBLIC_INTERNET } from '../../src/manifests/network-policy';
import { ProvenBoundary, validateReach } from '../../src/private/reach-validation';
import { testPlatform } from '../helpers/platform';

const problemsOf = (boundary: NetworkBoundary) => validateReach(boundary as unknown as ProvenBoundary);

function world() {
  const { chart, platform, team } = testPlatform();
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

test('agents are proved with the policy that the operator will write', () => {
  const { boundary } = world();
  const topology = boundary._topology();
  const withAgents = { ...topology, endpoints: [...topology.endpoints, { role: 'agent' as const, namespace: 'team-a' }] };
  const future = Object.assign(Object.create(boundary), { _topology: () => withAgents });
  expect(problemsOf(future)).toEqual([]);
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
