import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { checkServerIdentity, connect, PeerCertificate, TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import type { CertifiedKey } from '../../../../sidecar/src/crypto/certificate-facts';
import * as maker from '../../../../sidecar/src/crypto/self-made-certificate';
import { LeafCertificates } from '../../../../sidecar/src/egress/authority/leaf-certificates';
import { publicRoots, trustBundle } from '../../../../sidecar/src/egress/authority/trust-bundle';
import { temporaryFolders } from '../../broker/audit/support';

const run = promisify(execFile);
const folder = temporaryFolders();
const DAY = 86_400_000;
// Handshakes are real, so certificates have to be valid now.
const NOW = Date.now();
const HOST = 'api.example.com';

let authority: CertifiedKey;
let bundle: string;
let bundleFile: string;
let server: Server;
let port: number;

beforeAll(async () => {
  const [signing, next] = await Promise.all(['signing', 'next'].map((name) => maker.makeAuthority(name, { now: NOW, notAfter: NOW + 365 * DAY })));
  authority = signing;
  bundle = trustBundle({ authorities: [signing.cert, next.cert], added: [], roots: publicRoots() });
  bundleFile = join(folder(), 'ca-bundle.pem');
  writeFileSync(bundleFile, bundle);
  const leaves = new LeafCertificates({ authority: () => authority, load: async () => maker, clock: Date.now });
  server = createServer({
    SNICallback: (name, done) => void leaves.contextFor(name).then((context) => done(null, context), (error: Error) => done(error)),
  }, (request, response) => response.end(`hello ${request.headers.host}\n`));
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  port = (server.address() as AddressInfo).port;
});

afterAll(() => server.close());

function handshake(options: object): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ca: bundle, servername: HOST, ...options }, () => {
      socket.destroy();
      resolve(socket);
    });
    socket.on('error', reject);
  });
}

function openssl(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const call = run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', bundleFile, '-verify_return_error', ...args]);
  call.child.stdin!.end();
  return call;
}

describe('Node', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('trusts the certificate of the host over %s', async (version) => {
    const socket = await handshake({ minVersion: version, maxVersion: version });
    expect(socket.authorized).toBe(true);
  });

  test('trusts each host that it asks for, at once and in any number', async () => {
    const hosts = Array.from({ length: 30 }, (_, index) => `h${index % 10}.example.com`);
    const sockets = await Promise.all(hosts.map((servername) => handshake({ servername })));
    expect(sockets.every(({ authorized }) => authorized)).toBe(true);
  });

  test('refuses it without our CA, and for another host', async () => {
    await expect(handshake({ ca: publicRoots() })).rejects.toThrow(/unable to (get local issuer|verify the first) certificate/);
    const asOther = (_: string, certificate: PeerCertificate) => checkServerIdentity('other.example.com', certificate);
    await expect(handshake({ checkServerIdentity: asOther })).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });
});

describe('openssl', () => {
  test('verifies chain and host, strictly', async () => {
    const { stdout } = await openssl('-servername', HOST, '-verify_hostname', HOST, '-x509_strict', '-purpose', 'sslserver');
    expect(stdout).toContain('Verify return code: 0 (ok)');
    expect(stdout).toContain('CN = agent platform egress');
    expect(stdout.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
  });

  test('refuses it for another host', async () => {
    await expect(openssl('-servername', HOST, '-verify_hostname', 'other.example.com')).rejects.toMatchObject({ stderr: expect.stringMatching(/hostname mismatch/i) });
    await expect(openssl('-servername', HOST, '-verify_hostname', `sub.${HOST}`)).rejects.toMatchObject({ stderr: expect.stringMatching(/hostname mismatch/i) });
  });
});

/** Each connects to our server under the name of the host, and prints what it answers. */
const CLIENTS: readonly (readonly [string, (at: string, file: string) => readonly string[]])[] = [
  ['curl', (at, file) => ['--silent', '--show-error', '--noproxy', '*', '--cacert', file, '--connect-to', `::127.0.0.1:${at}`, `https://${HOST}/`]],
  ['python3', (at, file) => ['-c', [
    'import socket, ssl, sys',
    'context = ssl.create_default_context(cafile=sys.argv[2])',
    'raw = socket.create_connection(("127.0.0.1", int(sys.argv[1])))',
    'tls = context.wrap_socket(raw, server_hostname=sys.argv[3])',
    'tls.sendall(b"GET / HTTP/1.0\\r\\nhost: " + sys.argv[3].encode() + b"\\r\\n\\r\\n")',
    'sys.stdout.buffer.write(tls.recv(65536) + tls.recv(65536))',
  ].join('\n'), at, file, HOST]],
];

describe.each(CLIENTS)('%s', (client, args) => {
  const ifThere = spawnSync(client, ['--version']).status === 0 ? test : test.skip;

  ifThere('trusts the host by the bundle, when it is on the path', async () => {
    expect((await run(client, args(String(port), bundleFile))).stdout).toContain(`hello ${HOST}`);
  });

  ifThere('refuses it without our CA, when it is on the path', async () => {
    const roots = join(folder(), 'roots.pem');
    writeFileSync(roots, publicRoots().join(''));
    await expect(run(client, args(String(port), roots))).rejects.toMatchObject({ stderr: expect.stringMatching(/certificate/i) });
  });
});
