import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { verifyingKey, verifyToken } from '../../../../sidecar/src/crypto/signed-token';
import { freePort } from '../../../helpers/free-port';
import { SESSION_KEY } from '../../session/build-session';
import { closeWorkers, dialled, ECHO, rawWorker, until, worker } from '../sockets';
import { BASE, closeWorlds, gatewayBefore, ID } from '../world';

const servers: WebSocketServer[] = [];

afterEach(async () => {
  servers.splice(0).forEach((server) => {
    server.clients.forEach((client) => client.terminate());
    server.close();
  });
  await closeWorkers();
  await closeWorlds();
});

const HEADER = 'x-agentcube-session-id';

async function socketServer(): Promise<WebSocketServer> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: (offered) => [...offered][0] ?? false });
  servers.push(server);
  await new Promise((listening) => server.once('listening', listening));
  server.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })));
  return server;
}

const portOf = (server: WebSocketServer): number => (server.address() as AddressInfo).port;

const client = (port: number, path = '/ws?a=%2F', headers: Record<string, string> = { [HEADER]: ID }): WebSocket =>
  new WebSocket(`ws://127.0.0.1:${port}${BASE}${path}`, ['first', 'second'], { headers: { authorization: 'Bearer of-the-client', ...headers } });

/** Status and body of a refusal before the change of protocols. */
function refusalOf(socket: WebSocket): Promise<{ readonly status: number; readonly body: { readonly code: string }; readonly session: unknown }> {
  return new Promise((resolve, reject) => {
    socket.on('open', () => reject(new Error('it was let in'))).on('error', () => undefined).on('unexpected-response', (_request, answer) => {
      let text = '';
      answer.on('data', (chunk) => { text += String(chunk); }).on('end', () => {
        resolve({ status: answer.statusCode!, body: JSON.parse(text), session: answer.headers[HEADER] });
        socket.terminate();
      });
    });
  });
}

test('messages go both ways, and the worker sees a token of the session', async () => {
  const server = await socketServer();
  const asked = new Promise<{ url?: string; headers: Record<string, unknown> }>((resolve) => server.once('connection', (_socket, request) => resolve(request)));
  const world = await gatewayBefore(portOf(server));
  const socket = client(world.port);
  const upgraded = new Promise<Record<string, unknown>>((resolve) => socket.once('upgrade', (answer) => resolve(answer.headers)));
  await new Promise((open) => socket.once('open', open));
  expect((await upgraded)[HEADER]).toBe(ID);
  expect(socket.protocol).toBe('first');
  const { url, headers } = await asked;
  expect(url).toBe('/ws?a=%2F');
  expect(verifyToken(String(headers.authorization).slice(7), [verifyingKey(SESSION_KEY.publicKey)], 8192)).toMatchObject({ session_id: ID });
  const big = Buffer.alloc(1024 * 1024, 7);
  const echoed = new Promise<Buffer>((resolve) => socket.once('message', (data) => resolve(data as Buffer)));
  socket.send(big);
  expect((await echoed).equals(big)).toBe(true);
  expect(world.open()).toBe(1);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.close(1000);
  expect(await closed).toBe(1000);
  await until(() => world.open() === 0, 'the end of the slot');
});

test.each([
  ['a session that is not there', { [HEADER]: '5f1d5a0e-0b62-4b0b-9a3c-999999999999' }, 404, 'SESSION_NOT_FOUND'],
  ['a session of another', { [HEADER]: ID, 'x-test-owner': 'bob' }, 404, 'SESSION_NOT_FOUND'],
  ['no session id', { [HEADER]: '../x' }, 400, 'BAD_REQUEST'],
])('%s is refused before the change of protocols', async (_what, headers, status, code) => {
  const { port, open } = await gatewayBefore(portOf(await socketServer()));
  expect(await refusalOf(client(port, '/', headers as Record<string, string>))).toMatchObject({ status, body: { code } });
  await until(() => open() === 0, 'the end of the slot');
});

