import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { BEARER, CREDENTIAL, exchangeBearer, forwardWorld, rawUpstream, RUN_TOKEN, upstream, type WorldOptions } from './forward-world';
import { Loopback, until } from '../loopback';

const loopback = new Loopback();
afterEach(() => loopback.close());

const HANDSHAKE = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n';

/** An upstream that says what it hears, and the headers with which it was asked. */
async function echoes(options: WorldOptions = {}) {
  const seen: { headers?: unknown } = {};
  const server = createServer();
  new WebSocketServer({ server }).on('connection', (socket, request) => {
    seen.headers = request.headers;
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const world = await forwardWorld(loopback, await loopback.listen(server), options);
  return { world, seen };
}

function talk(port: number, headers = {}): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket?x=1`, ['chat'], { headers });
    socket.once('open', () => resolve(socket)).once('error', reject);
  });
}

async function said(socket: WebSocket, text: string): Promise<string> {
  const heard = new Promise<string>((resolve) => { socket.once('message', (data) => resolve(String(data))); });
  socket.send(text);
  return heard;
}

test('a WebSocket carries what both sides say, and the credential is in its request', async () => {
  const { world, seen } = await echoes({ substitute: exchangeBearer });
  const socket = await talk(world.port, { 'authorization': `Bearer ${BEARER}`, 'x-notes': 'mine' });
  expect(await said(socket, 'hello')).toBe('hello');
  expect((await said(socket, 'x'.repeat(300_000))).length).toBe(300_000);
  expect(seen.headers).toMatchObject({ 'authorization': `Bearer ${CREDENTIAL}`, 'sec-websocket-protocol': 'chat', 'upgrade': 'websocket', 'connection': 'upgrade' });
  expect(seen.headers).not.toHaveProperty('x-notes');
  socket.close();
  await until(() => world.outcomes.length === 1 && world.upstreams.size === 0 && loopback.sockets.size === 0, 'rest');
  expect(world.outcomes[0]).toMatchObject({ status: 101, cutOff: false, auditId: 'audit-1' });
  const { sent, received } = world.outcomes[0] as { sent: number; received: number };
  expect(sent).toBeGreaterThan(300_000);
  expect(received).toBeGreaterThan(300_000);
});

test('what comes along with the change of protocols is passed on', async () => {
  const world = await forwardWorld(loopback, await rawUpstream(loopback, (socket) => socket.write(`${SWITCHED}\r\nfirst`)));
  const client = (await loopback.client(world.port)).send(`GET / HTTP/1.1\r\nHost: x\r\n${HANDSHAKE}\r\n`);
  expect(await client.until(/first$/)).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\n/);
  await client.send('second').until(/first$/);
  await until(() => client.socket.writableLength === 0);
  client.socket.end();
  await until(() => world.outcomes.length === 1);
  expect(world.outcomes).toEqual([{ status: 101, sent: 6, received: 5, cutOff: false }]);
});

describe('a WebSocket is not opened', () => {
  test.each<[string, string, number, WorldOptions]>([
    ['with a bearer in its protocol', `Sec-WebSocket-Protocol: key.${BEARER}\r\n`, 403, {}],
    ['with the run token', `X-Token: ${RUN_TOKEN}\r\n`, 403, {}],
    ['when the broker is away', `Authorization: Bearer ${BEARER}\r\n`, 502, { substitute: async () => { throw new Error('away'); } }],
  ])('%s', async (_what, header, status, options) => {
    const { world, seen } = await echoes(options);
    const client = (await loopback.client(world.port)).send(`GET / HTTP/1.1\r\nHost: x\r\n${HANDSHAKE}${header}\r\n`);
    expect(await client.ended()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect([seen.headers, world.dials()]).toEqual([undefined, 0]);
  });

  test.each<[string, string]>([
    ['to another protocol', SWITCHED.replace('websocket', 'h2c')], ['with a refusal of garbage', 'nonsense\r\n'],
  ])('when the upstream answers %s', async (_what, answer) => {
    const world = await forwardWorld(loopback, await rawUpstream(loopback, (socket) => socket.write(`${answer}\r\n`)));
    const client = (await loopback.client(world.port)).send(`GET / HTTP/1.1\r\nHost: x\r\n${HANDSHAKE}\r\n`);
    expect(await client.ended()).toMatch(/^HTTP\/1.1 502 /);
    await until(() => world.upstreams.size === 0, 'the end of the upstream');
  });

  test('when the answer shows the credential', async () => {
    const world = await forwardWorld(loopback, await rawUpstream(loopback, (socket) => socket.write(`${SWITCHED}X-Key: ${CREDENTIAL}\r\n\r\n`)), { substitute: exchangeBearer });
    const client = (await loopback.client(world.port)).send(`GET / HTTP/1.1\r\nHost: x\r\n${HANDSHAKE}Authorization: Bearer ${BEARER}\r\n\r\n`);
    expect(await client.ended()).toMatch(/^HTTP\/1.1 502 /);
    expect(client.text).not.toContain(CREDENTIAL);
    await until(() => world.upstreams.size === 0, 'the end of the upstream');
  });

  test('when the upstream refuses, whose answer the client gets', async () => {
    const world = await forwardWorld(loopback, await upstream(loopback, (_asked, answer) => answer.writeHead(401, { 'x-why': 'no' }).end('no!')));
    const client = (await loopback.client(world.port)).send(`GET / HTTP/1.1\r\nHost: x\r\n${HANDSHAKE}\r\n`);
    expect(await client.ended()).toMatch(/^HTTP\/1.1 401 [^]*x-why: no[^]*no!/);
  });
});

describe('another upgrade is not passed on', () => {
  test.each<[string, string]>([
    ['h2c', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n'],
    ['a protocol that nobody knows', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n'],
    ['WebSocket with POST', 'POST / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi'],
    ['h2c and WebSocket', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c, websocket\r\n\r\n'],
  ])('%s, and the request is served without it', async (_what, text) => {
    let head = '';
    const world = await forwardWorld(loopback, await rawUpstream(loopback, (socket, told) => {
      head = told;
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    }));
    const client = (await loopback.client(world.port)).send(text);
    await client.until(/^HTTP\/1.1 200 [^]*ok$/);
    expect(head).not.toMatch(/upgrade|http2-settings/i);
    client.received = Buffer.alloc(0);
    await client.send(text).until(/^HTTP\/1.1 200 [^]*ok$/);
  });
});

describe('a WebSocket ends with', () => {
  const open = async () => {
    const { world } = await echoes();
    return { world, socket: await talk(world.port) };
  };

  test('its client, wherever that is cut off', async () => {
    const { world, socket } = await open();
    socket.terminate();
    await until(() => world.outcomes.length === 1 && world.upstreams.size === 0 && loopback.sockets.size === 0, 'rest');
  });

  test('its upstream', async () => {
    const { world, socket } = await open();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    world.upstreams.forEach((one) => one.destroy());
    await closed;
    await until(() => world.outcomes.length === 1 && loopback.sockets.size === 0, 'rest');
  });

  test('its client that leaves before the upstream has answered', async () => {
    const world = await forwardWorld(loopback, await rawUpstream(loopback, () => undefined));
    const client = (await loopback.client(world.port)).send(`GET / HTTP/1.1\r\nHost: x\r\n${HANDSHAKE}\r\n`);
    await until(() => world.upstreams.size === 1);
    client.socket.end();
    await until(() => world.outcomes.length === 1 && world.upstreams.size === 0, 'rest');
    expect(world.outcomes).toEqual([{ status: 0, sent: 0, received: 0, cutOff: true }]);
  });
});
