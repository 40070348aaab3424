import { once } from 'node:events';
import { AddressInfo, connect, Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { createLogger } from '../../../sidecar/src/server/telemetry/log';
import { buildSession } from '../../../sidecar/src/session/app';
import { Identity } from '../../../sidecar/src/session/state';
import { eventually } from '../../helpers/temp-folder';

const opened: { readonly app: FastifyInstance; readonly sockets: Socket[] }[] = [];

afterEach(async () => {
  for (const { app, sockets } of opened.splice(0)) {
    sockets.forEach((socket) => socket.destroy());
    await app.close();
  }
});

/** Times of the server may be set anew, as a test has not the time of a client. */
async function daemon(times: { readonly keepAliveTimeout?: number; readonly headersTimeout?: number } = {}) {
  const log = createLogger({ role: 'session', level: 'fatal', destination: { write: () => undefined } });
  const app = buildSession({ identity: new Identity(), bootstrapKeys: () => [], routes: [], nativeHelper: false, clock: Date.now, log });
  const sockets: Socket[] = [];
  opened.push({ app, sockets });
  await app.listen({ host: '127.0.0.1', port: 0 });
  Object.assign(app.server, times);
  const open = async (text = '') => {
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    const got = { text: '', closed: false, socket };
    socket.on('data', (bytes) => { got.text += String(bytes); });
    socket.once('close', () => { got.closed = true; });
    socket.write(text);
    return got;
  };
  return { app, open };
}

const HEALTH = 'GET /health HTTP/1.1\r\nhost: a\r\n\r\n';

test('who has shown no token has five seconds to begin, then a minute between two requests, however long sessions are', async () => {
  const { app } = await daemon();
  expect(app.server).toMatchObject({ headersTimeout: 5000, keepAliveTimeout: 65_000, maxConnections: 1024, maxRequestsPerSocket: 100_000 });
});

test.each([['that says nothing', ''], ['that does not come to the end of its headers', 'GET /health HTTP/1.1\r\nhost: a\r\n']])('a connection %s is closed', async (_name, text) => {
  const { open } = await daemon({ headersTimeout: 50 });
  const got = await open(text);
  await eventually(() => got.closed);
});

test.each([['an answer', HEALTH, '200 OK'], ['a refusal', 'GET /api/files?path=. HTTP/1.1\r\nhost: a\r\n\r\n', '404 Not Found']])(
  'a connection that is idle after %s is closed', async (_name, text, status) => {
    const { open } = await daemon({ keepAliveTimeout: 50 });
    const got = await open(text);
    await eventually(() => got.closed);
    expect(got.text).toContain(status);
  });

test('a connection that goes on asking in time stays', async () => {
  const { open } = await daemon();
  const got = await open(HEALTH);
  await eventually(() => got.text.includes('"uptime"'));
  got.text = '';
  got.socket.write(HEALTH);
  await eventually(() => got.text.includes('"uptime"'));
  expect(got.closed).toBe(false);
});
