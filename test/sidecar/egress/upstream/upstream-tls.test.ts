import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls';
import type { CertifiedKey } from '../../../../sidecar/src/crypto/certificate-facts';
import { makeAuthority, makeServingPair } from '../../../../sidecar/src/crypto/self-made-certificate';
import { ClientHelloReader, type HelloState } from '../../../../sidecar/src/egress/hello/client-hello';
import { UpstreamTls } from '../../../../sidecar/src/egress/upstream/upstream-tls';
import { Loopback, until } from '../loopback';
import { PassingTime } from '../passing-time';

const HOST = 'api.example.com';
const DAY = 86_400_000;
const loopback = new Loopback();
let authority: CertifiedKey;
let pair: CertifiedKey;

beforeAll(async () => {
  const validity = { now: Date.now(), notAfter: Date.now() + DAY };
  authority = await makeAuthority('upstreams', validity);
  pair = await makeServingPair(authority, [HOST, '*.wild.example.com'], validity);
});
afterEach(() => loopback.close());

interface Seen {
  readonly servername?: string | false;
  readonly reused: boolean;
  readonly alpn: string | false | null;
  readonly version: string | null;
}

async function upstream(options: TlsOptions = {}) {
  const seen: Seen[] = [];
  const server = createServer({ ...pair, ...options }, (socket: TLSSocket) => {
    const { servername } = socket as { servername?: string | false };
    seen.push({ servername, reused: socket.isSessionReused(), alpn: socket.alpnProtocol, version: socket.getProtocol() });
    socket.on('error', () => undefined).once('data', () => socket.write('hello'));
  });
  server.on('tlsClientError', () => undefined);
  return { seen, port: await loopback.listen(server) };
}

function tls(authorities: () => readonly string[] = (() => { const all = [authority.cert]; return () => all; })()) {
  const time = new PassingTime();
  return { time, tls: new UpstreamTls({ authorities, clock: time.clock, after: time.after }) };
}

const dialled = (port: number): Promise<Socket> => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1', () => resolve(socket)).on('error', () => socket.destroy());
});

/** Until a question is answered: the tickets of TLS 1.3 come before the answer, which is written when the server has its handshake behind it. */
async function greeted(socket: TLSSocket): Promise<void> {
  socket.write('who are you?');
  await once(socket, 'data');
  socket.destroy();
}

test('a certificate for the host of a given authority is trusted, with HTTP/1.1 alone', async () => {
  const { port, seen } = await upstream({ ALPNProtocols: ['h2', 'http/1.1'] });
  const { tls: upstreams, time } = tls();
  await greeted(await upstreams.secured(await dialled(port), HOST, port));
  expect(seen).toEqual([{ servername: HOST, reused: false, alpn: 'http/1.1', version: 'TLSv1.3' }]);
  expect(time.waiting).toBe(0);
});

test('the public authorities are trusted besides the given ones, and without them alone', () => {
  const { tls: some } = tls();
  const { tls: none } = tls(() => []);
  for (const one of [some, none]) expect(() => (one as unknown as { current(): unknown }).current()).not.toThrow();
});

