import { join } from 'node:path';
import { MINUTE, recordOf, T0 } from './records';
import { eventually, IMPATIENT, isOnPath, ready, redisWorld, startCluster } from './servers';
import { cursorText, firstOf } from '../../../sidecar/src/store/cursor';
import { DUE_SHARDS, dueKey, dueShardOf } from '../../../sidecar/src/store/keys';
import type { OpenStore } from '../../../sidecar/src/store/open-store';
import { afterFailure, afterPage, newRound, Round } from '../../../sidecar/src/store/round';
import { isStoreError } from '../../../sidecar/src/store/store-error';
import { STORE_RIGHTS } from '../../../src/protocol/session-record';
import { freePort } from '../../helpers/free-port';
import { tempFolder } from '../../helpers/temp-folder';
import { selfSigned, writePair } from '../server/certificate';

(isOnPath('redis-server') ? describe : describe.skip)('over redis-server', () => {
  const { servers, started, opened } = redisWorld();
  const folder = tempFolder();
  const unready = (open: OpenStore) => eventually(async () => open.problem());

  test('a store is not ready before its server is, and becomes so alone', async () => {
    const server = await started();
    await server.kill();
    const open = opened(server.url);
    expect(open.problem()).toBe('the store has not answered yet');
    await expect(open.store.get('a')).rejects.toMatchObject({ code: 'Unavailable' });
    await expect(open.store.put(recordOf('a'), 0)).rejects.toMatchObject({ code: 'Unavailable' });
    await server.launch();
    await ready(open);
    await expect(open.store.put(recordOf('a'), 0)).resolves.toMatchObject({ version: 1 });
  });

  test('what was acknowledged is there after the server was killed in the middle, and the rest fails with one code', async () => {
    const server = await started('--appendonly', 'yes', '--appendfsync', 'always');
    const open = opened(server.url);
    await ready(open);
    const kept: string[] = [];
    const codes = new Set<string>();
    const write = async (at: number): Promise<void> => {
      try {
        await open.store.put(recordOf(`s${at}`), 0);
        kept.push(`s${at}`);
        if (kept.length === 100) server.signal('SIGKILL');
      } catch (error) {
        codes.add(isStoreError(error) ? error.code : String(error));
      }
    };
    // A server that is fast has answered a whole wave before it is gone.
    for (let wave = 0; wave < 20 && codes.size === 0; wave += 1) await Promise.all(Array.from({ length: 200 }, (_, at) => write(200 * wave + at)));
    await server.kill();
    expect([...codes]).toEqual(['Unavailable']);
    await unready(open);
    await server.launch();
    await ready(open);
    const found = await Promise.all(kept.map((id) => open.store.get(id)));
    expect(kept.length).toBeGreaterThanOrEqual(100);
    expect(found.filter((one) => one?.version === 1)).toHaveLength(kept.length);
  }, 30_000);

  test('a server that does not answer is given up in time, and used again when it does', async () => {
    const server = await started();
    const patient = opened(server.url);
    await ready(patient);
    await patient.store.put(recordOf('a'), 0);
    const open = opened(server.url, {}, IMPATIENT);
    await ready(open);
    server.signal('SIGSTOP');
    await expect(open.store.get('a')).rejects.toMatchObject({ code: 'Unavailable' });
    await unready(open);
    server.signal('SIGCONT');
    await ready(open);
    expect(await eventually(() => open.store.get('a'))).toMatchObject({ version: 1 });
  }, 60_000);

  test('a full server refuses what is new, and lets read and remove', async () => {
    const server = await started('--maxmemory-policy', 'noeviction');
    const open = opened(server.url);
    await ready(open);
    await open.store.put(recordOf('a'), 0);
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await expect(open.store.put(recordOf('b'), 0)).rejects.toMatchObject({ code: 'Unavailable', message: 'the store answers OOM' });
    await expect(open.store.put(recordOf('a'), 1)).rejects.toMatchObject({ code: 'Unavailable' });
    await expect(open.store.get('a')).resolves.toMatchObject({ version: 1 });
    await expect(open.store.list({ dueBy: T0 }, { limit: 5 })).resolves.toMatchObject({ sessions: [] });
    await expect(open.store.remove('a')).resolves.toBe(true);
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    await expect(open.store.put(recordOf('b'), 0)).resolves.toMatchObject({ version: 1 });
  });

  test('a server that has forgotten the scripts is told them again', async () => {
    const server = await started();
    const open = opened(server.url);
    await ready(open);
    await open.store.put(recordOf('a'), 0);
    await server.command('SCRIPT', 'FLUSH');
    await expect(open.store.get('a')).resolves.toMatchObject({ version: 1 });
  });

  test('password and database of the URL are used', async () => {
    const server = await started('--requirepass', 'p@ss/wörd');
    const open = opened(`redis://:${encodeURIComponent('p@ss/wörd')}@127.0.0.1:${server.port}/3`);
    await ready(open);
    await open.store.put(recordOf('a'), 0);
    expect(String(await server.command('INFO', 'keyspace'))).toContain('db3:keys=3');
  });

  test('a user with the rights of the store, and no others, is enough', async () => {
    const server = await started();
    await server.command('ACL', 'SETUSER', 'platform', 'on', '>pass', 'resetkeys', 'resetchannels', '-@all', ...STORE_RIGHTS);
    const { store } = opened(`redis://platform:pass@127.0.0.1:${server.port}`);
    await eventually(() => store.put(recordOf('a'), 0));
    await store.touch(new Map([['a', T0 + 1000], ['b', T0]]));
    await server.command('SET', 'session:{bad}', 'x');
    await server.command('ZADD', dueKey(dueShardOf('bad')), '1', 'bad');
    const cursors = Array.from({ length: DUE_SHARDS }, (_, shard) => cursorText(firstOf(shard)));
    const pages = await Promise.all(cursors.map((cursor) => store.list({ dueBy: T0 + 15 * MINUTE }, { limit: 5, cursor })));
    expect(pages.flatMap(({ poisoned }) => poisoned)).toEqual([{ id: 'bad', problem: 'is a string', quarantined: true }]);
    await expect(store.list({ owner: 'oidc|alice' }, { limit: 5 })).resolves.toMatchObject({ sessions: [{ version: 1 }] });
    await expect(store.remove('a', 1)).resolves.toBe(true);
    expect(await server.command('ACL', 'LOG')).toEqual([]);
  });

  test.each([['', 'NOAUTH'], [':wrong-secret@', 'WRONGPASS']])('without the right password nothing is done, and no message shows one: %j', async (credentials, word) => {
    const server = await started('--requirepass', 'right-secret');
    const open = opened(`redis://${credentials}127.0.0.1:${server.port}`);
    await eventually(async () => open.problem() === `the store answers ${word}` ? true : undefined);
    await expect(open.store.put(recordOf('a'), 0)).rejects.toMatchObject({ code: 'Unavailable', message: `the store answers ${word}` });
    expect(await server.command('DBSIZE')).toBe(0);
  });

  test('rediss:// trusts the authority it is given, and no server of another', async () => {
    const pair = selfSigned('store');
    writePair(folder, pair);
    const [file, keyFile, port] = [join(folder, 'tls.crt'), join(folder, 'tls.key'), await freePort()];
    await started('--tls-port', String(port), '--tls-cert-file', file, '--tls-key-file', keyFile, '--tls-ca-cert-file', file, '--tls-auth-clients', 'no');
    const trusting = opened(`rediss://127.0.0.1:${port}`, { ca: () => pair.cert });
    const other = opened(`rediss://127.0.0.1:${port}`);
    await ready(trusting);
    await expect(trusting.store.put(recordOf('a'), 0)).resolves.toMatchObject({ version: 1 });
    await expect(other.store.get('a')).rejects.toMatchObject({ code: 'Unavailable' });
  });

  test('a cluster that was not there is found, and one master that is away holds up none of the others', async () => {
    const nodes = await startCluster('redis-server');
    servers.push(...nodes);
    const open = opened(`${nodes[0].url}?cluster=true`);
    await ready(open);
    const ids = Array.from({ length: 30 }, (_, at) => `s${at}`);
    await Promise.all(ids.map((id) => open.store.put(recordOf(id), 0)));
    // A slot moves behind the back of the client.
    const slots = await Promise.all(ids.map(async (_, at) => Number(await nodes[0].command('CLUSTER', 'KEYSLOT', `{moved${at}}`))));
    const at = slots.findIndex((slot) => slot > 6000 && slot < 10_000);
    const owner = String(await nodes[0].command('CLUSTER', 'MYID'));
    for (const node of nodes) await node.command('CLUSTER', 'SETSLOT', String(slots[at]), 'NODE', owner);
    await expect(open.store.put(recordOf(`moved${at}`), 0)).resolves.toMatchObject({ version: 1 });
    await expect(nodes[0].command('EXISTS', `session:{moved${at}}`)).resolves.toBe(1);
    await nodes[2].kill();
    // Its address is the only one that this one knows.
    const late = opened(`${nodes[2].url}?cluster=true`);
    const met = await eventually(async () => {
      let failures = 0;
      let pages = 0;
      let round: Round | undefined = newRound(T0);
      while (round !== undefined) {
        const { cursor, dueBy }: Round = round;
        try {
          round = afterPage({ dueBy }, await open.store.list({ dueBy }, { limit: 10, cursor }));
          pages += 1;
        } catch (error) {
          if (!isStoreError(error, 'Unavailable')) throw error;
          round = afterFailure({ dueBy }, error);
          failures += 1;
        }
      }
      return pages > 0 && failures > 0 ? { pages, failures } : undefined;
    });
    // Two thirds of the sets are on the others.
    expect(met.pages).toBeGreaterThan(met.failures);
    expect([open.problem(), typeof late.problem()]).toEqual([undefined, 'string']);
    await nodes[2].launch();
    await ready(late);
    await eventually(async () => (await Promise.all(ids.map((id) => open.store.get(id).catch(() => 'away')))).every((one) => one !== 'away') ? true : undefined);
    await Promise.all(nodes.map((node) => node.kill()));
    await expect(unready(open)).resolves.toMatch(/^the store /);
  }, 120_000);
});
