import { once } from 'node:events';
import { AddressInfo, connect, Socket } from 'node:net';
import fastify, { FastifyInstance } from 'fastify';
import { createLogger } from '../../../sidecar/src/server/telemetry/log';
import { buildSession } from '../../../sidecar/src/session/app';
import { bodyInTime } from '../../../sidecar/src/session/body-in-time';
import { Identity } from '../../../sidecar/src/session/state';
import { MAX_INIT_BODY } from '../../../src/protocol/session-api';
import { eventually } from '../../helpers/temp-folder';

const opened: { app: FastifyInstance; sockets: Socket[] }[] = [];

afterEach(async () => {
  for (const { app, sockets } of opened.splice(0)) {
    sockets.forEach((socket) => socket.destroy());
    await app.close();
  }
});

/** Listens, and tells what comes back over a connection. */
async function listening(app: FastifyInstance) {
  const sockets: Socket[] = [];
  opened.push({ app, sockets });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return async (text: string) => {
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    sockets.push(socket);
    await once(socket, 'connect');
    const got = { text: '', socket, closed: once(socket, 'close') };
    socket.on('data', (bytes) => { got.text += String(bytes); });
    socket.write(text);
    return got;
  };
}

/** Timers that a test lets go off. */
function timers() {
  const waiting = new Set<{ readonly ms: number; readonly run: () => void }>();
  return {
    waiting,
    timer: (ms: number, run: () => void) => {
      const one = { ms, run };
      waiting.add(one);
      return () => waiting.delete(one);
    },
  };
}

async function server() {
  const { waiting, timer } = timers();
  const app = fastify();
  app.addHook('onRequest', bodyInTime(10_000, timer));
  app.get('/a', () => 'told');
  app.post('/a', (request) => request.body);
  return { waiting, open: await listening(app) };
}

const POST = 'POST /a HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';

test.each([
  ['that is waited for', `${POST}content-length: 9\r\n\r\n{`],
  ['of unknown length', `${POST}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n`],
  ['that nobody reads, after the answer', 'GET /a HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{'],
])('a body %s is cut off when its time is over', async (_name, text) => {
  const { waiting, open } = await server();
  const { closed } = await open(text);
  await eventually(() => waiting.size === 1);
  expect([...waiting]).toMatchObject([{ ms: 10_000 }]);
  waiting.forEach(({ run }) => run());
  await closed;
});

test('a body that has come in time is not, nor is the next request on its connection', async () => {
  const { waiting, open } = await server();
  const got = await open(`${POST}content-length: 2\r\n\r\n{}`);
  await eventually(() => got.text.includes('200 OK'));
  expect(waiting.size).toBe(0);
  got.socket.write('GET /a HTTP/1.1\r\nhost: a\r\n\r\n');
  await eventually(() => got.text.includes('told'));
  expect(waiting.size).toBe(0);
});

describe('who has shown no token cannot hold a connection by a body', () => {
  async function daemon() {
    const { waiting, timer } = timers();
    const log = createLogger({ role: 'session', level: 'fatal', destination: { write: () => undefined } });
    const routes = [(api: FastifyInstance) => void api.put('/api/files/*', () => ({}))];
    const app = buildSession({ identity: new Identity(), bootstrapKeys: () => [], routes, nativeHelper: false, clock: Date.now, log }, { timer });
    return { waiting, open: await listening(app) };
  }
  const slow = (line: string) => `${line} HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{`;

  test.each(['POST /init', 'GET /init', 'GET /health'])('of %s', async (line) => {
    const { waiting, open } = await daemon();
    const { closed } = await open(slow(line));
    await eventually(() => waiting.size === 1);
    expect([...waiting]).toMatchObject([{ ms: 10_000 }]);
    waiting.forEach(({ run }) => run());
    await closed;
  });

  test.each([['PUT /api/files/a', '503'], ['POST /nowhere', '404'], ['PUT /init', '405']])('of %s, which is refused at once', async (line, status) => {
    const { open } = await daemon();
    const got = await open(slow(line));
    await got.closed;
    expect(got.text).toContain(` ${status} `);
  });

  test('and no number of bodies takes the memory of a small pod', () => {
    const log = createLogger({ role: 'session', level: 'fatal', destination: { write: () => undefined } });
    const app = buildSession({ identity: new Identity(), bootstrapKeys: () => [], routes: [], nativeHelper: false, clock: Date.now, log });
    expect(app.server.maxConnections * MAX_INIT_BODY).toBeLessThan(128 * 1024 * 1024);
  });
});
