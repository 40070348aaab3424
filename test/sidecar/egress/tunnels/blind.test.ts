import { once } from 'node:events';
import { Readable } from 'node:stream';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { connectTo, ESTABLISHED, HOST, TOKEN, TunnelWorld } from './world';
import type { CertifiedKey } from '../../../../sidecar/src/crypto/certificate-facts';
import { makeAuthority, makeServingPair } from '../../../../sidecar/src/crypto/self-made-certificate';
import type { Gate } from '../../../../sidecar/src/egress/gate/leave';
import { proxyWay } from '../../../../sidecar/src/egress/upstream/upstream-proxy';
import { hello, serverNames } from '../hello/hellos';
import { atRest, Loopback, until } from '../loopback';
import { PassingTime } from '../passing-time';

const HELLO = hello({ extensions: [serverNames(HOST)] });

let world: TunnelWorld;

afterEach(() => world.close());

describe('with TLS', () => {
  let authority: CertifiedKey;
  let pair: CertifiedKey;
  beforeAll(async () => {
    const validity = { now: Date.now(), notAfter: Date.now() + 86_400_000 };
    authority = await makeAuthority('upstreams', validity);
    pair = await makeServingPair(authority, [HOST], validity);
  });

  test('a client and an upstream talk to each other, and the proxy knows how much', async () => {
    const server = createServer(pair, (socket) => void socket.pipe(socket));
    world = await new TunnelWorld().start();
    world.upstreamPort = await world.loopback.listen(server);
    const { socket } = await world.tunnel();
    const tls: TLSSocket = connect({ socket: socket.removeAllListeners('data'), servername: HOST, ca: authority.cert });
    await once(tls, 'secureConnect');
    const sent = Buffer.alloc(3 * 1024 * 1024, 'x');
    let received = 0;
    tls.on('data', (chunk: Buffer) => { received += chunk.length; });
    tls.write(sent);
    await until(() => received === sent.length);
    tls.end();
    const end = await world.ended();
    expect(end).toMatchObject({ outcome: 'CLOSED' });
    for (const count of [end.sent!, end.received!]) {
      expect(count).toBeGreaterThan(sent.length);
      expect(count).toBeLessThan(sent.length * 1.02 + 5_000);
    }
    tls.destroy();
    await world.rest();
  });
});

test('the upstream is dialled before the answer, and sees nothing but the tunnel', async () => {
  world = await new TunnelWorld().start();
  const client = await world.tunnel();
  expect(client.text).toBe(ESTABLISHED);
  expect(world.upstreams).toHaveLength(1);
  client.send(HELLO);
  await until(() => client.received.length === ESTABLISHED.length + HELLO.length);
  expect(client.received.subarray(ESTABLISHED.length).equals(HELLO)).toBe(true);
  expect(world.asked).toEqual([{ token: TOKEN, clientAddress: '127.0.0.1', host: HOST, port: 443 }]);
  expect(world.reported).toMatchObject([{ mode: 'tunnel', client: { run: 'run-1', address: '127.0.0.1' }, target: `${HOST}:443`, verdict: world.verdict }]);
  client.socket.end();
  expect(await world.ended()).toEqual({ outcome: 'CLOSED', sent: HELLO.length, received: HELLO.length });
  await world.rest();
});

test('what came behind CONNECT at once is the beginning of the tunnel', async () => {
  world = await new TunnelWorld().start();
  const client = await world.client(Buffer.concat([Buffer.from(connectTo()), HELLO, Buffer.from('and more')]));
  await until(() => client.text.endsWith('and more'));
  expect(client.received.subarray(ESTABLISHED.length).equals(Buffer.concat([HELLO, Buffer.from('and more')]))).toBe(true);
  client.socket.end();
  await world.rest();
});

test.each(['api.example.com:443', 'API.Example.COM:443', 'api.example.com.:443'])('%s is one host in one spelling', async (target) => {
  world = await new TunnelWorld().start();
  const client = await world.tunnel(connectTo(target));
  client.send(hello({ extensions: [serverNames('Api.Example.Com')] }));
  await client.until(/\u0016/);
  expect(world.asked[0].host).toBe(HOST);
  client.socket.destroy();
  await world.rest();
});

test.each([['HTTP/1.0', { version: '1.0', host: '' }], ['HTTP/1.0 with a host', { version: '1.0' }], ['another Host, which says nothing', { host: 'Host: elsewhere.example.com:1\r\n' }]])(
  'CONNECT by %s is served', async (_what, parts) => {
    world = await new TunnelWorld().start();
    const client = await world.tunnel(connectTo(undefined, parts));
    client.send(HELLO);
    await until(() => client.received.length > ESTABLISHED.length);
    expect(world.asked[0].host).toBe(HOST);
    client.socket.destroy();
    await world.rest();
  },
);

test('an upstream that speaks first is heard once the client has said hello, and not before', async () => {
  world = await new TunnelWorld().start((socket) => void socket.resume().once('end', () => socket.end()).write('banner'));
  const client = await world.tunnel();
  await until(() => world.upstreams[0].bytesWritten === 6);
  expect(client.text).toBe(ESTABLISHED);
  client.send(HELLO);
  await client.until(/banner$/);
  client.socket.destroy();
  await world.ended();
  expect(world.reported[0].end).toMatchObject({ received: 6, sent: HELLO.length });
  await world.rest();
});

test('what one side says after the other has ended still arrives', async () => {
  world = await new TunnelWorld().start((socket) => void socket.resume().once('end', () => setTimeout(() => socket.end('last words'), 20)));
  const client = await world.tunnel();
  client.send(HELLO).socket.end();
  await client.until(/last words$/);
  expect(await world.ended()).toMatchObject({ outcome: 'CLOSED', sent: HELLO.length, received: 10 });
  await world.rest();
});

test('a reader that waits makes the writer wait, and gets all of it in the end', async () => {
  const [piece, pieces] = [Buffer.alloc(256 * 1024), 200];
  let made = 0;
  world = await new TunnelWorld().start((socket) => {
    socket.resume();
    Readable.from((function* all() {
      for (; made < pieces; made += 1) yield piece;
    })()).pipe(socket);
  });
  const client = await world.tunnel();
  client.socket.removeAllListeners('data').pause();
  client.send(HELLO);
  await until(() => made > 0);
  await atRest(() => made);
  expect(made).toBeLessThan(pieces / 2);
  let received = 0;
  client.socket.on('data', (chunk: Buffer) => { received += chunk.length; }).resume();
  await until(() => received === pieces * piece.length);
  client.socket.end();
  await world.rest();
});

test('through another proxy nothing is lost, and its own words are not counted', async () => {
  const upstream = new Loopback();
  const time = new PassingTime();
  const port = await upstream.serve((socket) => void socket.once('data', () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\nearly');
    socket.pipe(socket);
  }));
  const way = proxyWay({ url: `http://127.0.0.1:${port}`, resolver: { resolve: async () => [] }, after: time.after });
  const verdict = { allowed: true, until: 10_000 };
  const gate: Gate = { admit: async (question) => ({ question, verdict, dial: () => way.dial(question.host, question.port) }) };
  world = await new TunnelWorld({ gate }).start();
  const client = await world.tunnel();
  client.send(HELLO);
  await until(() => client.received.length === ESTABLISHED.length + 5 + HELLO.length);
  expect(client.text.startsWith(`${ESTABLISHED}early`)).toBe(true);
  client.socket.end();
  expect(await world.ended()).toEqual({ outcome: 'CLOSED', sent: HELLO.length, received: 5 + HELLO.length });
  await upstream.close();
  await world.rest();
});
