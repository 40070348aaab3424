import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { refuse } from '../../../../sidecar/src/egress/refusals/refuse';
import { type ProxyOptions, proxyWay } from '../../../../sidecar/src/egress/upstream/upstream-proxy';
import { freePort } from '../../../helpers/free-port';
import { tempFolder } from '../../../helpers/temp-folder';
import { Client, Loopback, until } from '../loopback';
import { PassingTime } from '../passing-time';

const HOST = 'api.example.com';
const OK = 'HTTP/1.1 200 OK\r\nX-Any: thing\r\n\r\n';
const FOLDER = tempFolder();
const loopback = new Loopback();

afterEach(() => loopback.close());

/** A proxy that answers each CONNECT by these writes, and keeps what it was asked. */
async function proxy(answer: (socket: Socket) => void, options: Partial<ProxyOptions> = {}) {
  const asked: string[] = [];
  const port = await loopback.serve((socket) => void socket.once('data', (chunk) => {
    asked.push(chunk.toString('latin1'));
    answer(socket);
  }));
  const time = new PassingTime();
  const resolver = { resolve: jest.fn(async (host: string) => [host]) };
  const way = proxyWay({ url: `http://127.0.0.1:${port}`, resolver, after: time.after, ...options });
  return { asked, time, resolver, way };
}

const answering = (...parts: readonly string[]) => (socket: Socket): void => parts.forEach((part) => socket.write(part, 'latin1'));

test('a host is asked for by its name, and nobody resolves it here', async () => {
  const { way, asked, resolver, time } = await proxy(answering(OK));
  await way.check(HOST);
  const socket = await way.dial(HOST, 8443);
  expect(asked).toEqual([`CONNECT ${HOST}:8443 HTTP/1.1\r\nHost: ${HOST}:8443\r\n\r\n`]);
  expect(resolver.resolve).not.toHaveBeenCalled();
  expect(time.waiting).toBe(0);
  socket.destroy();
});

test('an address is checked here too, and written in brackets when it is IPv6', async () => {
  const { way, asked, resolver } = await proxy(answering(OK));
  (await way.dial('2001:db8::1', 443)).destroy();
  expect(asked[0]).toMatch(/^CONNECT \[2001:db8::1\]:443 HTTP\/1\.1\r\nHost: \[2001:db8::1\]:443\r\n/);
  resolver.resolve.mockRejectedValue(refuse('ADDRESS_REFUSED', 'it is private'));
  await expect(way.check('169.254.169.254')).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  await expect(way.dial('169.254.169.254', 80)).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  expect(asked).toHaveLength(1);
});

test('credentials are read for each connection', async () => {
  const credentialsFile = join(FOLDER, 'credentials');
  const { way, asked } = await proxy(answering(OK), { credentialsFile });
  for (const text of ['user:first\n', 'user:second']) {
    writeFileSync(credentialsFile, text);
    (await way.dial(HOST, 443)).destroy();
  }
  const sent = asked.map((text) => Buffer.from(/Proxy-Authorization: Basic (\S+)\r\n/.exec(text)![1], 'base64').toString());
  expect(sent).toEqual(['user:first', 'user:second']);
});

test('credentials that cannot be read are no reason to go without', async () => {
  const { way, asked } = await proxy(answering(OK), { credentialsFile: join(FOLDER, 'missing') });
  await expect(way.dial(HOST, 443)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED', message: 'the credentials for the upstream proxy cannot be read' });
  expect(asked).toEqual([]);
});

test('what comes behind the headers is not lost, however it is cut', async () => {
  const wire = `${OK}${'\u0016\u0003\u0001first'}\r\n\r\nlast`;
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: wire.length - 1 }), { maxLength: 4 }), async (cuts) => {
    const at = [0, ...[...new Set(cuts)].sort((a, b) => a - b), wire.length];
    const { way } = await proxy((socket) => {
      socket.setNoDelay(true);
      at.slice(1).reduce((before, end, turn) => {
        setTimeout(() => socket.write(wire.slice(at[turn], end), 'latin1'), before);
        return before + 3;
      }, 0);
    });
    const client = new Client(await way.dial(HOST, 443));
    await client.until(/last$/);
    expect(client.text).toBe(wire.slice(OK.length));
    client.socket.destroy();
  }), { numRuns: 15 });
});

test.each([
  ['a refusal', 'HTTP/1.1 403 Forbidden\r\n\r\n', 'it answered 403'], ['a demand for credentials', 'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\n', 'it answered 407'],
  ['an interim answer', 'HTTP/1.1 100 Continue\r\n\r\n', 'it answered 100'], ['a redirect', 'HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\n\r\n', 'it answered 302'],
  ['another protocol', 'SSH-2.0-x\r\n\r\n', 'its answer is no HTTP'], ['HTTP/2', 'HTTP/2 200\r\n\r\n', 'its answer is no HTTP'], ['four digits', 'HTTP/1.1 2000\r\n\r\n', 'its answer is no HTTP'],
  ['an answer without end', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(4_000)}`, 'its answer is too long'],
  ['headers that end too late', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(4_000)}\r\n`, 'its answer is too long'],
])('%s is no connection', async (_what, answer, problem) => {
  const { way, time } = await proxy(answering(answer));
  await expect(way.dial(HOST, 443)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED', status: 502, message: `the upstream proxy does not connect: ${problem}` });
  expect(time.waiting).toBe(0);
  await until(() => loopback.sockets.size === 0 || [...loopback.sockets].every((socket) => socket.readableEnded || socket.destroyed), 'the end of the connection');
});

test.each<[string, (socket: Socket) => void]>([
  ['ends', (socket) => socket.end()], ['ends in the middle of its headers', (socket) => socket.end('HTTP/1.1 200 OK\r\n')], ['resets', (socket) => socket.resetAndDestroy()],
])('a proxy that %s is no way', async (_what, answer) => {
  const { way, time } = await proxy(answer);
  await expect(way.dial(HOST, 443)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED', message: expect.not.stringContaining('127.') });
  expect(time.waiting).toBe(0);
});

test('a proxy that does not answer is given up', async () => {
  const { way, time, asked } = await proxy(() => undefined);
  const dialling = way.dial(HOST, 443);
  await until(() => asked.length === 1);
  await time.pass(10_000);
  await expect(dialling).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT', status: 504 });
  expect(time.waiting).toBe(0);
});

test('a proxy that is not there is said so, without its address', async () => {
  const way = proxyWay({ url: `http://127.0.0.1:${await freePort()}`, resolver: { resolve: async () => [] }, after: new PassingTime().after });
  await expect(way.dial(HOST, 443)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED', message: 'the connection to the upstream proxy failed: ECONNREFUSED' });
});

test.each(['https://proxy:3128', 'socks5://proxy:1080', 'http://user:secret@proxy:3128', 'http://proxy:3128/path', 'http://proxy/?x', 'proxy:3128', 'ftp://proxy'])(
  '%s names no such proxy', (url) => {
    const open = () => proxyWay({ url, resolver: { resolve: async () => [] }, after: new PassingTime().after });
    expect(open).toThrow(RangeError);
    expect(open).not.toThrow(/secret/);
  },
);
