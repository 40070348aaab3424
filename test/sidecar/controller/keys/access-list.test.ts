import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { accessList } from '../../../../sidecar/src/controller/keys/access-list';
import { makeAuthority, makeServingPair } from '../../../../sidecar/src/crypto/self-made-certificate';
import { freePort } from '../../../helpers/free-port';
import { recordOf, T0 } from '../../store/records';
import { Binary, eventually, isOnPath, ready, redisWorld, TEST_USER, TestServer } from '../../store/servers';

const PASSWORD = 'Zm9yLXRlc3RzLW9ubHktbm90LWEtc2VjcmV0LWF0LWE';

describe.each<Binary>(['redis-server', 'valkey-server'])('%s with the access list and a self-made certificate', (binary) => {
  const run = isOnPath(binary) ? test : test.skip;
  const world = redisWorld();
  let folder: string;
  let server: TestServer;
  let url: string;
  let ca: string;

  beforeAll(async () => {
    if (!isOnPath(binary)) return;
    folder = mkdtempSync(join(tmpdir(), 'access-list-'));
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };
    const validity = { now: Date.now(), notAfter: Date.now() + 3_600_000 };
    const authority = await makeAuthority('store', validity);
    const { cert, key } = await makeServingPair(authority, ['localhost'], validity);
    ca = authority.cert;
    const port = await freePort();
    url = `rediss://localhost:${port}`;
    server = await TestServer.start(binary,
      '--aclfile', file('users.acl', `${accessList(PASSWORD)}${TEST_USER}`), '--tls-port', String(port), '--tls-auth-clients', 'no',
      '--tls-cert-file', file('tls.crt', cert), '--tls-key-file', file('tls.key', key), '--tls-ca-cert-file', file('ca.crt', ca), '--appendonly', 'yes');
  });

  afterAll(async () => {
    await server?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  const opened = (password: string | undefined) => world.opened(url, { password: () => password, ca: () => ca });

  run('lets the platform do all that it does, and is asked for nothing that it does not grant', async () => {
    const open = opened(PASSWORD);
    await ready(open);
    const { store } = open;
    await expect(store.put(recordOf('a'), 0)).resolves.toMatchObject({ version: 1 });
    await store.touch(new Map([['a', T0 + 1000]]));
    await expect(store.list({ owner: recordOf('a').owner! }, { limit: 5 })).resolves.toMatchObject({ sessions: [{ version: 1 }] });
    await store.list({}, { limit: 5 });
    await expect(store.remove('a', 1)).resolves.toBe(true);
    expect(await server.command('ACL', 'LOG')).toEqual([]);
  });

  run('has all that it had when it is started again', async () => {
    const { store } = opened(PASSWORD);
    const kept = await eventually(() => store.put(recordOf('kept'), 0));
    await store.touch(new Map([['kept', T0 + 1000]]));
    await store.put({ ...kept.record, name: 'changed' }, kept.version);
    await server.kill();
    await server.launch();
    const { sessions } = await eventually(() => store.list({ owner: recordOf('kept').owner! }, { limit: 5 }));
    expect(sessions).toMatchObject([{ record: { id: 'kept', name: 'changed' }, lastActivity: T0 + 1000 }]);
  });

  run('lets nobody in as the default user, who has rights', async () => {
    const client = await createClient({ url, RESP: 2, disableClientInfo: true, socket: { tls: true, ca, reconnectStrategy: false } }).on('error', () => undefined).connect();
    await expect(client.sendCommand(['DEL', 'session:{a}'])).rejects.toThrow('NOAUTH');
    for (const password of ['', 'default', PASSWORD]) await expect(client.sendCommand(['AUTH', 'default', password])).rejects.toThrow('WRONGPASS');
    client.destroy();
  });

  run.each([[undefined, 'NOAUTH'], ['wrong-password', 'WRONGPASS']])('lets nobody in with the password %s', async (password, word) => {
    const open = opened(password);
    await eventually(async () => open.problem() === `the store answers ${word}` ? true : undefined);
    await expect(open.store.get('a')).rejects.toMatchObject({ code: 'Unavailable' });
    await server.command('ACL', 'LOG', 'RESET');
  });

  run('keeps the platform from everything else', async () => {
    const client = await createClient({ url, RESP: 2, username: 'sessions', password: PASSWORD, disableClientInfo: true, socket: { tls: true, ca, reconnectStrategy: false } })
      .on('error', () => undefined).connect();
    const denied = [
      ['FLUSHALL'], ['KEYS', '*'], ['CONFIG', 'GET', '*'], ['ACL', 'LIST'], ['SHUTDOWN'], ['SWAPDB', '0', '1'], ['MONITOR'], ['SAVE'], ['GET', 'session:{a}'],
      ['REPLICAOF', 'NO', 'ONE'], ['MODULE', 'LIST'], ['SCRIPT', 'FLUSH'], ['HGET', 'other', 'x'], ['EVAL', "return redis.call('HGET', KEYS[1], 'x')", '1', 'other'],
    ];
    try {
      for (const words of denied) await expect(client.sendCommand(words)).rejects.toThrow(/NOPERM|ACL failure/);
    } finally {
      client.destroy();
    }
  });
});
