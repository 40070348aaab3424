import { promises as fs, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { readKeyPair, useKeyPair, watchKeyPair } from '../../../../sidecar/src/server/http/tls';
import { selfSigned, writePair } from '../certificate';
import { capturedLog, closeAll, listening, testServer } from '../frame';

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), 'tls-')));
afterEach(async () => {
  await closeAll();
  rmSync(folder, { recursive: true, force: true });
});

async function serving(pair = selfSigned('first')) {
  writePair(folder, pair);
  const app = testServer({ tls: await readKeyPair(folder) });
  return { port: await listening(app), server: app.server };
}

function connected(port: number, options: object = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () => resolve(socket));
    socket.on('error', reject);
  });
}

async function nameAt(port: number): Promise<string> {
  const socket = await connected(port);
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

describe('a server with a pair', () => {
  test('is trusted by who trusts its certificate, and speaks TLS 1.3', async () => {
    const pair = selfSigned('first');
    const { port } = await serving(pair);
    const socket = await connected(port, { rejectUnauthorized: true, ca: pair.cert });
    expect(socket.getProtocol()).toBe('TLSv1.3');
    socket.destroy();
  });

  test('speaks TLS 1.2 with who knows no better, with a suite that keeps past traffic secret', async () => {
    const { port } = await serving();
    const socket = await connected(port, { maxVersion: 'TLSv1.2', ciphers: 'DEFAULT' });
    expect([socket.getProtocol(), socket.getCipher().name]).toEqual(['TLSv1.2', expect.stringMatching(/^ECDHE-.*(GCM|POLY1305)/)]);
    socket.destroy();
  });

  test.each(['AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-SHA', 'DHE-RSA-AES128-GCM-SHA256'])('refuses TLS 1.2 with %s', async (ciphers) => {
    const { port } = await serving();
    await expect(connected(port, { maxVersion: 'TLSv1.2', ciphers })).rejects.toThrow(/handshake failure/);
  });

  test.each(['TLSv1', 'TLSv1.1'])('refuses %s', async (version) => {
    const { port } = await serving();
    // The client itself would not speak the oldest with its usual ciphers.
    const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
    await expect(connected(port, old)).rejects.toThrow(/alert protocol version/);
  });

  test('ends soon with an idle connection, and with one that never asked', async () => {
    const { port, server } = await serving();
    const socket = await connected(port);
    const gone = new Promise((resolve) => socket.on('close', resolve));
    await closeAll();
    await gone;
    expect(server.listening).toBe(false);
  });

  test('answers what is on its way when it closes', async () => {
    const pair = selfSigned('first');
    writePair(folder, pair);
    const app = testServer({ tls: await readKeyPair(folder) });
    let asked = () => {};
    let answer = (_text: string) => {};
    const arrived = new Promise<void>((resolve) => asked = resolve);
    app.get('/slow', () => new Promise((resolve) => {
      answer = resolve;
      asked();
    }));
    const socket = await connected(await listening(app));
    let text = '';
    socket.on('data', (chunk) => text += String(chunk));
    const gone = new Promise((resolve) => socket.on('close', resolve));
    socket.write('GET /slow HTTP/1.1\r\nhost: a\r\n\r\n');
    await arrived;
    const closing = closeAll();
    // Longer than idle connections live.
    setTimeout(() => answer('late'), 300);
    await Promise.all([closing, gone]);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n[^]*late$/);
  });
});

describe('a pair is not read', () => {
  test.each([
    ['when a file is missing', {}, 'ENOENT'],
    ['when the certificate is none', { cert: 'nonsense' }, 'are not a certificate and its private key'],
    ['when the files are empty', { cert: '', key: '' }, 'are not a certificate and its private key'],
  ])('%s', async (_name, pair, message) => {
    writePair(folder, { key: selfSigned('a').key, ...pair });
    await expect(readKeyPair(folder)).rejects.toThrow(message);
  });

  test('when the key belongs to another certificate', async () => {
    writePair(folder, { cert: selfSigned('a').cert, key: selfSigned('b').key });
    await expect(readKeyPair(folder)).rejects.toThrow('are not a certificate and its private key');
  });
});