test.each<[string, string, TlsOptions, string]>([
  ['of nobody who is trusted', HOST, {}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ['for another host', 'other.example.com', {}, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['for names one level up', 'a.b.wild.example.com', {}, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['for names, when the host is an address', '127.0.0.1', {}, 'ERR_TLS_CERT_ALTNAME_INVALID'],
])('a certificate %s is not trusted', async (_what, host, options, code) => {
  const { port } = await upstream(options);
  const { tls: upstreams, time } = tls(code.startsWith('UNABLE') ? () => [] : undefined);
  const socket = await dialled(port);
  await expect(upstreams.secured(socket, host, port)).rejects.toMatchObject({ code: 'UPSTREAM_UNTRUSTED', status: 502, message: `the certificate of ${host} is not trusted: ${code}` });
  expect(time.waiting).toBe(0);
  await until(() => socket.destroyed);
});

test('a certificate that is over is not trusted', async () => {
  const old = await makeServingPair(authority, [HOST], { now: Date.now() - 3 * DAY, notAfter: Date.now() - 2 * DAY });
  const { port } = await upstream(old);
  await expect(tls().tls.secured(await dialled(port), HOST, port)).rejects.toMatchObject({ code: 'UPSTREAM_UNTRUSTED', message: expect.stringContaining('CERT_HAS_EXPIRED') });
});

test('an address is asked for without a server name', async () => {
  const reader = new ClientHelloReader();
  const states: HelloState[] = [];
  const port = await loopback.serve((socket) => void socket.once('data', (chunk) => {
    states.push(reader.push(chunk));
    socket.destroy();
  }));
  await expect(tls().tls.secured(await dialled(port), '127.0.0.1', port)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' });
  expect(states).toEqual([{ state: 'hello', alpn: ['http/1.1'], hasEch: false }]);
});

test('TLS before 1.2 is not spoken', async () => {
  const { port } = await upstream({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
  await expect(tls().tls.secured(await dialled(port), HOST, port)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' });
});

test.each<[string, (socket: Socket) => void]>([
  ['that is no TLS', (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n')], ['that ends', (socket) => socket.end()], ['that resets', (socket) => void socket.once('data', () => socket.resetAndDestroy())],
])('an upstream %s fails', async (_what, connected) => {
  const port = await loopback.serve(connected);
  const { tls: upstreams, time } = tls();
  await expect(upstreams.secured(await dialled(port), HOST, port)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED', message: expect.not.stringContaining('127.') });
  expect(time.waiting).toBe(0);
});

test('a socket that is gone already fails at once', async () => {
  const socket = await dialled((await upstream()).port);
  socket.destroy();
  await expect(tls().tls.secured(socket, HOST, 443)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' });
});

test('an upstream that does not finish is given up', async () => {
  const port = await loopback.serve((socket) => void socket.resume());
  const { tls: upstreams, time } = tls();
  const socket = await dialled(port);
  const securing = upstreams.secured(socket, HOST, port);
  await time.pass(10_000);
  await expect(securing).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT', status: 504 });
  await until(() => socket.destroyed);
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a session of %s', (maxVersion) => {
  const reused = async (port: number, upstreams: UpstreamTls, host = HOST): Promise<boolean> => {
    const socket = await upstreams.secured(await dialled(port), host, port);
    const was = socket.isSessionReused();
    await greeted(socket);
    return was;
  };

  test('is resumed with its host', async () => {
    const { port } = await upstream({ maxVersion });
    const { tls: upstreams } = tls();
    expect(await reused(port, upstreams)).toBe(false);
    expect(await reused(port, upstreams)).toBe(true);
    expect(await reused(port, upstreams, 'x.wild.example.com')).toBe(false);
  });

  test('is not resumed when its time is over', async () => {
    const { port } = await upstream({ maxVersion });
    const { tls: upstreams, time } = tls();
    await reused(port, upstreams);
    time.now += 300_000;
    expect(await reused(port, upstreams)).toBe(false);
  });

  test('ends with the authorities by whom it was trusted', async () => {
    const { port } = await upstream({ maxVersion });
    let authorities = [authority.cert];
    const { tls: upstreams } = tls(() => authorities);
    await reused(port, upstreams);
    authorities = [];
    await expect(upstreams.secured(await dialled(port), HOST, port)).rejects.toMatchObject({ code: 'UPSTREAM_UNTRUSTED' });
  });

  test('with an upstream that was not trusted is not kept', async () => {
    const { port } = await upstream({ maxVersion });
    const { tls: upstreams } = tls();
    for (let turn = 0; turn < 2; turn += 1) {
      await expect(upstreams.secured(await dialled(port), 'other.example.com', port)).rejects.toMatchObject({ code: 'UPSTREAM_UNTRUSTED' });
    }
  });
});
