import fc from 'fast-check';
import { QueueWorld } from './queue-world';

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('add' as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('addAfter' as const), key, ms: fc.integer({ min: 0, max: 5000 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('end' as const, 'fail', 'again'), which: fc.nat({ max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 3000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('stop' as const, 'start') }) },
);

const HOW = { end: {}, fail: { failure: new Error('no') }, again: { again: 1000 } } as const;

test('no key is lost, none is worked on twice at once, never more than there are workers, and each begins in a turn of its own', async () => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 40 }), async (workers, steps) => {
    const world = new QueueWorld(workers);
    world.queue.start();
    /** How much work had begun when the key was last asked for. */
    const asked = new Map<string, number>();
    for (const one of steps) {
      if (one.do === 'add' || one.do === 'addAfter') asked.set(one.key, world.begun.length);
      if (one.do === 'add') world.queue.add(one.key);
      if (one.do === 'addAfter') world.queue.addAfter(one.key, one.ms);
      if (one.do === 'end' || one.do === 'fail' || one.do === 'again') {
        const which = one.which % Math.max(1, world.open.length);
        if (one.do !== 'end' && world.open.length > 0) asked.set(world.open[which].key, world.begun.length);
        await world.end(HOW[one.do], which);
      }
      if (one.do === 'pass') await world.time.pass(one.ms);
      if (one.do === 'stop') void world.queue.stop();
      if (one.do === 'start') world.queue.start();
    }
    world.queue.start();
    world.atOnce = () => ({});
    while (world.open.length > 0) await world.end();
    await world.time.pass(120_000);
    for (const [wanted, begun] of asked) expect(world.keys().slice(begun)).toContain(wanted);
    expect([world.twice, world.queue.depth]).toEqual([0, 0]);
    expect(world.most).toBeLessThanOrEqual(workers);
    expect(world.mostInTurn).toBeLessThanOrEqual(1);
  }), { numRuns: 200 });
});

test('keys that are added all the time do not keep others waiting', async () => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 20 }), async (workers, count) => {
    const world = new QueueWorld(workers);
    const busy = ['x', 'y', 'z'];
    world.atOnce = (one) => {
      if (busy.includes(one) && world.begun.length < 200) world.queue.add(one);
      return {};
    };
    busy.forEach((one) => world.queue.add(one));
    world.queue.start();
    for (let index = 0; index < count; index += 1) world.queue.add(`k${index}`);
    await world.time.pass(0);
    // Each of the busy ones comes at most once more before any of the others.
    for (let index = 0; index < count; index += 1) expect(world.keys().indexOf(`k${index}`)).toBeLessThan(count + 2 * busy.length);
  }), { numRuns: 50 });
});

test('a thousand keys at once are all worked on, by no more than there are workers', async () => {
  const world = new QueueWorld(8);
  world.queue.start();
  const keys = Array.from({ length: 1000 }, (_, index) => `k${index}`);
  keys.forEach((one) => world.queue.add(one));
  await world.time.pass(0);
  expect(world.queue.depth).toBe(992);
  for (let turn = 0; turn < 1000; turn += 1) await world.end();
  expect(world.keys()).toEqual(keys);
  expect([world.most, world.mostInTurn, world.queue.depth]).toEqual([8, 1, 0]);
});
