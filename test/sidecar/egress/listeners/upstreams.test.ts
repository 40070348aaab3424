import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Upstreams } from '../../../../sidecar/src/egress/listeners/upstreams';
import type { Target } from '../../../../sidecar/src/egress/targets/target';
import type { UpstreamConnection } from '../../../../sidecar/src/server/wire/upstream-connection';
import { eventually } from '../../../helpers/temp-folder';

let server: Server;
let open: Set<Socket>;
const dialled: { host: string; secure: boolean; token: string }[] = [];

beforeEach(async () => {
  dialled.length = 0;
  open = new Set();
  server = createServer((_request, response) => response.end('ok')).on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const leave = (token: string) => ({ question: { token, clientAddress: 'a', host: 'h', port: 80 } }) as never;
const target = (host: string, port = 80): Target => ({ host, port, kind: 'name' });

function upstreams(): Upstreams {
  return new Upstreams(async ({ question }, { host }, secure) => {
    dialled.push({ host, secure, token: question.token });
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  });
}

function ask(connection: UpstreamConnection): Promise<void> {
  return new Promise((resolve, reject) => connection.dispatch({ method: 'GET', path: '/' }, {
    onRequestStart: () => undefined,
    onResponseStart: () => undefined,
    onResponseData: () => undefined,
    onResponseEnd: () => { connection.giveBack(); resolve(); },
    onResponseError: (_controller, error) => { connection.giveBack(); reject(error); },
  }));
}

test('requests of one client to one host go over one connection', async () => {
  const all = upstreams();
  await ask(all.take(leave('t'), target('a.example.com'), false));
  await ask(all.take(leave('t'), target('a.example.com'), false));
  expect(dialled).toHaveLength(1);
  all.destroy();
});

test.each([
  ['another host', leave('t'), target('b.example.com'), false],
  ['another port', leave('t'), target('a.example.com', 81), false],
  ['https', leave('t'), target('a.example.com'), true],
  ['another token', leave('u'), target('a.example.com'), false],
])('%s has a connection of its own', async (_case, whose, where, secure) => {
  const all = upstreams();
  const first = all.take(leave('t'), target('a.example.com'), false);
  expect(all.take(whose, where, secure)).not.toBe(first);
  all.destroy();
});

test('a connection that cannot be made is told as it was refused, and nothing of it stays', async () => {
  const refusal = new Error('refused by the rules');
  const all = new Upstreams(async () => { throw refusal; });
  await expect(ask(all.take(leave('t'), target('a.example.com'), false))).rejects.toBe(refusal);
  all.destroy();
});

test('with the client all its connections end', async () => {
  const all = upstreams();
  await Promise.all(['a.example.com', 'b.example.com'].map((host) => ask(all.take(leave('t'), target(host), false))));
  expect(open.size).toBe(2);
  all.destroy();
  await eventually(() => open.size === 0);
});

test('of many hosts only the last ones are kept', async () => {
  const all = upstreams();
  for (let host = 0; host < 20; host += 1) await ask(all.take(leave('t'), target(`h${host}.example.com`), false));
  await eventually(() => open.size <= 8);
  all.destroy();
});
