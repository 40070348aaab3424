import { running } from './run-world';
import { LABELS } from '../../../../src/protocol/names';

const POD = 'pods/r1-0';
const LOOK_AGAIN = 10_000;

describe('a pod that the watch does not tell of', () => {
  test('is asked for before it counts as gone, so that no second one works beside it', async () => {
    const world = await running({ retries: 1 });
    world.api.hidden.add(POD);
    expect(await world.settle()).toBe(LOOK_AGAIN);
    expect(world.api.names('pods')).toEqual(['r1-0']);
    expect(world.status).toMatchObject({ phase: 'Running', agentPhase: 'running', attempt: 0 });
  });

  test('is followed all the same until its agent has ended', async () => {
    const world = await running({ retries: 1 });
    world.api.hidden.add(POD);
    world.agentEnds(0);
    await world.settle();
    expect(world.status).toMatchObject({ phase: 'Succeeded', attempt: 0 });
  });

  test('as its own, since somebody has changed its label, is looked at again and again', async () => {
    const world = await running();
    const pod = world.api.get('pods', 'r1-0');
    world.api.put('pods', 'r1-0', { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, [LABELS.run]: 'other' } } });
    expect(await world.settle()).toBe(LOOK_AGAIN);
    expect(world.completed).toBe('False InProgress');
  });

  test('is lost when the API server has none either', async () => {
    const world = await running({ retries: 1 });
    world.api.remove('pods', 'r1-0');
    await world.settle();
    expect(world.status.attempt).toBe(1);
    world.pass(10_000);
    await world.settle();
    expect(world.api.names('pods')).toEqual(['r1-1']);
  });

  test('is lost when another one has its name', async () => {
    const world = await running({ retries: 1 });
    const pod = world.api.get('pods', 'r1-0');
    world.api.put('pods', 'r1-0', { ...pod, metadata: { ...pod.metadata, uid: 'another', ownerReferences: [] } });
    await world.settle();
    expect(world.status.attempt).toBe(1);
    expect(world.api.get('pods', 'r1-0').metadata.deletionTimestamp).toBeUndefined();
  });
});
