import { MINUTE, running, RunWorld, TEMPLATE } from './run-world';
import { ANNOTATIONS } from '../../../../src/protocol/names';

const { stringify } = JSON;

describe('what is known of the pod', () => {
  test('is in the status: its name, its UID, and its addresses once it has them', async () => {
    const world = new RunWorld();
    await world.settle();
    const { uid } = world.api.get('pods', 'r1-0').metadata;
    expect(world.status).toMatchObject({ podName: 'r1-0', podUID: uid, phase: 'Pending' });
    expect(world.status).not.toHaveProperty('podIPs');
    world.agentRuns();
    await world.settle();
    expect(world.status).toMatchObject({ podUID: uid, podIPs: ['10.1.0.7'], phase: 'Running', networkPolicyEnforced: true });
  });

  test('has what it was made of, which no later change of the template or of the pod changes', async () => {
    const world = await running();
    const made = { name: 'coder', kind: 'HarnessTemplate' };
    expect(world.status.template).toEqual(made);
    world.templates.coder = { ...TEMPLATE, image: `registry.example.com/other@sha256:${'a'.repeat(64)}` };
    const pod = world.api.get('pods', 'r1-0');
    world.api.put('pods', 'r1-0', { ...pod, metadata: { ...pod.metadata, annotations: { [ANNOTATIONS.template]: stringify({ ...made, kind: 'ClusterHarnessTemplate' }) } } });
    await world.settle();
    expect(world.status.template).toEqual(made);
  });

  test('is nothing when a pod of that name belongs to another object', async () => {
    const world = new RunWorld();
    world.api.put('pods', 'r1-0', { metadata: { labels: {} }, spec: {} });
    await world.reconcile();
    expect(world.status).not.toHaveProperty('podUID');
    expect(world.completed).toBe('False NameTaken');
  });

  test('is told to people when the agent goes on, and never again', async () => {
    const world = await running();
    await world.settle();
    world.pass(MINUTE);
    await world.settle();
    expect(world.events).toEqual(['Normal PodCreated', 'Normal Running']);
  });
});

describe('while the pod runs', () => {
  test('the soonest of the renewal and the end brings the run back', async () => {
    const world = await running({ timeout: '2h' });
    // Leases of an hour are renewed at half of it.
    expect(await world.settle()).toBe(30 * MINUTE);
    world.pass(30 * MINUTE);
    expect(await world.settle()).toBe(30 * MINUTE);
    expect(world.done()).toEqual(['renew A,B', 'status']);
    world.pass(89 * MINUTE);
    expect(await world.settle()).toBe(MINUTE);
  });

  test('the end that comes before a renewal counts', async () => {
    const world = await running({ timeout: '5m' });
    expect(await world.settle()).toBe(5 * MINUTE);
  });

  test('its NetworkPolicy is put back when somebody has taken it away', async () => {
    const world = await running();
    world.api.remove('networkpolicies', 'r1-egress');
    await world.reconcile();
    expect(world.done()).toEqual(['create networkpolicies/r1-egress']);
  });

  test('changes of template and policies are nothing to it', async () => {
    const world = await running();
    delete world.templates.coder;
    world.policies.length = 0;
    await world.settle();
    expect(world.status.phase).toBe('Running');
    expect(world.done()).toEqual([]);
  });
});

describe('a run that takes too long', () => {
  test('is ended by its node at the end of its time, so that its log stays', async () => {
    const world = await running({ timeout: '10m' });
    world.pass(10 * MINUTE - 1);
    expect(await world.settle()).toBe(1);
    expect(world.done()).toEqual([]);
    world.pass(1);
    await world.settle();
    expect(world.status).toMatchObject({ phase: 'Running', agentPhase: 'stopping' });
    world.agentEnds(137);
    await world.settle();
    expect(world.status.phase).toBe('Failed');
    expect(world.completed).toBe('True DeadlineExceeded');
    expect(world.api.names('pods')).toEqual(['r1-0']);
    expect(stringify(world.done())).not.toContain('delete pods');
  });

  test('has its pod deleted when its node has not ended it, a minute after the grace that it has', async () => {
    const world = await running({ timeout: '10m' });
    world.pass(10 * MINUTE);
    expect(await world.settle()).toBe(2 * MINUTE);
    world.pass(2 * MINUTE - 1);
    expect(await world.settle()).toBe(1);
    world.done();
    world.pass(1);
    await world.settle();
    expect(world.done()).toContain('delete pods/r1-0');
  });

  test('has its pod deleted at once when it has no node', async () => {
    const world = new RunWorld({ timeout: '10m' });
    await world.settle();
    world.pass(10 * MINUTE);
    await world.settle();
    expect(world.done()).toContain('delete pods/r1-0');
  });

  test('is cancelled when somebody wants that before its pod has stopped', async () => {
    const world = await running({ timeout: '10m' });
    world.pass(10 * MINUTE);
    await world.settle();
    world.cancel();
    await world.settle();
    world.agentEnds(137);
    await world.settle();
    expect(world.completed).toBe('True Cancelled');
  });
});

test('a pod of which the watch does not tell is asked for before it counts as gone, again and again', async () => {
  const world = await running();
  world.api.hidden.add('pods/r1-0');
  expect(await world.settle()).toBe(10_000);
  expect(world.status).toMatchObject({ phase: 'Running', agentPhase: 'running' });
  world.agentEnds(0);
  await world.settle();
  expect(world.completed).toBe('True Succeeded');
});

test('a run whose pod is gone and has no retries left fails, and says that it was lost', async () => {
  const world = await running();
  world.api.remove('pods', 'r1-0');
  await world.settle();
  expect(world.completed).toBe('True PodLost');
  expect(world.events.at(-1)).toBe('Warning PodLost');
});

test('a pod that is given up while it is there is deleted before the end is told', async () => {
  const world = await running();
  world.agentIs({ waiting: { reason: 'InvalidImageName' } }, 0, { phase: 'Pending' });
  await world.reconcile();
  expect(world.done().slice(0, 2)).toEqual(['delete pods/r1-0', 'status']);
});
