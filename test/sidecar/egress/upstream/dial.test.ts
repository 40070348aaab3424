import { Socket } from 'node:net';
import { refuse } from '../../../../sidecar/src/egress/refusals/refuse';
import { connected, directWay, established } from '../../../../sidecar/src/egress/upstream/dial';
import { freePort } from '../../../helpers/free-port';
import { Loopback, until } from '../loopback';
import { PassingTime } from '../passing-time';

const HOST = 'api.example.com';
const loopback = new Loopback();

afterEach(() => loopback.close());

test('the addresses that were checked are dialled, whatever the name means elsewhere', async () => {
  const port = await loopback.serve((socket) => socket.end('hello'));
  const socket = await connected('localhost', ['127.0.0.1'], port, new PassingTime().after);
  expect(socket.remoteAddress).toBe('127.0.0.1');
  socket.destroy();
});

test.each([
  ['the first of two', ['127.0.0.1', '127.0.0.2']], ['the second when nobody listens at the first', ['127.0.0.3', '127.0.0.1']],
  ['one of each family', ['::1', '127.0.0.1']], ['the last of many', ['127.0.0.9', '127.0.0.8', '::1', '127.0.0.7', '127.0.0.1']],
])('%s answers', async (_what, addresses) => {
  const port = await loopback.serve((socket) => socket.end('hello'));
  const socket = await connected(HOST, addresses, port, new PassingTime().after);
  expect(socket.remoteAddress).toBe('127.0.0.1');
  socket.destroy();
});

test('a host that is an address is dialled as it is', async () => {
  const port = await loopback.serve((socket) => socket.end('hello'));
  const asked: string[] = [];
  const resolver = { resolve: async (host: string) => { asked.push(host); return [host]; } };
  const socket = await directWay({ resolver, after: new PassingTime().after }).dial('127.0.0.1', port);
  expect(asked).toEqual(['127.0.0.1']);
  expect(socket.remoteAddress).toBe('127.0.0.1');
  socket.destroy();
});

test('addresses are asked for again each time', async () => {
  const port = await loopback.serve((socket) => socket.end('hello'));
  const resolve = jest.fn(async () => ['127.0.0.1']);
  const way = directWay({ resolver: { resolve }, after: new PassingTime().after });
  await way.check(HOST);
  (await way.dial(HOST, port)).destroy();
  expect(resolve.mock.calls).toEqual([[HOST], [HOST]]);
});

test.each([['one address', ['127.0.0.3']], ['several', ['127.0.0.3', '127.0.0.4', '::1']]])('nobody who listens at %s is told without them', async (_what, addresses) => {
  const time = new PassingTime();
  const error = await connected(HOST, addresses, await freePort(), time.after).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'UPSTREAM_FAILED', status: 502, message: `the connection to ${HOST} failed: ECONNREFUSED` });
  expect(time.waiting).toBe(0);
});

test('a connection that is not taken is given up', async () => {
  const time = new PassingTime();
  const socket = new Socket();
  const dialling = established(socket, HOST, time.after);
  await time.pass(9_999);
  expect(socket.destroyed).toBe(false);
  await time.pass(1);
  await expect(dialling).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT', status: 504, message: `${HOST} has not taken the connection in time` });
  expect(socket.destroyed).toBe(true);
});

test('what is refused now is not dialled, though it was allowed a moment ago', async () => {
  const port = await loopback.serve(() => undefined);
  const resolve = jest.fn<Promise<string[]>, [string]>().mockResolvedValueOnce(['127.0.0.1']).mockRejectedValue(refuse('ADDRESS_REFUSED', 'it is private'));
  const way = directWay({ resolver: { resolve }, after: new PassingTime().after });
  await way.check(HOST);
  await expect(way.dial(HOST, port)).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  expect(loopback.sockets.size).toBe(0);
});

test('an upstream that resets at once ends its socket and nothing else', async () => {
  const port = await loopback.serve((socket) => socket.resetAndDestroy());
  const time = new PassingTime();
  const socket = await connected(HOST, ['127.0.0.1'], port, time.after).catch(() => undefined);
  socket?.resume();
  await until(() => socket?.destroyed !== false);
  expect(time.waiting).toBe(0);
});
