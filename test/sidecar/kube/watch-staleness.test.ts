import { T0, watchOf } from './watch-world';
import { settle, WatchedServer } from './watched-server';
import { KubeError } from '../../../sidecar/src/kube/kube-error';

describe('on a quiet API server', () => {
  test('a watch that is ended for its silence goes on, without a word and without waiting', async () => {
    const server = new WatchedServer();
    const { time, waits, reasons, watch } = await watchOf(server);
    for (let i = 0; i < 20; i += 1) {
      time.now += 70_000;
      expect(watch.staleSince()).toBeUndefined();
      server.end();
      await settle();
    }
    expect([new Set(waits), reasons, server.lists]).toEqual([new Set([0]), [], 21]);
    server.put('a', 1);
    await settle();
    expect(watch.heardAt()).toBe(time.now);
  });

  test('the silence after a loss that was just short enough makes nothing stale', async () => {
    const server = new WatchedServer();
    const { time, watch } = await watchOf(server);
    const { watch: accept } = server;
    server.watch = () => Promise.reject(new KubeError('Unavailable', 'down'));
    server.cut();
    await settle();
    time.now += 74_999;
    server.watch = accept;
    await settle();
    time.now += 70_000;
    server.end();
    await settle();
    time.now += 70_000;
    expect(watch.staleSince()).toBeUndefined();
  });

  test('what its watches have lost is found all the same', async () => {
    const server = new WatchedServer();
    const { sink, time, watch } = await watchOf(server);
    server.losesEvents = true;
    for (let i = 0; i < 10; i += 1) {
      server.put('a', i);
      time.now += 70_000;
      server.end();
      await settle();
      expect([sink.state(), watch.staleSince()]).toEqual([{ a: i }, undefined]);
    }
  });

  test('a watch on which something came is not doubted', async () => {
    const server = new WatchedServer();
    const { time } = await watchOf(server);
    time.now += 60_000;
    server.bookmark();
    await settle();
    server.end();
    await settle();
    expect([server.lists, server.watching]).toEqual([1, 1]);
  });
});

describe('a watch that is accepted is no sign of life', () => {
  test('when whoever accepts it does not reach the store', async () => {
    const server = new WatchedServer();
    const { time, reasons, watch } = await watchOf(server);
    server.list = () => Promise.reject(new KubeError('Unavailable', 'no store'));
    time.now += 70_000;
    server.end();
    await settle();
    expect([server.watching, new Set(reasons)]).toEqual([0, new Set(['no store'])]);
    time.now += 74_999;
    expect(watch.staleSince()).toBeUndefined();
    time.now += 1;
    expect(watch.staleSince()).toBe(T0 + 145_000);
  });

  test('when it is cut each time before anything came', async () => {
    const server = new WatchedServer();
    const { time, watch } = await watchOf(server);
    for (let i = 0; i < 40; i += 1) {
      time.now += 15_000;
      server.cut();
      await settle();
      expect(watch.staleSince()).toBeUndefined();
    }
    expect(server.lists).toBe(11);
    server.list = () => Promise.reject(new KubeError('Unavailable', 'no store'));
    time.now += 75_000;
    server.cut();
    await settle();
    time.now += 75_000;
    expect(watch.staleSince()).toBe(time.now);
  });
});

test('a watch that ends with an error each time is a list each time, and is stale without one', async () => {
  const server = new WatchedServer();
  const { sink, time, watch } = await watchOf(server);
  const fails = async () => {
    server.send('{"type":"ERROR","object":{"kind":"Status","code":500}}');
    await settle();
  };
  for (let i = 0; i < 10; i += 1) {
    time.now += 20_000;
    server.put('a', i);
    await fails();
    expect([sink.state(), watch.staleSince()]).toEqual([{ a: i }, undefined]);
  }
  expect(server.lists).toBe(11);
  server.list = () => Promise.reject(new KubeError('Unavailable', 'no store'));
  await fails();
  time.now += 75_000;
  expect(watch.staleSince()).toBeDefined();
});

describe('a watch is stale', () => {
  test('before the first list', async () => {
    const server = new WatchedServer();
    server.list = () => Promise.reject(new KubeError('Forbidden', 'no right to list'));
    const { watch } = await watchOf(server);
    expect(watch.staleSince()).toBe(-Infinity);
  });

  test('after 150 s without event or bookmark', async () => {
    const server = new WatchedServer();
    const { watch, time } = await watchOf(server);
    time.now += 149_999;
    expect(watch.staleSince()).toBeUndefined();
    time.now += 1;
    expect(watch.staleSince()).toBe(T0 + 150_000);
    server.bookmark();
    await settle();
    expect(watch.staleSince()).toBeUndefined();
  });

  test('75 s after the connection was lost', async () => {
    const server = new WatchedServer();
    const { watch, time } = await watchOf(server);
    server.watch = () => Promise.reject(new KubeError('Unavailable', 'down'));
    server.cut();
    await settle();
    time.now += 74_999;
    expect(watch.staleSince()).toBeUndefined();
    time.now += 1;
    expect(watch.staleSince()).toBe(T0 + 75_000);
  });
});
