import { X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { factsOf, isSignedBy } from '../../../sidecar/src/crypto/certificate-facts';
import * as maker from '../../../sidecar/src/crypto/self-made-certificate';
import { ServingCertificate, serviceNames } from '../../../sidecar/src/kube/serving-certificate';
import { tlsOptions, useKeyPair, type KeyPair } from '../../../sidecar/src/server/http/tls';
import { HandTimers } from '../broker/audit/support';
import { MemoryEntries } from '../broker/owned-entries';
import { capturedLog } from '../server/frame';

const DAY = 86_400_000;
const namesIn = (namespace: string) => serviceNames(namespace, 'broker', 'broker-headless');
const NAMES = namesIn('agents');
// Handshakes are real, so certificates have to be valid now.
const NOW = Date.now();

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

function platform(secret = new MemoryEntries(), bundle = new MemoryEntries()) {
  const world = { now: NOW };
  const captured = capturedLog();
  const options = { secret, bundle, names: NAMES, load: async () => maker, clock: () => world.now, log: captured.log };
  return { secret, bundle, world, options, ...captured, open: () => ServingCertificate.open(options), ca: () => bundle.text('ca.crt')! };
}

async function serve(pair: KeyPair): Promise<{ server: Server; port: number }> {
  const server = createServer(tlsOptions(pair), (_request, response) => response.end('hello'));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

/** Resolves with the protocol when a client that trusts the CA gets through. */
function connected(port: number, ca: string, options: object = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ca, servername: 'broker.agents.svc', ...options }, () => {
      resolve(String(socket.getProtocol()));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describe('an empty Secret', () => {
  test('is filled by the first replica, and the CA is published', async () => {
    const { open, ca, secret } = platform();
    const { port } = await serve((await open()).pair);
    expect(await connected(port, ca())).toBe('TLSv1.3');
    expect([...secret.entries.keys()].sort()).toEqual(['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
  });

  test.each(['broker', 'broker.agents', 'broker.agents.svc', 'broker.agents.svc.cluster.local', 'broker-1.broker-headless.agents.svc'])('makes a broker that is %s', async (servername) => {
    const { open, ca } = platform();
    const { port } = await serve((await open()).pair);
    await connected(port, ca(), { servername });
  });

  test.each(['broker.other.svc', 'egress', 'a.b.broker-headless.agents.svc'])('makes none that is %s', async (servername) => {
    const { open, ca } = platform();
    const { port } = await serve((await open()).pair);
    await expect(connected(port, ca(), { servername })).rejects.toThrow(/does not match certificate/);
  });

  test('filled by two at once is filled by one, and the other reads', async () => {
    const { open, secret, ca } = platform();
    const [one, two, three] = await Promise.all([open(), open(), open()]);
    expect(secret.writes).toBe(1);
    expect(one.pair).toEqual(two.pair);
    expect(two.pair).toEqual(three.pair);
    const { port } = await serve(three.pair);
    await connected(port, ca());
  });

  test('that others write all the time ends the start after a while', async () => {
    const { open, secret } = platform();
    secret.beforeWrite = async () => void secret.version++;
    await expect(open()).rejects.toThrow('could not be settled in 10 attempts');
  });
});

test('a CA that could not be published is not served: the start fails, and the next one publishes it', async () => {
  const { open, bundle, ca } = platform();
  bundle.beforeWrite = async () => Promise.reject(new Error('forbidden'));
  await expect(open()).rejects.toThrow('forbidden');
  bundle.beforeWrite = async () => undefined;
  const { port } = await serve((await open()).pair);
  await connected(port, ca());
});

test('other entries of the bundle stay', async () => {
  const { open, bundle } = platform(new MemoryEntries(), new MemoryEntries(new Map([['note', Buffer.from('mine')]])));
  await open();
  expect([...bundle.entries.keys()].sort()).toEqual(['ca.crt', 'note']);
});

test('a late replica does not put an old bundle in place of a newer one', async () => {
  const { open, secret, bundle, world, options } = platform();
  await open();
  const old = new Map(secret.entries);
  world.now = NOW + 500 * DAY;
  await open();
  const newer = bundle.text('ca.crt');
  // It read the bundle when that was empty, and the Secret as it was at first.
  const late = { entries: new Map(), object: { metadata: { name: 'x', resourceVersion: '1' } } };
  const reads = [late, await bundle.read()];
  const stale = { read: async () => reads.shift()!, replace: bundle.replace.bind(bundle) };
  const secrets = [{ ...await secret.read(), entries: old }, await secret.read()];
  await ServingCertificate.open({ ...options, bundle: stale, secret: { read: async () => secrets.shift()!, replace: secret.replace.bind(secret) } });
  expect(bundle.text('ca.crt')).toBe(newer);
});

describe('a renewal', () => {
  test('comes after two thirds of the time, and not before', async () => {
    const { open, world, secret } = platform();
    const certificate = await open();
    const applied: KeyPair[] = [];
    world.now = NOW + 59 * DAY;
    await certificate.check((pair) => applied.push(pair));
    expect([applied.length, secret.writes]).toEqual([0, 1]);
    world.now = NOW + 61 * DAY;
    await certificate.check((pair) => applied.push(pair));
    expect(applied).toEqual([certificate.pair]);
    expect(certificate.expiresAt).toBe(Math.floor((NOW + 151 * DAY) / 1000) * 1000);
  });

  test('is taken over by the other replicas, and made once', async () => {
    const { open, world, secret } = platform();
    const [one, two] = [await open(), await open()];
    world.now = NOW + 61 * DAY;
    await Promise.all([one.check(() => undefined), two.check(() => undefined)]);
    await two.check(() => undefined);
    expect(secret.writes).toBe(2);
    expect(two.pair).toEqual(one.pair);
  });

  test('is used by the next connection, and who trusts the bundle from before still connects', async () => {
    const { open, world, ca } = platform();
    // Made long ago, so that what is renewed is valid now.
    world.now = NOW - 61 * DAY;
    const certificate = await open();
    const before = ca();
    const { server, port } = await serve(certificate.pair);
    const first = certificate.pair;
    world.now = NOW;
    await certificate.check((pair) => useKeyPair(server, pair));
    expect(certificate.pair).not.toEqual(first);
    expect(await connected(port, before)).toBe('TLSv1.3');
  });

  test('of the CA: it is published long before it signs, so the bundle from before is enough on each day', async () => {
    const { open, world, ca } = platform();
    world.now = NOW - 1500 * DAY;
    const certificate = await open();
    const authorities = new Set<string>();
    let before = ca();
    for (; world.now < NOW; world.now += 3 * DAY) {
      await certificate.check(() => undefined);
      const cert = String(certificate.pair.cert);
      authorities.add(new X509Certificate(cert).issuer);
      expect(certificatesIn(before).some((authority) => isSignedBy(cert, authority))).toBe(true);
      expect(certificate.problem()).toBeUndefined();
      before = ca();
    }
    expect(authorities.size).toBeGreaterThan(2);
    expect(ca().match(/BEGIN/g)!.length).toBeLessThanOrEqual(3);
  });

  test('that fails leaves the old one, is told, and is made up for', async () => {
    const { open, world, secret, lines } = platform();
    const certificate = await open();
    const { pair } = certificate;
    world.now = NOW + 61 * DAY;
    secret.beforeWrite = async () => Promise.reject(new Error('the API server is away'));
    await certificate.check(() => undefined);
    expect(certificate.pair).toEqual(pair);
    expect(lines()).toMatchObject([{ level: 'error', msg: 'the serving certificate cannot be renewed; the old one stays' }]);
    secret.beforeWrite = async () => undefined;
    await certificate.check(() => undefined);
    expect(certificate.pair).not.toEqual(pair);
  });

  test('is made at the start when all has expired meanwhile, the CA included', async () => {
    const { open, world } = platform();
    await open();
    world.now = NOW + 5000 * DAY;
    const certificate = await open();
    expect(certificate.problem()).toBeUndefined();
  });

  test('follows names that have changed', async () => {
    const { open, options } = platform();
    await open();
    const moved = await ServingCertificate.open({ ...options, names: namesIn('elsewhere') });
    expect(factsOf(String(moved.pair.cert)).names).toEqual(namesIn('elsewhere'));
  });
});

test('who follows looks every ten minutes or so, each time another, until the end', async () => {
  const { open, world } = platform();
  const certificate = await open();
  const timers = new HandTimers();
  const chances = [0, 1, 0.5];
  const applied: KeyPair[] = [];
  const end = certificate.follow((pair) => applied.push(pair), { after: timers.after, random: () => chances.shift()! });
  expect(timers.delays).toEqual([300_000]);
  world.now = NOW + 61 * DAY;
  timers.fire(300_000);
  expect(timers.delays).toEqual([900_000]);
  await certificate.check(() => undefined);
  expect(applied).toEqual([certificate.pair]);
  end();
  expect(timers.delays).toEqual([]);
});

function certificatesIn(bundle: string): string[] {
  return bundle.match(/-----BEGIN[^]*?-----END CERTIFICATE-----\n/g)!;
}
