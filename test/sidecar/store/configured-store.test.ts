import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, isOnPath, ready, redisWorld } from './servers';
import { configuredStore, storeProblems } from '../../../sidecar/src/store/configured-store';
import type { OpenStore } from '../../../sidecar/src/store/open-store';
import { STORE_USER } from '../../../src/protocol/objects';
import { freePort } from '../../helpers/free-port';
import { tempFolder } from '../../helpers/temp-folder';
import { selfSigned, writePair } from '../server/certificate';

describe('a store is named well', () => {
  test.each(['redis://store', 'rediss://store:6380/0', 'redis://store?cluster=true', 'redis://me:secret@store'])('%s', (STORE_URL) => {
    expect(storeProblems({ STORE_URL })).toEqual([]);
  });

  test('with a user whose password is in a file', () => {
    expect(storeProblems({ STORE_URL: 'redis://me@store', STORE_PASSWORD_FILE: '/password' })).toEqual([]);
  });
});

describe('a store is refused', () => {
  test.each([
    ['that no other process sees', 'memory:', /^STORE_URL is memory:, which no other process sees/],
    ['that is no URL', 'store:6379', /^STORE_URL is no such URL/],
    ['of a user without password', 'redis://me@store', /^STORE_URL has a user without a password/],
    ['with a query that says nothing', 'redis://store?tls=true', /^STORE_URL has a query/],
  ])('%s', (_, STORE_URL, problem) => expect(storeProblems({ STORE_URL })).toEqual([expect.stringMatching(problem)]));

  test('without a word of its password', () => {
    expect(storeProblems({ STORE_URL: 'redis://me:planted-3d@store/none' }).join()).not.toContain('planted');
  });
});

(isOnPath('redis-server') ? describe : describe.skip)('over redis-server', () => {
  const folder = tempFolder();
  const passwordFile = join(folder, 'password');
  const { stores, started, withUser } = redisWorld();

  function opened(config: Parameters<typeof configuredStore>[0]): OpenStore {
    const store = configuredStore(config, () => 0);
    stores.push(store);
    return store;
  }

  test('the password of a file wins, without the line break at its end', async () => {
    const { port } = await withUser(folder, 'from-the-file');
    writeFileSync(passwordFile, 'from-the-file\n');
    const open = opened({ STORE_URL: `redis://${STORE_USER}:of-the-url@127.0.0.1:${port}`, STORE_PASSWORD_FILE: passwordFile });
    await ready(open);
    await expect(open.store.get('a')).resolves.toBeUndefined();
  });

  test('a password that is mounted later is found then', async () => {
    const { url } = await withUser(folder, 'late');
    writeFileSync(passwordFile, '');
    const open = opened({ STORE_URL: url, STORE_PASSWORD_FILE: passwordFile });
    await eventually(async () => open.problem() === 'the store answers NOAUTH' ? true : undefined);
    writeFileSync(passwordFile, 'late');
    await ready(open);
  });

  test('authorities are those of the file, and nobody while there is none', async () => {
    const pair = selfSigned('store');
    writePair(folder, pair);
    const [cert, key, ca, port] = [join(folder, 'tls.crt'), join(folder, 'tls.key'), join(folder, 'ca.crt'), await freePort()];
    await started('--tls-port', String(port), '--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert, '--tls-auth-clients', 'no');
    const open = opened({ STORE_URL: `rediss://127.0.0.1:${port}`, STORE_CA_FILE: ca });
    await expect(open.store.get('a')).rejects.toMatchObject({ code: 'Unavailable' });
    writeFileSync(ca, pair.cert);
    await ready(open);
  });
});
