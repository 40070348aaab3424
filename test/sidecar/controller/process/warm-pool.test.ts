import * as fc from 'fast-check';
import { Warm, WarmPool } from '../../../../sidecar/src/controller/process/warm-pool';

interface Toy extends Warm {
  readonly name: number;
  readonly over: boolean;
  die(): void;
}

/** A pool of toys that start when the test says so. */
function world(random = () => 1) {
  const starts: { resolve(): Promise<Toy>; reject(): Promise<void> }[] = [];
  const timers: { ms: number; run: () => void }[] = [];
  const failures: unknown[] = [];
  const all: Toy[] = [];
  const pool = new WarmPool<Toy>({
    start: () => new Promise((resolve, reject) => {
      starts.push({
        resolve: async () => {
          const one = toy(all.length + 1);
          all.push(one);
          resolve(one);
          await settle();
          return one;
        },
        reject: () => {
          reject(new Error('no start'));
          return settle();
        },
      });
    }),
    after: (ms, run) => {
      const timer = { ms, run };
      timers.push(timer);
      return () => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1));
    },
    random,
    failed: (reason) => failures.push(reason),
  });
  const next = () => starts.shift()!;
  const rest = () => {
    const { ms, run } = timers.shift()!;
    run();
    return ms;
  };
  return { pool, starts, next, rest, timers, failures, all };
}

function toy(name: number): Toy {
  let over = false;
  let die!: () => void;
  const ended = new Promise<void>((resolve) => {
    die = () => {
      over = true;
      resolve();
    };
  });
  return { name, ended, die, get over() { return over; }, end: async () => die() };
}

const settle = () => new Promise((resolve) => setImmediate(resolve)) as Promise<void>;
const patient = () => new AbortController().signal;

test('the one that has been ready for longest is taken, and another is started for it', async () => {
  const { pool, next, starts } = world();
  pool.resize(2);
  const first = await next().resolve();
  await next().resolve();
  expect(starts).toHaveLength(0);
  expect(await pool.take(patient())).toBe(first);
  expect(starts).toHaveLength(1);
});

test('whoever waits is served in order, also beyond what is kept warm', async () => {
  const { pool, next } = world();
  pool.resize(0);
  const order: string[] = [];
  const waiting = ['a', 'b', 'c'].map((who) => pool.take(patient()).then(({ name }) => order.push(`${who}${name}`)));
  for (let at = 0; at < 3; at += 1) await next().resolve();
  await Promise.all(waiting);
  expect(order).toEqual(['a1', 'b2', 'c3']);
});

test('no more than four are started at once', () => {
  const { pool, starts } = world();
  pool.resize(20);
  expect(starts).toHaveLength(4);
});

test('whoever has left gets none: what was started for them is ended, or kept warm', async () => {
  const { pool, next, all } = world();
  const leaving = new AbortController();
  const left = pool.take(leaving.signal);
  leaving.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  await next().resolve();
  expect(all[0].over).toBe(true);
});

test('after failures it rests, longer each time, and a worker that is taken ends that', async () => {
  const { pool, next, rest, starts, failures } = world();
  pool.resize(1);
  for (const ms of [500, 1000, 2000]) {
    expect(pool.isFailing).toBe(false);
    await next().reject();
    pool.resize(1);
    expect(starts).toHaveLength(0);
    expect(rest()).toBe(ms);
  }
  expect(pool.isFailing).toBe(true);
  await next().resolve();
  expect(pool.isFailing).toBe(false);
  await pool.take(patient());
  await next().reject();
  expect(rest()).toBe(500);
  expect(failures).toHaveLength(4);
});

test('one that dies while it is warm is given to nobody, and counts as a failure', async () => {
  const { pool, next, rest, failures } = world();
  pool.resize(1);
  const dead = await next().resolve();
  dead.die();
  await settle();
  expect(failures).toEqual([new Error('a warm session daemon ended')]);
  const waiting = pool.take(patient());
  rest();
  const alive = await next().resolve();
  expect(await waiting).toBe(alive);
});

test('one that dies after it was taken is no business of the pool', async () => {
  const { pool, next, failures } = world();
  pool.resize(1);
  const taken = await next().resolve();
  await pool.take(patient());
  taken.die();
  await settle();
  expect(failures).toEqual([]);
});

test('of too many the youngest are ended', async () => {
  const { pool, next, all } = world();
  pool.resize(3);
  for (let at = 0; at < 3; at += 1) await next().resolve();
  pool.resize(1);
  expect(all.map(({ over }) => over)).toEqual([false, true, true]);
});

test('a pool that is closed refuses who waits, ends what is warm and what still starts, and rests no more', async () => {
  const { pool, next, all, timers, starts } = world();
  pool.resize(2);
  await next().resolve();
  const starting = next();
  await pool.take(patient());
  const waiting = pool.take(patient()).catch((reason: unknown) => reason);
  const closed = pool.close('closed');
  expect(await waiting).toBe('closed');
  await starting.resolve();
  for (const start of starts.splice(0)) await start.reject();
  await closed;
  expect(all[1].over).toBe(true);
  expect(timers).toEqual([]);
});

test('whatever happens, nobody gets a worker twice or a dead one, and warm ones that are not needed do not pile up', async () => {
  const step = fc.constantFrom('take', 'leave', 'start', 'fail', 'die', 'rest', 'grow', 'shrink');
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    const { pool, starts, timers, next, rest, all } = world();
    const taken: Toy[] = [];
    const leavers: AbortController[] = [];
    let replicas = 1;
    pool.resize(replicas);
    for (const what of steps) {
      if (what === 'take') {
        const leaver = new AbortController();
        leavers.push(leaver);
        void pool.take(leaver.signal).then((one) => taken.push(one), () => undefined);
      }
      if (what === 'leave') leavers.shift()?.abort(new Error('left'));
      if (what === 'start' && starts.length > 0) await next().resolve();
      if (what === 'fail' && starts.length > 0) await next().reject();
      if (what === 'die') all.find((one) => !one.over && !taken.includes(one))?.die();
      if (what === 'rest' && timers.length > 0) rest();
      if (what === 'grow') pool.resize(replicas += 1);
      if (what === 'shrink') pool.resize(replicas = Math.max(0, replicas - 1));
      await settle();
      expect(new Set(taken).size).toBe(taken.length);
      expect(taken.filter(({ over }) => over)).toEqual([]);
      expect(all.filter((one) => !one.over && !taken.includes(one)).length).toBeLessThanOrEqual(replicas);
      expect(starts.length).toBeLessThanOrEqual(4);
    }
    await Promise.all([pool.close('closed'), ...starts.map((start) => start.reject())]);
    expect(all.filter((one) => !one.over && !taken.includes(one))).toEqual([]);
  }), { numRuns: 100 });
});
