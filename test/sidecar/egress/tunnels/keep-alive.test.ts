import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { connectTo, ESTABLISHED, HOST, TOKEN, TunnelWorld } from './world';
import { makeAuthority, makeServingPair } from '../../../../sidecar/src/crypto/self-made-certificate';
import { refuseAndGoOn } from '../../../../sidecar/src/egress/refusals/raw-refusal';
import { refuse } from '../../../../sidecar/src/egress/refusals/refuse';
import { tempFolder } from '../../../helpers/temp-folder';
import { hello, serverNames } from '../hello/hellos';
import { until } from '../loopback';
import { PassingTime } from '../passing-time';

const HELLO = hello({ extensions: [serverNames(HOST)] });
const WITHOUT = connectTo(undefined, { authorization: '' });
const CA = join(tempFolder(), 'ca.pem');
const HAS_CURL = spawnSync('curl', ['--version']).status === 0;

let world: TunnelWorld;

beforeEach(async () => { world = await new TunnelWorld().start(); });
afterEach(() => world.close());

test('who begins without credentials shows them next, over the same connection', async () => {
  const client = await world.client(WITHOUT);
  const answer = await client.until(/\r\n\r\n\{.*\}$/);
  expect(answer).toMatch(/^HTTP\/1\.1 407 Proxy Authentication Required\r\n/);
  expect(answer).toMatch(/\r\nproxy-authenticate: Basic realm="[^"]+"\r\n/);
  expect(answer).toMatch(/\r\nconnection: keep-alive\r\n/);
  client.send(connectTo());
  await client.until(/HTTP\/1\.1 200 Connection established\r\n\r\n$/);
  client.send(HELLO);
  await until(() => client.received.subarray(-HELLO.length).equals(HELLO));
  expect(world.reported.map(({ end }) => end?.outcome)).toEqual(['PROXY_AUTH_REQUIRED', undefined]);
  expect(world.asked).toHaveLength(1);
  client.socket.end();
  await world.rest();
});

test('requests that were sent without waiting are answered in their order', async () => {
  const client = await world.client(WITHOUT.repeat(3) + connectTo() + HELLO.toString('latin1'));
  await until(() => client.received.subarray(-HELLO.length).equals(HELLO));
  expect(client.text.match(/HTTP\/1\.1 407/g)).toHaveLength(3);
  expect(client.text).toContain(`}${ESTABLISHED}`);
  client.socket.end();
  await world.rest();
});

