import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ISSUER, jwks, signingKey } from './tokens';
import { DiscoveredKeys, KeysUnavailable, openFileKeys } from '../../../../sidecar/src/gateway/auth/issuer-keys';
import { eventually, tempFolder } from '../../../helpers/temp-folder';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FIRST = jwks(signingKey('k1'));
const SECOND = jwks(signingKey('k2'));

/** A provider whose answers can be changed. */
function provider(issuer = ISSUER) {
  const world = {
    now: 1_800_000_000_000,
    keys: FIRST,
    document: JSON.stringify({ issuer, jwks_uri: 'https://keys.example.com/jwks' }),
    down: false,
    asked: [] as string[],
    told: [] as string[],
  };
  const get = async (url: string): Promise<string> => {
    world.asked.push(url);
    if (world.down) throw new Error('ECONNREFUSED');
    return url.endsWith('/.well-known/openid-configuration') ? world.document : world.keys;
  };
  const keys = new DiscoveredKeys({ issuer, get, clock: () => world.now, refused: (problem) => world.told.push(problem) });
  return { world, keys };
}

test('the keys are those that discovery names', async () => {
  const { world, keys } = provider();
  expect((await keys.current()).text).toBe(FIRST);
  expect(world.asked).toEqual([`${ISSUER}/.well-known/openid-configuration`, 'https://keys.example.com/jwks']);
});

test('a slash at the end of the issuer is not doubled', async () => {
  const { world, keys } = provider('https://id.example.com/');
  await keys.current();
  expect(world.asked[0]).toBe('https://id.example.com/.well-known/openid-configuration');
});

test('however many want to know at once, the provider is asked once', async () => {
  const { world, keys } = provider();
  const sets = await Promise.all(Array.from({ length: 50 }, () => keys.current()));
  expect(new Set(sets).size).toBe(1);
  expect(world.asked).toHaveLength(2);
});

test('a provider that is down makes keys unavailable, is asked again after ten seconds, and then they are there', async () => {
  const { world, keys } = provider();
  world.down = true;
  await expect(keys.current()).rejects.toThrow(KeysUnavailable);
  world.down = false;
  world.now += 9999;
  await expect(keys.current()).rejects.toThrow(KeysUnavailable);
  expect(world.asked).toHaveLength(1);
  world.now += 1;
  expect((await keys.current()).text).toBe(FIRST);
  expect(world.told).toEqual(['ECONNREFUSED']);
});

test('an unknown key is looked for once in ten seconds, and found after a rotation', async () => {
  const { world, keys } = provider();
  const first = await keys.current();
  world.now += 10_000;
  expect(await keys.newer(first)).toBeUndefined();
  for (let i = 0; i < 100; i += 1) expect(await keys.newer(first)).toBeUndefined();
  expect(world.asked).toHaveLength(4);
  world.keys = SECOND;
  world.now += 10_000;
  const second = await keys.newer(first);
  expect(second?.text).toBe(SECOND);
  expect(await keys.current()).toBe(second);
});

test('equal keys stay the same object, so that nothing is forgotten for them', async () => {
  const { world, keys } = provider();
  const first = await keys.current();
  world.now += 6 * MINUTE;
  await keys.current();
  await eventually(() => world.asked.length === 4);
  expect(await keys.current()).toBe(first);
});

test('a withdrawn key is noticed within minutes although no token names another', async () => {
  const { world, keys } = provider();
  await keys.current();
  world.keys = SECOND;
  world.now += 5 * MINUTE;
  expect((await keys.current()).text).toBe(FIRST);
  await eventually(() => world.asked.length === 4);
  await Promise.resolve();
  expect((await keys.current()).text).toBe(SECOND);
});

test('keys serve for a day while the provider is down, and no longer', async () => {
  const { world, keys } = provider();
  const first = await keys.current();
  world.down = true;
  world.now += 24 * HOUR - 1;
  expect(await keys.current()).toBe(first);
  await eventually(() => world.told.length === 1);
  world.now += 1;
  await expect(keys.current()).rejects.toThrow(KeysUnavailable);
});

test('an unknown key cannot be judged while the provider is down', async () => {
  const { world, keys } = provider();
  const first = await keys.current();
  world.down = true;
  world.now += 10_000;
  await expect(keys.newer(first)).rejects.toThrow(KeysUnavailable);
});

test('keys from before a clock was set back are not trusted, but asked for again', async () => {
  const { world, keys } = provider();
  await keys.current();
  world.now -= HOUR;
  world.keys = SECOND;
  expect((await keys.current()).text).toBe(SECOND);
});

test.each<[string, (world: { document: string; keys: string }) => void, RegExp]>([
  ['of another issuer', (world) => { world.document = JSON.stringify({ issuer: `${ISSUER}/`, jwks_uri: 'https://k' }); }, /of another issuer/],
  ['without jwks_uri', (world) => { world.document = JSON.stringify({ issuer: ISSUER }); }, /no jwks_uri/],
  ['with a jwks_uri without end', (world) => { world.document = JSON.stringify({ issuer: ISSUER, jwks_uri: `https://k/${'a'.repeat(2048)}` }); }, /no jwks_uri/],
  ['that is no JSON', (world) => { world.document = '<html>'; }, /not JSON/],
  ['with keys that are none', (world) => { world.keys = '{"keys": {}}'; }, /is not a JWK Set/],
  ['with no key', (world) => { world.keys = '{"keys": []}'; }, /has no public key for signatures/],
  ['with private and secret keys', (world) => { world.keys = JSON.stringify({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }, { kty: 'EC', d: 'planted' }] }); }, /has no public key/],
  ['with keys for encryption', (world) => { world.keys = JSON.stringify({ keys: [{ kty: 'RSA', use: 'enc' }] }); }, /has no public key/],
  ['with too many keys', (world) => { world.keys = JSON.stringify({ keys: Array.from({ length: 101 }, () => ({ kty: 'EC' })) }); }, /has 101 keys; allowed: at most 100/],
])('a provider %s has no keys, which is told without what it said', async (_, change, problem) => {
  const { world, keys } = provider();
  change(world);
  await expect(keys.current()).rejects.toThrow(KeysUnavailable);
  expect(world.told).toEqual([expect.stringMatching(problem)]);
  expect(world.told.join()).not.toMatch(/planted|html/);
});

describe('keys of a mounted file', () => {
  const root = tempFolder();

  test('follow it, and stay when it breaks', async () => {
    const file = join(root, 'jwks.json');
    writeFileSync(file, FIRST);
    const told: string[] = [];
    const keys = await openFileKeys(file, (problem) => told.push(problem), 20);
    const first = await keys.current();
    expect(await keys.newer(first)).toBeUndefined();
    writeFileSync(`${file}.new`, SECOND);
    renameSync(`${file}.new`, file);
    let now = first;
    await eventually(() => {
      void keys.current().then((set) => { now = set; });
      return now !== first;
    });
    expect((await keys.newer(first))?.text).toBe(SECOND);
    writeFileSync(file, '{');
    await eventually(() => told.length === 1);
    expect((await keys.current()).text).toBe(SECOND);
    keys.close();
  });

  test('are unavailable until it comes', async () => {
    const file = join(root, 'late.json');
    const keys = await openFileKeys(file, () => undefined, 20);
    await expect(keys.current()).rejects.toThrow(KeysUnavailable);
    writeFileSync(file, FIRST);
    let text = '';
    await eventually(() => {
      keys.current().then((set) => { text = set.text; }, () => undefined);
      return text !== '';
    });
    expect(text).toBe(FIRST);
    keys.close();
  });
});
