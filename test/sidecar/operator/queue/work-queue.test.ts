import { QueueWorld } from './queue-world';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';

function started(workers = 1): QueueWorld {
  const world = new QueueWorld(workers);
  world.queue.start();
  return world;
}

test('keys are worked on in the order in which they were added, each once', async () => {
  const world = new QueueWorld(1);
  ['a', 'b', 'a', 'c', 'b'].forEach((key) => world.queue.add(key));
  world.queue.start();
  for (let turn = 0; turn < 4; turn += 1) await world.end();
  expect(world.keys()).toEqual(['a', 'b', 'c']);
});

test('a key that is added while it is worked on comes again, behind those that wait', async () => {
  const world = started();
  ['a', 'b'].forEach((key) => world.queue.add(key));
  await world.time.pass(0);
  ['a', 'a'].forEach((key) => world.queue.add(key));
  await world.end();
  await world.end();
  await world.end();
  expect(world.keys()).toEqual(['a', 'b', 'a']);
});

test('nothing begins before the start', async () => {
  const world = new QueueWorld(1);
  world.queue.add('a');
  world.queue.addAfter('b', 10);
  await world.time.pass(20);
  expect([world.keys(), world.queue.depth]).toEqual([[], 2]);
});

describe('a key comes again', () => {
  test('when its work says so', async () => {
    const world = started();
    world.atOnce = () => ({ again: world.begun.length === 1 ? 5000 : undefined });
    world.queue.add('a');
    await world.time.pass(60_000);
    expect(world.begun).toEqual([['a', 0], ['a', 5000]]);
  });

  test('at the earliest of the times that it was asked for', async () => {
    const world = started();
    world.atOnce = () => ({});
    world.queue.addAfter('a', 300);
    world.queue.addAfter('a', 100);
    world.queue.addAfter('a', 200);
    await world.time.pass(1000);
    expect(world.begun).toEqual([['a', 100]]);
  });

  test('before its time when it is added, and then not once more', async () => {
    const world = started();
    world.atOnce = () => ({});
    world.queue.addAfter('a', 300);
    await world.time.pass(50);
    world.queue.add('a');
    await world.time.pass(1000);
    expect(world.begun).toEqual([['a', 50]]);
  });

  test('after a day, when it was to come after a time that timers do not know', async () => {
    const world = started();
    world.atOnce = () => ({});
    world.queue.addAfter('a', 2 ** 40);
    await world.time.pass(24 * 60 * 60 * 1000);
    expect(world.begun).toEqual([['a', 86_400_000]]);
  });
});

describe('a key whose work fails', () => {
  test('waits longer each time, up to a minute, until it succeeds', async () => {
    const world = started();
    world.atOnce = () => (world.begun.length === 10 ? {} : { failure: new Error('no') });
    world.queue.add('a');
    await world.time.pass(400_000);
    const waits = world.begun.map(([, at], index) => at - (world.begun[index - 1]?.[1] ?? 0));
    expect(waits).toEqual([0, 750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000, 45_000]);
    expect(world.failed.slice(-1)).toEqual(['a no 9']);
    world.atOnce = () => (world.begun.length === 11 ? { failure: new Error('again') } : {});
    world.queue.add('a');
    await world.time.pass(750);
    expect(world.failed.slice(-1)).toEqual(['a again 1']);
    expect(world.begun).toHaveLength(12);
  });

  test('waits as long as the API server wants', async () => {
    const world = started();
    world.atOnce = () => (world.begun.length === 1 ? { failure: new KubeError('Throttled', 'slow down', { retryAfterSeconds: 90 }) } : {});
    world.queue.add('a');
    await world.time.pass(100_000);
    expect(world.begun).toEqual([['a', 0], ['a', 90_000]]);
  });

  test('does not keep others waiting', async () => {
    const world = started();
    world.atOnce = (key) => (key === 'a' ? { failure: new Error('no') } : {});
    ['a', 'b', 'c'].forEach((key) => world.queue.add(key));
    await world.time.pass(100);
    expect(world.keys()).toEqual(['a', 'b', 'c']);
  });

  test('is tried at once when it is added', async () => {
    const world = started();
    world.atOnce = () => (world.begun.length === 1 ? { failure: new Error('no') } : {});
    world.queue.add('a');
    await world.time.pass(10);
    world.queue.add('a');
    await world.time.pass(60_000);
    expect(world.begun).toEqual([['a', 0], ['a', 10]]);
  });
});

describe('a stop', () => {
  test('waits for what runs, begins nothing more, and keeps the rest for another start', async () => {
    const world = started(2);
    ['a', 'b', 'c'].forEach((key) => world.queue.add(key));
    world.queue.addAfter('later', 60_000);
    await world.time.pass(0);
    let stopped = false;
    void world.queue.stop().then(() => { stopped = true; });
    world.queue.add('a');
    await world.end({ again: 1000 });
    expect([stopped, world.keys()]).toEqual([false, ['a', 'b']]);
    await world.end({ failure: new Error('no') });
    expect([stopped, world.keys()]).toEqual([true, ['a', 'b']]);
    world.atOnce = () => ({});
    world.queue.start();
    await world.time.pass(0);
    expect(world.keys().slice(2)).toEqual(['c', 'later', 'a', 'b']);
  });

  test('ends the wait that is told of: what another replica works on does not wait here', async () => {
    const world = started(1);
    ['a', 'b'].forEach((key) => world.queue.add(key));
    await world.time.pass(0);
    void world.queue.stop();
    await world.time.pass(3_600_000);
    expect(world.queue.oldestAge).toBe(0);
  });

  test('of a queue that does nothing is over at once', async () => {
    await expect(started().queue.stop()).resolves.toBeUndefined();
    await expect(new QueueWorld(1).queue.stop()).resolves.toBeUndefined();
  });
});

test('it tells how many wait, and since when the first of them does', async () => {
  const world = started();
  expect([world.queue.depth, world.queue.oldestAge]).toEqual([0, 0]);
  ['a', 'b', 'c'].forEach((key) => world.queue.add(key));
  await world.time.pass(70);
  world.queue.add('b');
  expect([world.queue.depth, world.queue.oldestAge]).toEqual([2, 70]);
});
