import { WorkerPools } from '../../../../sidecar/src/gateway/wire/pools';
import type { After } from '../../../../sidecar/src/server/time/timers';
import type { UpstreamConnection } from '../../../../sidecar/src/server/wire/upstream-connection';
import { closeWorkers, ECHO, worker } from '../sockets';

const opened: WorkerPools[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await closeWorkers();
});

function pools(maxPools?: number) {
  const world = { now: 0 };
  const timers: (() => void)[] = [];
  const after: After = (_ms, run) => {
    timers.push(run);
    return () => void timers.splice(timers.indexOf(run), 1);
  };
  const one = new WorkerPools({ clock: () => world.now, after, maxPools });
  opened.push(one);
  return { world, one, timers, tick: () => timers.splice(0).forEach((run) => run()) };
}

function get(connection: UpstreamConnection): Promise<string> {
  return new Promise((resolve) => connection.dispatch({ method: 'GET', path: '/' }, {
    onRequestStart: () => undefined,
    onResponseData: () => undefined,
    onResponseEnd: () => { connection.giveBack(); resolve('answered'); },
    onResponseError: (_controller, error) => { connection.giveBack(); resolve(error.message); },
  }));
}

test('a connection that was given back is used again, by its session and address alone', () => {
  const { one } = pools();
  const first = one.take('s-1', 'http://10.0.0.1:1');
  expect(one.take('s-1', 'http://10.0.0.1:1')).not.toBe(first);
  first.giveBack();
  expect(one.take('s-2', 'http://10.0.0.1:1')).not.toBe(first);
  expect(one.take('s-1', 'http://10.0.0.2:1')).not.toBe(first);
  expect(one.take('s-1', 'http://10.0.0.1:1')).toBe(first);
});

test('pools that nobody asks are given up, those in use are not', () => {
  const { one, tick, world, timers } = pools();
  one.take('s-1', 'http://10.0.0.1:1').giveBack();
  const used = one.take('s-2', 'http://10.0.0.1:1');
  world.now += 30_000;
  tick();
  expect(one.size).toBe(1);
  used.giveBack();
  world.now += 30_000;
  tick();
  expect(one.size).toBe(0);
  expect(timers).toHaveLength(0);
});

test('above the bound idle pools go first', () => {
  const { one } = pools(2);
  one.take('s-1', 'http://10.0.0.1:1').giveBack();
  one.take('s-2', 'http://10.0.0.1:1');
  one.take('s-3', 'http://10.0.0.1:1');
  expect(one.size).toBe(2);
});

test('after the end of a session its connections end, and what is open may finish', async () => {
  const { one } = pools();
  const connection = one.take('s-1', `http://127.0.0.1:${await worker(ECHO)}`);
  const asked = get(connection);
  one.end('s-1');
  expect(await asked).toBe('answered');
  expect(one.size).toBe(0);
  expect(await get(connection)).toMatch(/closed|destroyed/);
});