test('the refusal of the worker is passed on', async () => {
  const { port, open } = await gatewayBefore(await worker((_asked, answer) => void answer.writeHead(426, { 'content-type': 'application/json' }).end('{"code":"MINE"}')));
  expect(await refusalOf(client(port))).toMatchObject({ status: 426, body: { code: 'MINE' }, session: ID });
  await until(() => open() === 0, 'the end of the slot');
});

test('a worker that is not there is said so', async () => {
  const { port } = await gatewayBefore(await freePort(), { controls: async () => ({ status: 200, body: {} }) });
  expect(await refusalOf(client(port))).toMatchObject({ status: 502, body: { code: 'SANDBOX_UNREACHABLE' }, session: ID });
});

test('a client that is gone ends the socket of the worker', async () => {
  const server = await socketServer();
  const world = await gatewayBefore(portOf(server));
  const socket = client(world.port);
  await new Promise((open) => socket.once('open', open));
  socket.terminate();
  await until(() => server.clients.size === 0 && world.open() === 0);
});

test('a worker that is gone ends the socket of the client', async () => {
  const server = await socketServer();
  const world = await gatewayBefore(portOf(server));
  const socket = client(world.port);
  socket.on('error', () => undefined);
  await new Promise((open) => socket.once('open', open));
  server.clients.forEach((one) => one.terminate());
  await until(() => socket.readyState === WebSocket.CLOSED && world.open() === 0);
});

const ASKING = `GET ${BASE}/ws HTTP/1.1\r\nHost: x\r\n${HEADER}: ${ID}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n`;

test('what one side says after the other has ended still arrives', async () => {
  const { port } = await gatewayBefore(await rawWorker((text, socket) => {
    if (text.startsWith('GET')) socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst');
    socket.once('end', () => setTimeout(() => socket.end('last words'), 50));
  }));
  const socket = await dialled(port, ASKING);
  let text = '';
  socket.on('data', (chunk) => { text += String(chunk); if (text.endsWith('first')) socket.end(); });
  await until(() => text.endsWith('firstlast words') && socket.closed);
});

test('what the client sends with its request reaches the worker', async () => {
  let received = '';
  const { port } = await gatewayBefore(await rawWorker((text, socket) => {
    if (text.startsWith('GET')) socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    received += text;
  }));
  const socket = await dialled(port, `${ASKING}early`);
  await until(() => received.endsWith('\r\n\r\nearly'));
  socket.destroy();
});

test('closing the gateway ends open sockets', async () => {
  const world = await gatewayBefore(portOf(await socketServer()));
  const socket = client(world.port);
  socket.on('error', () => undefined);
  await new Promise((open) => socket.once('open', open));
  await world.app.close();
  await until(() => socket.readyState === WebSocket.CLOSED);
});

test.each([['GET', ''], ['POST', 'hello']])('%s with an offer of HTTP/2 is served as usual', async (method, body) => {
  const { port } = await gatewayBefore(await worker(ECHO));
  const socket = await dialled(port, `${method} ${BASE}/a HTTP/1.1\r\nHost: x\r\n${HEADER}: ${ID}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  let text = '';
  socket.on('data', (chunk) => { text += String(chunk); });
  await until(() => text.includes('"body"'));
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  expect(text).toContain(`"body":"${body}"`);
  expect(text).not.toContain('h2c');
  socket.destroy();
});

test('a body beside an offer of WebSocket is no way to a second request', async () => {
  const inner = 'GET /evil HTTP/1.1\r\n\r\n';
  let received = '';
  const { port } = await gatewayBefore(await rawWorker((text, socket) => {
    received += text;
    if (received.endsWith(inner)) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  }));
  const socket = await dialled(port, `${ASKING.replace('\r\n\r\n', `\r\nContent-Length: ${inner.length}\r\n\r\n`)}${inner}`);
  await until(() => received.endsWith(inner));
  expect(received).toMatch(/content-length: 22\r\n/);
  expect(received).not.toMatch(/upgrade: websocket/i);
  socket.destroy();
});
