import { WorldServer } from './world-server';
import type { KubeObject } from '../../../../sidecar/src/kube/client';
import { FollowedWorld, followWorld } from '../../../../sidecar/src/operator/cache/follow';
import type { OperatorDeps } from '../../../../sidecar/src/operator/operator-deps';
import { ANNOTATIONS, LABELS } from '../../../../src/protocol/names';

const RUN = { spec: { templateRef: { name: 'coder' }, prompt: 'planted prompt' } };
const TEMPLATE = { spec: { image: 'registry.example/agent:1', command: ['/agent'] } };
const POLICY = { spec: { appliesToTemplates: ['coder'], grants: {} } };
const RUNS = { group: 'paddock.dev', version: 'v1alpha1', plural: 'harnessruns', namespace: 'team-a' };

const open: FollowedWorld[] = [];

afterEach(() => Promise.all(open.splice(0).map((world) => world.close())));

function follow(server: WorldServer) {
  const time = { now: 0 };
  const changes: string[] = [];
  const leftOut: string[] = [];
  const interrupted: string[] = [];
  const world = followWorld({
    client: server.client,
    namespaces: ['team-a', 'team-b'],
    clock: () => time.now,
    random: () => 0.5,
    wait: (_, signal) => new Promise((resolve) => signal!.addEventListener('abort', resolve)),
    leftOut: (kind, problem) => leftOut.push(`${kind} ${problem}`),
    interrupted: (kind, namespace, reason) => interrupted.push(`${kind} ${namespace} ${(reason as Error).message}`),
    changed: ({ kind, namespace, name, before, after }) => changes.push(`${kind} ${namespace}/${name} ${before?.resourceVersion ?? '-'} ${after?.resourceVersion ?? '-'}`),
  });
  open.push(world);
  return { world, time, changes, leftOut, interrupted };
}

async function followed(server: WorldServer) {
  const all = follow(server);
  await server.flush();
  return all;
}

test('it follows the kinds that runs depend on, in the namespaces that it serves, and of others\' kinds only what runs are made of', async () => {
  const server = new WorldServer();
  await followed(server);
  const of = (namespace: string | undefined) => server.listed.filter((one) => one.namespace === namespace).map(({ plural, labels }) => `${plural} ${labels ?? ''}`.trim()).sort();
  const inNamespace = [
    'brokerpolicies', 'harnessruns', 'harnesstemplates', `networkpolicies ${LABELS.run}`, 'persistentvolumeclaims', `pods ${LABELS.role}=agent`, 'workspaces',
  ];
  expect([of('team-a'), of('team-b'), of(undefined)]).toEqual([inNamespace, inNamespace, ['clusterharnesstemplates']]);
  expect(server.listed).toHaveLength(15);
});

test('what is there can be asked for by namespace', async () => {
  const server = new WorldServer();
  server.put('harnessruns', 'team-a', 'r', RUN, { annotations: { [ANNOTATIONS.cancel]: `${'no need '.repeat(30)}planted reason` } });
  server.put('pods', 'team-a', 'r-0', { spec: {}, status: { phase: 'Running' } }, { labels: { [LABELS.run]: 'r', [LABELS.attempt]: '0' } });
  server.put('workspaces', 'team-b', 'w', { spec: { storage: { size: '1Gi' } } });
  server.put('persistentvolumeclaims', 'team-b', 'ws-w', { status: { phase: 'Bound' } });
  server.put('harnesstemplates', 'team-a', 'coder', TEMPLATE);
  server.put('clusterharnesstemplates', undefined, 'shared', TEMPLATE);
  server.put('networkpolicies', 'team-a', 'r-egress', { spec: { podSelector: {} } });
  const { world } = await followed(server);
  expect(world.runs.get('team-a', 'r')).toMatchObject({ name: 'r', hasInlinePrompt: true, isCancelled: true });
  expect(JSON.stringify(world.runs.get('team-a', 'r'))).not.toContain('planted');
  expect(world.runs.get('team-b', 'r')).toBeUndefined();
  expect([...world.pods.of('team-a')].map(({ name, run }) => [name, run])).toEqual([['r-0', 'r']]);
  expect([...world.workspaces.of('team-b')].map(({ name }) => name)).toEqual(['w']);
  expect(world.claims.get('team-b', 'ws-w')?.phase).toBe('Bound');
  expect(world.template('team-a', 'coder')).toEqual(TEMPLATE.spec);
  expect(world.template('team-b', 'coder')).toBeUndefined();
  expect(world.clusterTemplate('shared')).toEqual(TEMPLATE.spec);
  expect([world.templates.get('team-a', 'coder')?.generation, world.clusterTemplates.get('', 'shared')?.name]).toEqual([1, 'shared']);
  expect(world.networkPolicySpec('team-a', 'r-egress')).toEqual({ podSelector: {} });
});

test('a namespace that is not served has nothing', async () => {
  const { world } = await followed(new WorldServer());
  expect([world.runs.get('other', 'r'), [...world.runs.of('other')], world.policies('other'), world.template('other', 'x')]).toEqual([undefined, [], [], undefined]);
});

test('policies are sorted by name, and as they are now', async () => {
  const server = new WorldServer();
  ['p2', 'p10', 'p1'].forEach((name) => server.put('brokerpolicies', 'team-a', name, POLICY));
  const { world } = await followed(server);
  const names = () => world.policies('team-a').map(({ name }) => name);
  expect(names()).toEqual(['p1', 'p10', 'p2']);
  expect(world.policies('team-a')).toBe(world.policies('team-a'));
  server.remove('brokerpolicies', 'team-a', 'p1');
  server.put('brokerpolicies', 'team-a', 'p0', POLICY);
  await server.flush();
  expect(names()).toEqual(['p0', 'p10', 'p2']);
});

