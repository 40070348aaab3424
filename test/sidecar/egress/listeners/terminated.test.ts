import { createServer, type Server } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect as netConnect, createServer as createNetServer, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import * as maker from '../../../../sidecar/src/crypto/self-made-certificate';
import { LeafCertificates } from '../../../../sidecar/src/egress/authority/leaf-certificates';
import type { Verdict } from '../../../../sidecar/src/egress/gate/verdicts';
import { Http2Sessions } from '../../../../sidecar/src/egress/listeners/http2-sessions';
import type { ServedConnection } from '../../../../sidecar/src/egress/listeners/serve';
import { terminator } from '../../../../sidecar/src/egress/listeners/terminated';
import { Loopback, until } from '../loopback';
import { PassingTime } from '../passing-time';

const HOST = 'api.example.com';
const QUESTION = { token: 'pdk-egress-planted', clientAddress: '10.0.0.7', host: HOST, port: 443 };
const VERDICT: Verdict = { allowed: true, substituteAuth: true, until: 10_000 };

let authority: { readonly cert: string; readonly key: string };
let loopback: Loopback;
let time: PassingTime;
let port: number;
let outcomes: string[];
let errors: object[];
let served: (ServedConnection | undefined)[];
let inner: Server;
let http2: Http2Sessions;
let leaves: Pick<LeafCertificates, 'contextFor'>;
let revalidated: 'allowed' | 'refused';

beforeAll(async () => {
  authority = await maker.makeAuthority('test', { now: Date.now(), notAfter: Date.now() + 86_400_000 });
});

beforeEach(async () => {
  loopback = new Loopback();
  time = new PassingTime();
  [outcomes, errors, served, revalidated] = [[], [], [], 'allowed'];
  leaves = new LeafCertificates({ authority: () => authority, load: async () => maker, clock: Date.now });
  http2 = new Http2Sessions(time.after);
  const connections = new WeakMap<Socket, ServedConnection>();
  inner = createServer((request, response) => {
    served.push(connections.get(request.socket));
    response.end('ok');
  });
  const report = { id: 'tunnel', target: () => undefined, mode: () => undefined, verdict: () => undefined, end: ({ outcome }: { outcome: string }) => void outcomes.push(outcome) };
  const terminate = terminator({
    leaves: { contextFor: (host) => leaves.contextFor(host) },
    dial: async () => { throw new Error('nobody dials'); },
    server: inner,
    connections,
    http2,
    verdicts: { revalidate: async () => (revalidated === 'allowed' ? { outcome: 'allowed', verdict: { ...VERDICT, until: time.now + 10_000 } } : { outcome: 'refused' }) },
    log: { error: (fields: object) => void errors.push(fields) },
    clock: time.clock,
    after: time.after,
  });
  // As sockets of HTTP servers are.
  const server = createNetServer({ allowHalfOpen: true }, (socket) => {
    const leave = { question: QUESTION, verdict: VERDICT, dial: async () => socket };
    terminate({ socket, leave, run: 'fix-1', report });
  });
  port = await loopback.listen(server);
});
afterEach(async () => {
  inner.closeAllConnections();
  await loopback.close();
});

function tls(options: object = {}): TLSSocket {
  const socket = connect({ port, host: '127.0.0.1', servername: HOST, ca: authority.cert, ALPNProtocols: ['http/1.1'], ...options });
  socket.on('error', () => undefined);
  loopback.sockets.add(socket);
  return socket;
}

async function answered(socket: TLSSocket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => { text += chunk.toString(); });
  socket.write(`GET / HTTP/1.1\r\nhost: ${HOST}\r\n\r\n`);
  await until(() => text.includes('ok'));
  return text;
}

