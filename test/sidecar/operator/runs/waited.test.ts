import { answered } from './leases/lease-world';
import { MINUTE, RunWorld } from './run-world';

describe('a run that is stopped before its agent began', () => {
  test('says what it waited for when its agent had not begun, while its pod stops and for good', async () => {
    const world = new RunWorld({ timeout: '10m' });
    await world.settle();
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available: 3 Insufficient nvidia.com/gpu.' }];
    const pod = world.api.get('pods', 'r1-0');
    world.api.put('pods', 'r1-0', { ...pod, status: { phase: 'Pending', conditions } });
    await world.settle();
    world.pass(10 * MINUTE);
    await world.settle();
    const waited = /its time was over while it waited: Unschedulable: no node takes the pod now.*Insufficient nvidia\.com\/gpu\.$/;
    expect(world.condition('Completed')).toMatch(/^False Terminating: the pod is told to end; its time/);
    expect(world.condition('Completed')).toMatch(waited);
    world.api.remove('pods', 'r1-0');
    await world.settle();
    expect(world.condition('Completed')).toMatch(/^True DeadlineExceeded: its time/);
    expect(world.condition('Completed')).toMatch(waited);
  });

  test('says what it waited for when it never had a pod', async () => {
    const world = new RunWorld({ timeout: '10m' });
    world.broker.before = () => { throw answered('Unavailable'); };
    await world.reconcile();
    world.pass(10 * MINUTE);
    await world.settle();
    expect(world.condition('Completed')).toMatch(/^True DeadlineExceeded: its time was over while it waited: BrokerUnavailable: the broker does not give the credential A: Unavailable/);
  });

  test('says what it waited for when it is cancelled instead', async () => {
    const world = new RunWorld();
    world.policies.length = 0;
    await world.settle();
    world.cancel();
    await world.settle();
    expect(world.condition('Completed')).toMatch(/^True Cancelled: the run was cancelled: enough; until then it waited: PolicyMissing: /);
  });

  test('does not say that it only waited when its pod came and went while nobody looked', async () => {
    const world = new RunWorld({ timeout: '10m' });
    await world.settle();
    world.agentIs({ waiting: { reason: 'ContainerCreating' } }, 0, { phase: 'Pending' });
    await world.settle();
    world.pass(11 * MINUTE);
    world.api.remove('pods', 'r1-0');
    await world.settle();
    expect(world.condition('Completed')).toBe('True DeadlineExceeded: the run took longer than its timeout; raise it or ask for less');
  });

  test('says first what can be done when an attempt came before', async () => {
    const world = new RunWorld({ timeout: '10m', retries: 3 });
    await world.settle();
    world.agentRuns();
    await world.settle();
    world.pass(9.9 * MINUTE);
    world.agentEnds(1);
    await world.settle();
    world.pass(MINUTE);
    await world.settle();
    expect(world.condition('Completed')).toMatch(/^True DeadlineExceeded: the run took longer than its timeout; raise it or ask for less; its time was over while it waited: Retrying: attempt 0 (?!.*the next one)/);
  });

  test('says so, too, when the attempt that came after waits for something else', async () => {
    const world = new RunWorld({ timeout: '10m', retries: 3 });
    await world.settle();
    world.agentRuns();
    await world.settle();
    world.agentEnds(1);
    await world.settle();
    world.broker.before = () => { throw answered('Unavailable'); };
    world.pass(MINUTE);
    await world.reconcile();
    expect(world.condition('Completed')).toMatch(/^False BrokerUnavailable/);
    world.broker.before = () => undefined;
    world.pass(10 * MINUTE);
    await world.settle();
    expect(world.condition('Completed')).toMatch(/^True DeadlineExceeded: the run took longer than its timeout; raise it or ask for less; its time was over while it waited: BrokerUnavailable: /);
  });
});