test('each change is told, with what was there before', async () => {
  const server = new WorldServer();
  const first = server.put('harnessruns', 'team-a', 'r', RUN).metadata.resourceVersion;
  const { changes } = await followed(server);
  const second = server.put('harnessruns', 'team-a', 'r', RUN).metadata.resourceVersion;
  await server.flush();
  server.remove('harnessruns', 'team-a', 'r');
  const shared = server.put('clusterharnesstemplates', undefined, 'shared', TEMPLATE).metadata.resourceVersion;
  await server.flush();
  expect(changes).toEqual([
    `HarnessRun team-a/r - ${first}`, `HarnessRun team-a/r ${first} ${second}`, `HarnessRun team-a/r ${second} -`, `ClusterHarnessTemplate /shared - ${shared}`,
  ]);
});

describe('an object that breaks the rules of its kind', () => {
  test('is left out, with a reason that has no value of it, and stops no other', async () => {
    const server = new WorldServer();
    server.put('harnessruns', 'team-a', 'bad', { spec: { templateRef: { name: 'coder' }, prompt: 'p', model: { planted: 1 }, mode: 'planted' } });
    server.put('harnessruns', 'team-a', 'good', RUN);
    const { world, leftOut } = await followed(server);
    expect([...world.runs.of('team-a')].map(({ name }) => name)).toEqual(['good']);
    expect(leftOut).toEqual([expect.stringMatching(/^HarnessRun team-a\/bad: spec\.\w+: .* \(and 1 more\)$/)]);
    expect(leftOut.join()).not.toContain('planted');
  });

  test('takes what it was before with it, and comes back when it is right again', async () => {
    const server = new WorldServer();
    server.put('brokerpolicies', 'team-a', 'p', POLICY);
    const { world, leftOut } = await followed(server);
    server.put('brokerpolicies', 'team-a', 'p', { spec: { grants: 7 } });
    await server.flush();
    expect([world.policies('team-a'), leftOut]).toEqual([[], [expect.stringContaining('BrokerPolicy team-a/p')]]);
    server.put('brokerpolicies', 'team-a', 'p', POLICY);
    await server.flush();
    expect(world.policies('team-a')).toHaveLength(1);
  });
});

describe('what is written through it', () => {
  function writing(server: WorldServer, world: FollowedWorld, meanwhile: () => Promise<void> = () => Promise.resolve()) {
    const apply = async (): Promise<KubeObject> => {
      const answer = server.put('harnessruns', 'team-a', 'r', { ...RUN, status: { phase: 'Running' } });
      await meanwhile();
      return answer;
    };
    return world.answering({ apply } as unknown as OperatorDeps['client']);
  }

  test('is there and told at once, and once', async () => {
    const server = new WorldServer();
    server.put('harnessruns', 'team-a', 'r', RUN);
    const { world, changes } = await followed(server);
    await writing(server, world).apply(RUNS, { metadata: { name: 'r' } }, { fieldManager: 'm' });
    expect(world.runs.get('team-a', 'r')?.status.phase).toBe('Running');
    await server.flush();
    expect(changes).toHaveLength(2);
  });

  test('does not hide what came after it while its answer was on its way', async () => {
    const server = new WorldServer();
    server.put('harnessruns', 'team-a', 'r', RUN);
    const { world } = await followed(server);
    const client = writing(server, world, async () => {
      server.put('harnessruns', 'team-a', 'r', { ...RUN, status: { phase: 'Failed' } });
      await server.flush();
    });
    await client.apply(RUNS, { metadata: { name: 'r' } }, { fieldManager: 'm' });
    expect(world.runs.get('team-a', 'r')?.status.phase).toBe('Failed');
    server.put('harnessruns', 'team-a', 'r', { ...RUN, status: { phase: 'Cancelled' } });
    await server.flush();
    expect(world.runs.get('team-a', 'r')?.status.phase).toBe('Cancelled');
  });

  test('in a namespace that is not served, or of a kind that is not followed, is passed on', async () => {
    const server = new WorldServer();
    const { world } = await followed(server);
    const client = writing(server, world);
    await client.apply({ ...RUNS, namespace: 'other' }, { metadata: { name: 'r' } }, { fieldManager: 'm' });
    await client.apply({ group: '', version: 'v1', plural: 'secrets', namespace: 'team-a' }, { metadata: { name: 'r' } }, { fieldManager: 'm' });
    expect([...world.runs.of('team-a')]).toEqual([]);
  });
});

describe('it cannot be relied on', () => {
  test('before everything was read once', async () => {
    const server = new WorldServer();
    server.refused.add('pods');
    const { world, interrupted } = follow(server);
    expect([world.problem('team-a'), world.problem('')]).toEqual(['not read yet: HarnessRun in team-a', 'not read yet: ClusterHarnessTemplate']);
    await server.flush();
    expect(world.problem('team-a')).toBe('not read yet: Pod in team-a');
    expect(interrupted).toEqual(['Pod team-a GET: 403', 'Pod team-b GET: 403']);
  });

  test('for a namespace that cannot be read, and for no other', async () => {
    const server = new WorldServer();
    server.refused.add('pods');
    const { world } = follow(server);
    await server.flush();
    expect([world.problem('team-b'), world.problem('team-c'), world.problem('')]).toEqual(['not read yet: Pod in team-b', undefined, undefined]);
  });

  test('when nothing was heard for long', async () => {
    const { world, time } = await followed(new WorldServer());
    time.now += 149_999;
    expect(world.problem('team-a')).toBeUndefined();
    time.now += 30_001;
    expect(world.problem('team-a')).toBe('the state of HarnessRun in team-a is unknown for 30 s');
  });
});
