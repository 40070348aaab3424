import fc from 'fast-check';
import { watchOf } from './watch-world';
import { settle, WatchedServer } from './watched-server';
import { KubeError } from '../../../sidecar/src/kube/kube-error';

test('what is there is listed, page by page, and what changes is followed', async () => {
  const server = new WatchedServer();
  for (let i = 0; i < 600; i += 1) server.put(`r${i}`, 1);
  const { sink, watch } = await watchOf(server);
  expect(server.lists).toBe(3);
  expect(sink.items.size).toBe(600);
  server.put('r0', 2);
  server.put('new', 3);
  server.remove('r1');
  await settle();
  expect(sink.state()).toEqual(server.state());
  expect(watch.staleSince()).toBeUndefined();
});

test('whatever happens to the connection, the end is what a fresh list says', async () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), name, value: fc.integer({ min: 0, max: 89 }) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), name }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('end' as const, 'cut', 'compact', 'bookmark', 'settle', 'expire', 'garble', 'failList', 'failWatch') }) },
  );
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    const server = new WatchedServer();
    const { sink, watch } = await watchOf(server, false);
    for (const one of steps) {
      if (one.do === 'put') server.put(one.name, one.value);
      if (one.do === 'remove') server.remove(one.name);
      if (one.do === 'end') server.end();
      if (one.do === 'cut') server.cut();
      if (one.do === 'compact') server.compact();
      if (one.do === 'bookmark') server.bookmark();
      if (one.do === 'settle') await settle();
      if (one.do === 'expire') server.send('{"type":"ERROR","object":{"code":410}}');
      if (one.do === 'garble') server.send('{"type":"MODIFIED","obj');
      if (one.do === 'failList') server.refuseNextList = new KubeError('Gone', 'the page has expired');
      if (one.do === 'failWatch') server.send('{"type":"ERROR","object":{"code":500}}');
    }
    await settle();
    await settle();
    expect(sink.state()).toEqual(server.state());
    expect(watch.staleSince()).toBeUndefined();
    await watch.close();
    expect(server.watching).toBe(0);
  }), { numRuns: 150 });
});

describe('a version that is no longer kept', () => {
  test.each<[string, (server: WatchedServer) => void]>([
    ['as a status', (server) => server.cut()],
    ['as an event', (server) => server.send('{"type":"ERROR","object":{"kind":"Status","code":410}}')],
  ])('%s leads to a new list', async (_, happens) => {
    const server = new WatchedServer();
    server.put('a', 1);
    const { sink } = await watchOf(server);
    server.cut();
    server.put('b', 2);
    server.compact();
    happens(server);
    await settle();
    expect(server.lists).toBe(2);
    expect(sink.state()).toEqual({ a: 1, b: 2 });
  });
});

test('a cut connection goes on from the last version, without a list', async () => {
  const server = new WatchedServer();
  const { sink } = await watchOf(server);
  server.cut();
  server.put('a', 1);
  await settle();
  expect([server.lists, sink.state()]).toEqual([1, { a: 1 }]);
});

test.each(['', 'planted', '[]', '{"type":"ADDED"}', '{"type":"NEW","object":{"metadata":{"name":"x","resourceVersion":"1"}}}',
  '{"type":"ADDED","object":{"metadata":{"resourceVersion":"1"}}}', '{"type":"ADDED","object":{"metadata":{"name":"x"}}}'])('a line that is no event leads to a new list: %j', async (line) => {
  const server = new WatchedServer();
  const { sink, reasons } = await watchOf(server);
  server.send(line);
  await settle();
  expect([server.lists, sink.state(), reasons]).toEqual([2, {}, ['a line of the watch is not an event']]);
});

test('an object that is left out takes its earlier version with it', async () => {
  const server = new WatchedServer();
  server.put('a', 1);
  const { sink } = await watchOf(server);
  server.put('a', 91);
  await settle();
  expect(sink.state()).toEqual({});
});

test('a page that is too large is asked for in parts', async () => {
  const server = new WatchedServer();
  for (let i = 0; i < 100; i += 1) server.put(`r${i}`, 1);
  server.largestPage = 5;
  const { sink } = await watchOf(server);
  expect(sink.items.size).toBe(100);
});

test('a single object that is too large is a failure, tried again later', async () => {
  const server = new WatchedServer();
  server.put('a', 1);
  server.largestPage = 0;
  const { sink, waits, watch } = await watchOf(server);
  expect([sink.items.size, watch.staleSince()]).toEqual([0, -Infinity]);
  expect(waits.length).toBeGreaterThan(0);
});

describe('waiting', () => {
  test('grows while nothing is heard, up to a bound, and starts anew when something was', async () => {
    const server = new WatchedServer();
    const { waits } = await watchOf(server);
    for (let i = 0; i < 8; i += 1) {
      server.cut();
      await settle();
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    server.bookmark();
    await settle();
    server.end();
    await settle();
    expect(waits.at(-1)).toBe(0);
  });

  test('is at least what the API server asks for', async () => {
    const server = new WatchedServer();
    server.refuseNextList = new KubeError('Throttled', 'slow down', { retryAfterSeconds: 3 });
    const { waits } = await watchOf(server);
    expect(waits).toEqual([3000]);
  });
});
