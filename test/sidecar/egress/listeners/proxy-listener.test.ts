import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { fenceServer } from '../../../../sidecar/src/egress/listeners/fence';
import { ProxyListener } from '../../../../sidecar/src/egress/listeners/proxy-listener';

/** Timers that pass when a test says so. */
function timers() {
  const waiting = new Set<() => void>();
  const after = (_ms: number, run: () => void) => {
    waiting.add(run);
    return () => void waiting.delete(run);
  };
  return { after, waiting, pass: () => [...waiting].forEach((run) => run()) };
}

const portOf = ({ server }: ProxyListener) => (server.address() as AddressInfo).port;

test('a listener that is closed lets answers end, and tells others to end at once', async () => {
  const { after, waiting } = timers();
  const told: string[] = [];
  let answer = (): void => undefined;
  const listener = new ProxyListener(createServer((_request, response) => { answer = () => response.end('done'); }), {
    after, drain: () => told.push('drain'), end: () => told.push('end'),
  });
  await listener.listen({ host: '127.0.0.1', port: 0 });
  const asked = request({ port: portOf(listener), host: '127.0.0.1' }).end();
  await once(listener.server, 'request');
  listener.drain();
  const closed = listener.close();
  expect(told).toEqual(['drain', 'end']);
  answer();
  const [response] = await once(asked, 'response');
  expect(response.statusCode).toBe(200);
  response.resume();
  await closed;
  expect(waiting.size).toBe(0);
});

test('what does not end is cut off', async () => {
  const { after, pass } = timers();
  const listener = new ProxyListener(createServer(() => undefined), { after });
  await listener.listen({ host: '127.0.0.1', port: 0 });
  const asked = request({ port: portOf(listener), host: '127.0.0.1' }).end();
  const failed = once(asked, 'error');
  await once(listener.server, 'request');
  const closed = listener.close();
  pass();
  await Promise.all([closed, failed]);
});

test('one that never listened is closed at once', async () => {
  await new ProxyListener(createServer(), timers()).close();
});

test('a port that is taken is told', async () => {
  const first = new ProxyListener(createServer(), timers());
  await first.listen({ host: '127.0.0.1', port: 0 });
  await expect(new ProxyListener(createServer(), timers()).listen({ host: '127.0.0.1', port: portOf(first) })).rejects.toThrow(/EADDRINUSE/);
  await first.close();
});

test('the fence takes every connection and says nothing', async () => {
  const fence = new ProxyListener(fenceServer(), timers());
  await fence.listen({ host: '127.0.0.1', port: 0 });
  const client = connect(portOf(fence), '127.0.0.1');
  const data: Buffer[] = [];
  client.on('data', (chunk: Buffer) => data.push(chunk)).on('error', () => undefined);
  await once(client, 'connect');
  await once(client, 'close');
  expect(data).toEqual([]);
  await fence.close();
});