test('a client that trusts the CA speaks HTTP to it, and its requests know whose they are', async () => {
  expect(await answered(tls())).toMatch(/^HTTP\/1\.1 200/);
  expect(served[0]).toMatchObject({ clientAddress: '10.0.0.7', report: { id: 'tunnel' } });
  expect(served[0]!.router.route({ url: '/a', headersDistinct: { host: [HOST] } } as never)).toMatchObject({ token: QUESTION.token, run: 'fix-1', secure: true });
});

test('the end of the client ends all of it, once', async () => {
  const socket = tls();
  await answered(socket);
  socket.end();
  await until(() => outcomes.length > 0 && time.waiting === 0);
  expect(outcomes[0]).toBe('CLOSED');
});

test('a client that does not trust the CA is told of, and asks nothing', async () => {
  tls({ ca: [], rejectUnauthorized: true });
  await until(() => outcomes.length > 0);
  expect(outcomes[0]).toMatch(/^(CLIENT_RESET|CLOSED)$/);
  expect(served).toEqual([]);
});

test('a client that is silent has a time', async () => {
  await loopback.client(port);
  await until(() => time.waiting === 1);
  await time.pass(10_000);
  expect(outcomes[0]).toBe('HELLO_TIMEOUT');
});

test.each([['ends its half', (socket: Socket) => socket.end()], ['resets', (socket: Socket) => socket.resetAndDestroy()]])(
  'a client that %s before its hello leaves nothing behind', async (_what, leave) => {
    const socket = netConnect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => undefined);
    await until(() => time.waiting === 1);
    leave(socket);
    await until(() => time.waiting === 0);
    expect(outcomes[0]).toMatch(/^(CLOSED|CLIENT_RESET)$/);
    socket.destroy();
  },
);

test('what comes in place of a hello is the end', async () => {
  const client = await loopback.client(port);
  client.send('GET / HTTP/1.1\r\n\r\n');
  await until(() => outcomes.length > 0);
  expect(outcomes[0]).toBe('CLIENT_RESET');
  expect(served).toEqual([]);
});

test('a client that speaks nothing but old TLS is refused', async () => {
  tls({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' });
  await until(() => outcomes.length > 0);
  expect(served).toEqual([]);
});

test('a host for which there can be no certificate is a defect, not a hole', async () => {
  leaves = { contextFor: async () => { throw new RangeError('no'); } };
  const client = await loopback.client(port);
  await client.ended();
  expect(outcomes).toEqual(['INTERNAL']);
  expect(errors).toEqual([{ err: expect.any(RangeError), connection: 'tunnel' }]);
});

test('what is taken back ends the connection, idle or not', async () => {
  const socket = tls();
  await answered(socket);
  await time.pass(10_000);
  expect(outcomes).toEqual([]);
  revalidated = 'refused';
  await time.pass(10_000);
  await until(() => socket.closed);
  expect(outcomes[0]).toBe('REVOKED');
});

describe('a client that speaks HTTP/2', () => {
  let session: ClientHttp2Session;
  const statusOf = () => new Promise((resolve) => session.request({ ':path': '/' }).on('error', resolve).on('response', (head) => resolve(head[':status'])).resume());

  beforeEach(async () => {
    session = connectHttp2(`https://${HOST}`, { createConnection: () => tls({ ALPNProtocols: ['h2', 'http/1.1'] }) });
    session.on('error', () => undefined);
    expect(await statusOf()).toBe(200);
  });
  afterEach(() => session.destroy());

  test('is known by its requests, as others are', () => {
    expect(served[0]).toMatchObject({ clientAddress: '10.0.0.7', report: { id: 'tunnel' } });
    expect(http2.size).toBe(1);
  });

  test('is told that no request is taken any more, and ends', async () => {
    http2.close();
    await until(() => session.closed && http2.size === 0 && time.waiting === 0);
    expect(outcomes[0]).toBe('CLOSED');
  });

  test('is ended by what is taken back', async () => {
    revalidated = 'refused';
    await time.pass(10_000);
    await until(() => session.destroyed && http2.size === 0);
    expect(outcomes[0]).toBe('REVOKED');
  });
});