test('other requests go on over the connection too', async () => {
  const client = await world.client(WITHOUT);
  await client.until(/407/);
  client.send('GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n');
  await client.until(/plain http:\/\/x\//);
  client.socket.end();
  await world.rest();
});

test('a hundred attempts leave nothing behind on the socket', async () => {
  const client = await world.client();
  client.socket.destroy();
  await world.rest();
  const accepted = once(world.server, 'connection');
  const one = await world.client(WITHOUT);
  const [served] = await accepted as [NodeJS.EventEmitter];
  const counts = () => Object.fromEntries(served.eventNames().map((name) => [name, served.listenerCount(name)]));
  await one.until(/407/);
  await until(() => served.listenerCount('data') > 0);
  const before = counts();
  for (let turn = 2; turn <= 100; turn += 1) {
    one.send(WITHOUT);
    await until(() => one.text.match(/HTTP\/1\.1 407/g)?.length === turn);
  }
  await until(() => served.listenerCount('data') > 0);
  expect(counts()).toEqual(before);
  one.socket.destroy();
  await world.rest();
});

test.each([
  ['HTTP/1.0', { version: '1.0' }], ['connection: close', { more: 'Connection: close\r\n' }], ['proxy-connection: close', { more: 'Proxy-Connection: close\r\n' }],
  ['close among others', { more: 'Connection: keep-alive, Close\r\n' }],
])('by %s the connection ends after the refusal', async (_what, parts) => {
  const client = await world.client(connectTo(undefined, { authorization: '', ...parts }));
  expect(await client.ended()).toMatch(/^HTTP\/1\.1 407 [^]*\r\nconnection: close\r\n/);
  client.socket.end();
  await world.rest();
});

test.each(['Bearer x', 'Basic !', `Basic ${Buffer.from('run-1').toString('base64')}`, `Basic ${Buffer.from('run-1:password').toString('base64')}`])(
  'credentials that cannot be any, as in %j, are asked for again', async (value) => {
    const client = await world.client(connectTo(undefined, { authorization: `Proxy-Authorization: ${value}\r\n` }));
    await client.until(/^HTTP\/1\.1 407 [^]*PROXY_AUTH_REQUIRED/);
    expect(client.text).not.toContain(value);
    client.socket.destroy();
    await world.rest();
  },
);

test('who does not take answers is served no more', async () => {
  // Stands for a socket whose other side has stopped reading.
  const socket = Object.assign(new Socket(), { write: () => false });
  const time = new PassingTime();
  const done = jest.fn();
  refuseAndGoOn(socket, refuse('PROXY_AUTH_REQUIRED', 'who is it'), time.after, done);
  await time.pass(2_000);
  expect(socket.destroyed).toBe(true);
  expect(done).not.toHaveBeenCalled();
});

test('a client that is gone is not given back', async () => {
  const client = await world.client(WITHOUT.repeat(200));
  client.socket.resetAndDestroy();
  await world.rest();
});

(HAS_CURL ? describe : describe.skip)('curl', () => {
  const connections = jest.fn();
  beforeEach(async () => {
    const validity = { now: Date.now(), notAfter: Date.now() + 86_400_000 };
    const authority = await makeAuthority('upstreams', validity);
    writeFileSync(CA, authority.cert);
    world.upstreamPort = await world.loopback.listen(createServer(await makeServingPair(authority, [HOST], validity), (request, answer) => void answer.end(`upstream ${request.url}`)));
    connections.mockClear();
    world.server.on('connection', connections);
  });

  const curl = (...args: readonly string[]): Promise<string> => new Promise((resolve, reject) => {
    execFile('curl', ['-sS', '--max-time', '10', '-v', '--cacert', CA, ...args], (error, out, err) => (error ? reject(new Error(err)) : resolve(out + err)));
  });

  test.each([['--proxy-basic'], ['--proxy-anyauth']])('with %s gets through', async (flag) => {
    const out = await curl('--proxy', `http://run-1:${TOKEN}@127.0.0.1:${world.port}`, flag, `https://${HOST}/a`);
    expect(out).toContain('upstream /a');
    // With the second it begins without credentials, and the server is given the connection twice.
    const sockets = new Set(connections.mock.calls.map(([socket]) => socket as unknown));
    expect(sockets.size).toBe(1);
    expect(connections).toHaveBeenCalledTimes(flag === '--proxy-anyauth' ? 2 : 1);
    expect(world.reported.map(({ end }) => end?.outcome ?? 'open').filter((outcome) => outcome === 'PROXY_AUTH_REQUIRED')).toHaveLength(flag === '--proxy-anyauth' ? 1 : 0);
    await world.ended(world.reported.length - 1);
  });

  test('by HTTP/1.0 gets through', async () => {
    const out = await curl('--proxy1.0', `127.0.0.1:${world.port}`, '--proxy-user', `run-1:${TOKEN}`, `https://${HOST}/a`);
    expect(out).toContain('upstream /a');
  });

  test('is told why it does not get through', async () => {
    await expect(curl('--proxy', `http://127.0.0.1:${world.port}`, `https://${HOST}/a`)).rejects.toThrow(/407/);
    await expect(curl('--proxy', `http://run-1:${TOKEN}@127.0.0.1:${world.port}`, `https://${HOST}:25/a`)).rejects.toThrow(/x-agent-platform-code: PORT_REFUSED/);
  });
});

