import { Activity } from '../../../../sidecar/src/gateway/invocations/activity';
import { StoreError } from '../../../../sidecar/src/store/store-error';
import { capturedLog } from '../../server/frame';

function activity(touch: (seen: ReadonlyMap<string, number>) => Promise<readonly string[]> = async () => []) {
  const world = { now: 1000, ended: [] as string[] };
  const timers: (() => void)[] = [];
  const written: [string, number][][] = [];
  const one = new Activity({
    store: { touch: (seen) => { written.push([...seen]); return touch(seen); } },
    clock: () => world.now,
    log: capturedLog().log,
    after: (_ms, run) => { timers.push(run); return () => timers.splice(timers.indexOf(run), 1); },
    ended: (id) => void world.ended.push(id),
  });
  const beat = async (): Promise<void> => {
    timers.splice(0).forEach((run) => run());
    await new Promise((next) => setImmediate(next));
  };
  return { world, one, written, timers, beat };
}

test('many requests are one write', async () => {
  const { one, written, beat, world } = activity();
  ['a', 'b', 'a'].forEach((id) => { one.begin(id); one.end(id); });
  world.now = 2000;
  one.begin('c');
  one.end('c');
  await beat();
  expect(written).toEqual([[['a', 1000], ['b', 1000], ['c', 2000]]]);
});

test('an open request keeps its session alive, and only as long as it is open', async () => {
  const { one, written, beat, world, timers } = activity();
  one.begin('a');
  one.begin('a');
  for (let count = 0; count < 3; count++) {
    world.now += 5000;
    await beat();
  }
  expect(written.map(([[, time]]) => time)).toEqual([6000, 11_000, 16_000]);
  one.end('a');
  one.end('a');
  await beat();
  await beat();
  expect(written).toHaveLength(4);
  expect(timers).toHaveLength(0);
});

test('what could not be written is written later, the latest time of it', async () => {
  let broken = true;
  const { one, written, beat, world } = activity(async () => { if (broken) throw new StoreError('Unavailable', 'x'); return []; });
  one.begin('a');
  one.begin('b');
  one.end('a');
  one.end('b');
  await beat();
  broken = false;
  world.now = 3000;
  one.begin('b');
  one.end('b');
  await beat();
  expect(new Map(written[1])).toEqual(new Map([['a', 1000], ['b', 3000]]));
});

test('what is noted while a slow store is written to is written next, although nothing else happens', async () => {
  let answer = (): void => undefined;
  const { one, written, beat, timers } = activity(() => new Promise((resolve) => { answer = () => resolve([]); }));
  one.begin('a');
  one.end('a');
  await beat();
  one.begin('b');
  one.end('b');
  await beat();
  answer();
  await beat();
  await beat();
  expect(written).toEqual([[['a', 1000]], [['b', 1000]]]);
  answer();
  await beat();
  expect(timers).toHaveLength(0);
});

test('no write has more than the store takes', async () => {
  const { one, written, beat } = activity();
  for (let count = 0; count < 2500; count++) { one.begin(`s-${count}`); one.end(`s-${count}`); }
  await beat();
  expect(written.map(({ length }) => length)).toEqual([1000, 1000, 500]);
});

test('sessions that are gone are told', async () => {
  const { one, beat, world } = activity(async () => ['a']);
  one.begin('a');
  one.end('a');
  await beat();
  expect(world.ended).toEqual(['a']);
});

test('closing writes what waits, and begins nothing', async () => {
  const { one, written, timers } = activity();
  one.begin('a');
  one.end('a');
  await one.close();
  expect(written).toEqual([[['a', 1000]]]);
  one.end('b');
  expect(timers).toHaveLength(0);
});
