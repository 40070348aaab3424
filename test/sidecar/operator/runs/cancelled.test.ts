import { START, timeText } from './leases/lease-world';
import { MINUTE, running, RunWorld } from './run-world';
import { ANNOTATIONS } from '../../../../src/protocol/names';

describe('a run that is cancelled', () => {
  test('has its pod told to stop with its own grace, once, and ends when its agent has', async () => {
    const world = await running();
    world.cancel();
    await world.reconcile();
    expect(world.done()).toEqual(['status', 'delete pods/r1-0']);
    expect(world.status).toMatchObject({ phase: 'Running', agentPhase: 'stopping' });
    expect(world.condition('Completed')).toMatch(/^False Cancelling: the run is cancelled: enough; the agent has/);
    await world.settle();
    expect(world.done()).toEqual([]);
    world.pass(1000);
    world.agentEnds(143);
    await world.settle();
    expect(world.status).toMatchObject({ phase: 'Cancelled', completionTime: timeText(START + 1000) });
    expect(world.condition('Completed')).toMatch(/^True Cancelled: the run was cancelled: enough; the agent has ended/);
    expect(world.done()).toEqual(['status', 'revoke uss-A', 'revoke uss-B', 'status', 'finalizer off']);
  });

  test.each<[string, (world: RunWorld) => void]>([
    ['while its agent stops', () => undefined],
    ['while its node does not answer', (world) => world.agentIs({ running: {} }, 0, { phase: 'Unknown' })],
  ])('stays cancelled when the annotation is taken off %s', async (_when, meanwhile) => {
    const world = await running({ retries: 2 });
    world.cancel();
    await world.settle();
    meanwhile(world);
    await world.settle();
    world.cancel({});
    await world.settle();
    expect(world.completed).toBe('False Cancelling');
    world.api.remove('pods', 'r1-0');
    await world.settle();
    expect([world.completed, world.api.names('pods')]).toEqual(['True Cancelled', []]);
  });

  test.each<[string, object, object, string]>([
    ['is taken off', { [ANNOTATIONS.cancel]: 'enough' }, {}, 'the run was cancelled: enough'],
    ['says something else', { [ANNOTATIONS.cancel]: 'enough' }, { [ANNOTATIONS.cancel]: 'it was not me' }, 'the run was cancelled: enough'],
    ['says something and said nothing at first', { [ANNOTATIONS.cancel]: '' }, { [ANNOTATIONS.cancel]: 'an afterthought' }, 'the run was cancelled'],
  ])('ends with the reason that was given first when the annotation %s', async (_when, first, then, message) => {
    const world = await running();
    world.cancel(first);
    await world.settle();
    world.cancel(then);
    await world.settle();
    expect(world.condition('Completed')).toContain(`False Cancelling: ${message.replace('was', 'is')}; the agent`);
    world.api.remove('pods', 'r1-0');
    await world.settle();
    const [, reason] = message.split(': ');
    expect(world.status.cancelReason).toBe(reason);
    expect(world.condition('Completed')).toMatch(new RegExp(`^True Cancelled: ${message}(;|$)`));
  });

  test('has no reason in its status when it was over before', async () => {
    const world = await running();
    world.agentEnds(0);
    world.cancel();
    await world.settle();
    expect(world.status).not.toHaveProperty('cancelReason');
  });

  test('ends without an end of its agent when the pod is gone', async () => {
    const world = await running();
    world.cancel();
    await world.settle();
    world.api.remove('pods', 'r1-0');
    await world.settle();
    expect(world.completed).toBe('True Cancelled');
  });

  test('keeps the success that its agent had before', async () => {
    const world = await running();
    world.agentEnds(0);
    world.cancel();
    await world.settle();
    expect(world.completed).toBe('True Succeeded');
  });

  test('is not tried again, whatever retries it has left', async () => {
    const world = await running({ retries: 3 });
    world.cancel();
    await world.settle();
    world.agentEnds(143);
    await world.settle();
    expect(world.api.names('pods')).toEqual(['r1-0']);
    expect(world.status.phase).toBe('Cancelled');
  });

  test('waits for its pod, and renews no lease meanwhile', async () => {
    const world = await running({ timeout: '2h' });
    world.cancel();
    await world.settle();
    world.pass(90 * MINUTE);
    await world.settle();
    expect(world.broker.asked.filter((call) => call.startsWith('renew'))).toEqual([]);
    expect(world.completed).toBe('False Cancelling');
  });
});
