import { QueueWorld } from './queue-world';
import { WorkQueue } from '../../../../sidecar/src/operator/queue/work-queue';

/** A queue whose turns come when a test says so. */
function inTurns(workers: number) {
  const turns: (() => void)[] = [];
  const world = new QueueWorld(workers, (run) => turns.push(run));
  const turn = async (): Promise<void> => {
    turns.shift()?.();
    await world.time.pass(0);
  };
  world.queue.start();
  return { world, turns, turn };
}

test('work that waits for nothing leaves the event loop a turn after each key, in the order of the keys', async () => {
  const begun: string[] = [];
  const queue = new WorkQueue({
    work: (key) => {
      begun.push(key);
      return Promise.resolve(undefined);
    },
    workers: 8,
    clock: () => 0,
    after: () => () => undefined,
    random: () => 0.5,
    failed: () => undefined,
  });
  ['a', 'b', 'c', 'd'].forEach((key) => queue.add(key));
  queue.start();
  const seen: string[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise(setImmediate);
    seen.push(begun.join(''));
  }
  expect(seen).toEqual(['a', 'ab', 'abc', 'abcd', 'abcd']);
});

test('free workers do not share a turn', async () => {
  const { world, turns, turn } = inTurns(8);
  ['a', 'b', 'c'].forEach((key) => world.queue.add(key));
  expect([world.keys(), turns.length]).toEqual([[], 1]);
  await turn();
  expect([world.keys(), turns.length]).toEqual([['a'], 1]);
  await turn();
  expect([world.keys(), turns.length]).toEqual([['a', 'b'], 1]);
  await turn();
  expect([world.keys(), turns.length]).toEqual([['a', 'b', 'c'], 0]);
});

test('no turn is asked for while nothing waits, no worker is free, or the queue rests', async () => {
  const { world, turns, turn } = inTurns(1);
  expect(turns).toHaveLength(0);
  ['a', 'b'].forEach((key) => world.queue.add(key));
  await turn();
  expect([world.keys(), turns.length]).toEqual([['a'], 0]);
  void world.queue.stop();
  await world.end();
  world.queue.add('c');
  expect([world.keys(), turns.length]).toEqual([['a'], 0]);
});

test('a turn that comes after a stop begins nothing, and another start goes on with the key', async () => {
  const { world, turns, turn } = inTurns(1);
  world.queue.add('a');
  await world.queue.stop();
  await turn();
  expect([world.keys(), world.queue.depth, turns.length]).toEqual([[], 1, 0]);
  world.queue.start();
  await turn();
  expect(world.keys()).toEqual(['a']);
});

test('a stop and a start before the turn do not make two of it', async () => {
  const { world, turns, turn } = inTurns(8);
  ['a', 'b'].forEach((key) => world.queue.add(key));
  void world.queue.stop();
  world.queue.start();
  expect(turns).toHaveLength(1);
  await turn();
  expect([world.keys(), turns.length]).toEqual([['a'], 1]);
});

test('a key that is asked for again before its turn comes once', async () => {
  const { world, turn } = inTurns(2);
  ['a', 'a', 'b', 'a'].forEach((key) => world.queue.add(key));
  for (let count = 0; count < 4; count += 1) await turn();
  await world.end();
  await world.end();
  expect(world.keys()).toEqual(['a', 'b']);
});
