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
});
