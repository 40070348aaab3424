import { running, RunWorld } from './run-world';

describe('what keeps a pod from going on is told by an Event', () => {
  const waiting = (reason: string) => ({ waiting: { reason } });

  test('when it comes, and not again while it lasts', async () => {
    const world = new RunWorld();
    await world.settle();
    world.events.length = 0;
    for (const reason of ['ErrImagePull', 'ImagePullBackOff', 'ImagePullBackOff', 'ErrImagePull']) {
      world.agentIs(waiting(reason));
      await world.settle();
    }
    expect(world.events).toEqual(['Warning ErrImagePull', 'Warning ImagePullBackOff', 'Warning ErrImagePull']);
  });

  test('when it is found together with a new phase, which is told as well', async () => {
    const world = new RunWorld();
    await world.settle();
    world.events.length = 0;
    const initContainerStatuses = [{ name: 'fence', restartCount: 0, state: { terminated: { exitCode: 0 } } }];
    for (const _ of ['once', 'again']) {
      world.agentIs(waiting('CreateContainerConfigError'), 0, { phase: 'Pending', initContainerStatuses });
      await world.settle();
    }
    expect(world.events).toEqual(['Normal Starting', 'Warning CreateContainerConfigError']);
  });

  test.each([
    ['no node', { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available' }] }, 'Warning Unschedulable'],
    ['a node that is silent', { phase: 'Unknown' }, 'Warning NodeUnreachable'],
  ])('as %s does, though that need not be the end of the run', async (_what, status, event) => {
    const world = await running();
    world.agentIs({ running: {} }, 0, { ...(event.endsWith('Unschedulable') ? { containerStatuses: [] } : {}), ...status });
    await world.settle();
    expect(world.events.at(-1)).toBe(event);
  });

  test('and nothing is that goes as it should', async () => {
    const world = await running();
    world.agentEnds(0);
    await world.settle();
    expect(world.events.filter((event) => event.startsWith('Warning'))).toEqual([]);
  });
});