describe('a pair that changes', () => {
  const failingReads = (code: string) => jest.spyOn(fs, 'readFile').mockImplementation(() => Promise.reject(Object.assign(new Error(`${code}: planned`), { code, syscall: 'open' })));

  async function watched() {
    const { port, server } = await serving();
    const captured = capturedLog();
    const watch = watchKeyPair({ folder, apply: (pair) => useKeyPair(server, pair), log: captured.log, every: 0 });
    await watch.check();
    return { port, watch, ...captured };
  }

  test('is used by the next connection', async () => {
    const { port, watch } = await watched();
    expect(await nameAt(port)).toBe('first');
    writePair(folder, selfSigned('second'));
    await watch.check();
    expect(await nameAt(port)).toBe('second');
  });

  test('is still older than TLS 1.2 for nobody', async () => {
    const { port, watch } = await watched();
    writePair(folder, selfSigned('second'));
    await watch.check();
    await expect(connected(port, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })).rejects.toThrow(/protocol version/);
  });

  test('is followed through the link that a mounted Secret changes by', async () => {
    for (const name of ['one', 'two']) {
      mkdirSync(join(folder, name));
      writePair(join(folder, name), selfSigned(name));
    }
    symlinkSync('one', join(folder, '..data'));
    symlinkSync('..data/tls.crt', join(folder, 'tls.crt'));
    symlinkSync('..data/tls.key', join(folder, 'tls.key'));
    const applied: string[] = [];
    const watch = watchKeyPair({ folder, apply: ({ cert }) => applied.push(String(cert)), log: capturedLog().log, every: 0 });
    await watch.check();
    symlinkSync('two', join(folder, 'next'));
    renameSync(join(folder, 'next'), join(folder, '..data'));
    await watch.check();
    expect(applied).toEqual([String((await readKeyPair(join(folder, 'two'))).cert)]);
  });

  test.each([
    ['cannot be used', () => ({ cert: 'nonsense' })],
    ['is exchanged by half', () => ({ cert: selfSigned('second').cert })],
  ])('and %s leaves the old one, and is told once', async (_name, broken) => {
    const { port, watch, lines } = await watched();
    writePair(folder, broken());
    await watch.check();
    await watch.check();
    expect(await nameAt(port)).toBe('first');
    expect(lines()).toMatchObject([{ level: 'error', msg: 'the new certificate cannot be used; the old one stays' }]);
    writePair(folder, selfSigned('third'));
    await watch.check();
    expect(await nameAt(port)).toBe('third');
  });

  test('and vanishes leaves the old one, and is told once each time', async () => {
    const { port, watch, lines } = await watched();
    for (const name of ['second', 'third']) {
      rmSync(join(folder, 'tls.key'));
      await watch.check();
      await watch.check();
      expect(await nameAt(port)).not.toBe(name);
      writePair(folder, selfSigned(name));
      await watch.check();
      expect(await nameAt(port)).toBe(name);
    }
    expect(lines().map(({ level }) => level)).toEqual(['error', 'info', 'error', 'info']);
  });

  test('while no file can be opened is told once, and used as soon as one can', async () => {
    const { port, watch, lines } = await watched();
    writePair(folder, selfSigned('second'));
    const failing = failingReads('EMFILE');
    await watch.check();
    await watch.check();
    expect(lines()).toMatchObject([{ level: 'error', err: { code: 'EMFILE' } }]);
    failing.mockRestore();
    await watch.check();
    expect([await nameAt(port), lines().length]).toEqual(['second', 2]);
  });

  test('to what cannot be used is told also when it could not be read at first', async () => {
    const { watch, lines } = await watched();
    writePair(folder, { cert: 'nonsense' });
    const failing = failingReads('EIO');
    await watch.check();
    failing.mockRestore();
    await watch.check();
    await watch.check();
    expect(lines().map(({ err }) => (err as Error).message)).toEqual([expect.stringContaining('EIO'), expect.stringContaining('are not a certificate')]);
  });

  test('is not read again while nothing changes', async () => {
    writePair(folder, selfSigned('first'));
    const apply = jest.fn();
    const watch = watchKeyPair({ folder, apply, log: capturedLog().log, every: 0 });
    await watch.check();
    await Promise.all([watch.check(), watch.check()]);
    watch.close();
    expect(apply).not.toHaveBeenCalled();
  });
});
