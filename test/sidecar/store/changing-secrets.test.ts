import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordOf } from './records';
import { eventually, freePort, isOnPath, TEST_USER, TestServer } from './servers';
import type { StoreSecrets } from '../../../sidecar/src/store/client';
import { openStore, OpenStore } from '../../../sidecar/src/store/open-store';
import { parseStoreUrl } from '../../../sidecar/src/store/store-url';
import { selfSigned, writePair } from '../server/certificate';

const TIMES = { answer: 1000, connect: 1000, look: 50, reconnect: 50 };

(isOnPath('redis-server') ? describe : describe.skip)('over redis-server', () => {
  const servers: TestServer[] = [];
  const stores: OpenStore[] = [];
  let folder: string;

  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'store-secrets-')); });

  afterEach(async () => {
    await Promise.all(stores.splice(0).map((one) => one.close()));
    await Promise.all(servers.splice(0).map((one) => one.stop()));
    rmSync(folder, { recursive: true });
  });

  async function started(...args: readonly string[]): Promise<TestServer> {
    const server = await TestServer.start('redis-server', ...args);
    servers.push(server);
    return server;
  }

  async function withUser(password: string, name = 'sessions'): Promise<TestServer> {
    const file = join(folder, 'users.acl');
    writeFileSync(file, `user default off\nuser ${name} on >${password} ~* +@all\n${TEST_USER}`);
    return started('--aclfile', file);
  }

  function opened(url: string, secrets: StoreSecrets): OpenStore {
    const store = openStore(parseStoreUrl(url, { hasPasswordFile: secrets.password !== undefined }), { clock: () => 0, times: TIMES, ...secrets });
    stores.push(store);
    return store;
  }

  const ready = (open: OpenStore) => eventually(async () => open.problem() === undefined ? true : undefined);
  const problem = (open: OpenStore, text: string) => eventually(async () => open.problem() === text ? true : undefined);

  test('a password that comes late is used once it is there', async () => {
    const server = await withUser('first');
    let password: string | undefined;
    const open = opened(server.url, { password: () => password });
    await problem(open, 'the store answers NOAUTH');
    password = 'first';
    await ready(open);
    await expect(open.store.put(recordOf('a'), 0)).resolves.toMatchObject({ version: 1 });
  });

  test('a password that changes is used at the next connection', async () => {
    const server = await withUser('first');
    let password = 'first';
    const open = opened(server.url, { password: () => password });
    await ready(open);
    await server.command('ACL', 'SETUSER', 'sessions', 'resetpass', '>second');
    await server.command('CLIENT', 'KILL', 'USER', 'sessions');
    await problem(open, 'the store answers WRONGPASS');
    await expect(open.store.get('a')).rejects.toMatchObject({ code: 'Unavailable', message: expect.not.stringMatching(/first|second/) });
    password = 'second';
    await ready(open);
    await expect(open.store.get('a')).resolves.toBeUndefined();
  });

  test('a password that changes before its server does disturbs nothing', async () => {
    const server = await withUser('first');
    let password = 'first';
    const open = opened(server.url, { password: () => password });
    await ready(open);
    password = 'second';
    await new Promise((resolve) => setTimeout(resolve, 3 * TIMES.look));
    await expect(open.store.put(recordOf('a'), 0)).resolves.toMatchObject({ version: 1 });
  });

  test('the user of the URL wins over that of the platform, and the password of the file over that of the URL', async () => {
    const server = await withUser('from-file', 'other');
    await ready(opened(`redis://other@127.0.0.1:${server.port}`, { password: () => 'from-file' }));
    await ready(opened(`redis://other:from-url@127.0.0.1:${server.port}`, { password: () => 'from-file' }));
    await ready(opened(`redis://other:from-file@127.0.0.1:${server.port}`, { password: () => undefined }));
    await problem(opened(server.url, { password: () => 'from-file' }), 'the store answers WRONGPASS');
  });

  test('authorities that come late, or instead of others, are trusted once they are there, and nobody before', async () => {
    const pair = selfSigned('store');
    writePair(folder, pair);
    const [cert, key, port] = [join(folder, 'tls.crt'), join(folder, 'tls.key'), await freePort()];
    await started('--tls-port', String(port), '--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert, '--tls-auth-clients', 'no');
    let ca: string | undefined;
    const open = opened(`rediss://127.0.0.1:${port}`, { ca: () => ca });
    await problem(open, 'the store cannot be reached');
    ca = selfSigned('other').cert;
    await new Promise((resolve) => setTimeout(resolve, 3 * TIMES.look));
    await expect(open.store.get('a')).rejects.toMatchObject({ code: 'Unavailable' });
    ca = pair.cert;
    await ready(open);
  });
});
