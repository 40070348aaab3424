import { join } from 'node:path';
import { recordOf } from './records';
import { eventually, isOnPath, ready, redisWorld, TIMES } from './servers';
import type { OpenStore } from '../../../sidecar/src/store/open-store';
import { freePort } from '../../helpers/free-port';
import { tempFolder } from '../../helpers/temp-folder';
import { selfSigned, writePair } from '../server/certificate';

(isOnPath('redis-server') ? describe : describe.skip)('over redis-server', () => {
  const { started, withUser, opened } = redisWorld();
  const folder = tempFolder();

  const problem = (open: OpenStore, text: string) => eventually(async () => open.problem() === text ? true : undefined);

  test('a password that comes late is used once it is there', async () => {
    const server = await withUser(folder, 'first');
    let password: string | undefined;
    const open = opened(server.url, { password: () => password });
    await problem(open, 'the store answers NOAUTH');
    password = 'first';
    await ready(open);
    await expect(open.store.put(recordOf('a'), 0)).resolves.toMatchObject({ version: 1 });
  });

  test('a password that changes is used at the next connection', async () => {
    const server = await withUser(folder, 'first');
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
    const server = await withUser(folder, 'first');
    let password = 'first';
    const open = opened(server.url, { password: () => password });
    await ready(open);
    password = 'second';
    await new Promise((resolve) => setTimeout(resolve, 3 * TIMES.look));
    await expect(open.store.put(recordOf('a'), 0)).resolves.toMatchObject({ version: 1 });
  });

  test('the user of the URL wins over that of the platform, and the password of the file over that of the URL', async () => {
    const server = await withUser(folder, 'from-file', 'other');
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
