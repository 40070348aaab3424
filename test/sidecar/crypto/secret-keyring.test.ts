import { settle, StoredSecret } from './stored-secret';
import { renderKey } from '../../../sidecar/src/crypto/key-file';
import { HEAD_START, LONGEST_LIFETIME, ROTATE_AFTER } from '../../../sidecar/src/crypto/key-schedule';
import { MemoryKeyStore, newKey } from '../../../sidecar/src/crypto/key-store';
import { open, seal } from '../../../sidecar/src/crypto/sealed-token';
import { openSecretKeyring } from '../../../sidecar/src/crypto/secret-keyring';

const T0 = Date.UTC(2026, 0, 1);
const HOUR = 60 * 60 * 1000;
const CLAIMS = { notAfter: T0 + 1000, secret: 'no' };

const time = { now: T0 };
let secret: StoredSecret;

beforeEach(() => {
  time.now = T0;
  secret = new StoredSecret();
});

function keyring(more: object = {}) {
  return openSecretKeyring({ place: 'Secret broker-keyring', secret, now: () => time.now, ...more });
}

describe('the first start', () => {
  test('fills the empty Secret, whose entries are key files', async () => {
    await keyring();
    expect(secret.names()).toEqual(['id.json', 'seal-1.json']);
    expect(JSON.parse(String(secret.entries.get('id.json')))).toEqual({ kid: expect.stringMatching(/^[0-9a-f]{16}$/), created: '2026-01-01T00:00:00.000Z', key: expect.any(String) });
  });

  test('of two at once ends with one set of keys', async () => {
    const [one, other] = await Promise.all([keyring(), keyring()]);
    expect(secret.version).toBe(2);
    expect(one.idKey.equals(other.idKey)).toBe(true);
    expect(open(other, seal(one, 'usersecret', CLAIMS))).toEqual({ kind: 'usersecret', claims: CLAIMS });
  });

  test('goes on where an id key is alone, and leaves entries of others', async () => {
    await keyring();
    secret.entries = new Map([['id.json', secret.entries.get('id.json')!], ['note', Buffer.from('x')]]);
    const before = String(secret.entries.get('id.json'));
    await keyring();
    expect(secret.names()).toEqual(['id.json', 'note', 'seal-1.json']);
    expect(String(secret.entries.get('id.json'))).toBe(before);
  });

  test('gives up on a Secret that changes each time', async () => {
    secret.replace = async () => false;
    await expect(keyring()).rejects.toThrow('Secret broker-keyring changes each time that it is filled');
  });
});

test('the next start opens what was sealed before, and makes no new keys', async () => {
  const token = seal(await keyring(), 'usersecret', CLAIMS);
  expect(open(await keyring(), token)).toMatchObject({ claims: CLAIMS });
  expect(secret.version).toBe(2);
});

describe('a Secret is refused', () => {
  test.each<[string, (entries: Map<string, Buffer>) => void, RegExp]>([
    ['with seals but no id key', (entries) => entries.delete('id.json'), /no id key: restore it/],
    ['with an entry that is no key', (entries) => entries.set('backup.json', Buffer.from('planted')), /neither id\.json nor seal-1\.json/],
    ['with a key that is cut off', (entries) => entries.set('seal-1.json', Buffer.from('{"kid":"planted')), /seal-1\.json is not a JSON object/],
    ['with one key twice', (entries) => entries.set('seal-2.json', entries.get('seal-1.json')!), /two keys of one name/],
  ])('%s', async (_, change, problem) => {
    await keyring();
    const entries = new Map(secret.entries);
    change(entries);
    secret.entries = entries;
    await expect(keyring()).rejects.toThrow(problem);
    await expect(keyring()).rejects.not.toThrow(/planted/);
    // The mounted copy is no way around it.
    await expect(keyring({ mounted: new MemoryKeyStore() })).rejects.toThrow(problem);
  });
});

describe('rotation', () => {
  test('makes a key that opens at once and seals after its head start', async () => {
    const ring = await keyring();
    const first = ring.sealing().kid;
    time.now = T0 + ROTATE_AFTER;
    ring.sealing();
    await settle();
    expect(secret.names()).toEqual(['id.json', 'seal-1.json', 'seal-2.json']);
    expect(ring.sealing().kid).toBe(first);
    time.now += HEAD_START;
    expect(ring.sealing().kid).not.toBe(first);
  });

  test('of two replicas makes one key', async () => {
    const [one, other] = [await keyring(), await keyring()];
    time.now = T0 + ROTATE_AFTER;
    one.sealing();
    other.sealing();
    await settle();
    expect(secret.names()).toEqual(['id.json', 'seal-1.json', 'seal-2.json']);
  });

  test('takes keys away that nothing valid is sealed with', async () => {
    const ring = await keyring();
    for (let turn = 0; turn < 3; turn += 1) {
      time.now += ROTATE_AFTER + 2 * 60 * 60 * 1000;
      ring.sealing();
      await settle();
    }
    expect(time.now - T0).toBeGreaterThan(2 * LONGEST_LIFETIME);
    expect(secret.names()).not.toContain('seal-1.json');
    expect(secret.names()).toContain('seal-4.json');
  });

  test('is not needed for that: a spent key goes at once, and none is made', async () => {
    const ring = await keyring();
    time.now = T0 + ROTATE_AFTER;
    ring.sealing();
    await settle();
    const { kid } = ring.opening(JSON.parse(String(secret.entries.get('seal-1.json'))).kid)!;
    // The third key is young when the first is spent.
    secret.entries = new Map([...secret.entries, ['seal-3.json', Buffer.from(renderKey(newKey(time.now + ROTATE_AFTER)))]]);
    time.now += HEAD_START + LONGEST_LIFETIME + HOUR;
    await ring.reread!();
    expect([secret.names(), ring.opening(kid)]).toEqual([['id.json', 'seal-2.json', 'seal-3.json'], undefined]);
    const { version } = secret;
    time.now += HOUR;
    ring.sealing();
    await settle();
    expect(secret.version).toBe(version);
  });

  test('that cannot be written leaves the old key sealing, ready all the while', async () => {
    const ring = await keyring();
    const { kid } = ring.sealing();
    time.now = T0 + ROTATE_AFTER;
    secret.down = true;
    ring.sealing();
    await settle();
    expect([ring.sealing().kid, ring.problem()]).toEqual([kid, undefined]);
  });
});

describe('a key that another replica has made', () => {
  async function rotatedElsewhere() {
    const ring = await keyring();
    const other = await keyring();
    time.now = T0 + ROTATE_AFTER;
    other.sealing();
    await settle();
    time.now += HEAD_START;
    return { ring, other, kid: other.sealing().kid };
  }

  test('is found by one look, however many ask', async () => {
    const { ring, kid } = await rotatedElsewhere();
    expect(ring.opening(kid)).toBeUndefined();
    const reads = secret.reads;
    expect(await Promise.all(Array.from({ length: 20 }, () => ring.reread!()))).toEqual(Array(20).fill(true));
    expect([secret.reads - reads, ring.opening(kid)?.kid]).toEqual([1, kid]);
  });

  test('is looked for once in 5 s, so that made-up names cost nothing', async () => {
    const ring = await keyring();
    const reads = secret.reads;
    await ring.reread!();
    for (let i = 0; i < 10; i += 1) expect(await ring.reread!()).toBe(false);
    time.now += 5000;
    expect(await ring.reread!()).toBe(true);
    expect(secret.reads - reads).toBe(2);
  });

  test('is taken from the mounted copy while the Secret cannot be read', async () => {
    const mounted = new MemoryKeyStore();
    const ring = await keyring({ mounted });
    const key = newKey(T0);
    mounted.createSeal(key);
    secret.down = true;
    expect(await ring.reread!()).toBe(true);
    expect(ring.opening(key.kid)).toBe(key);
  });
});

test('a mounted copy that is damaged is told, and stops nothing', async () => {
  const ring = await keyring({ mounted: { load: () => { throw new Error('key file seal-2.json is empty'); } } });
  const { kid } = ring.sealing();
  secret.down = true;
  expect(await ring.reread!()).toBe(false);
  expect([ring.problem(), ring.sealing().kid]).toEqual(['the keyring cannot be renewed: key file seal-2.json is empty', kid]);
});

test('a start while the Secret cannot be read takes the mounted keys, if they are complete', async () => {
  const mounted = new MemoryKeyStore();
  secret.down = true;
  await expect(keyring({ mounted })).rejects.toThrow('the API server is down');
  mounted.createId(newKey(T0));
  mounted.createSeal(newKey(T0));
  expect((await keyring({ mounted })).idKey.equals(mounted.load().id!.secret)).toBe(true);
});

test.each<[string, (entries: Map<string, Buffer>) => void, string]>([
  ['lost keys', (entries) => entries.clear(), 'has lost its keys'],
  ['another id key', (entries) => entries.set('id.json', Buffer.from(JSON.stringify({ kid: '0'.repeat(16), created: '2026-01-01T00:00:00Z', key: 'A'.repeat(43) }))), 'has another id key than before'],
])('%s are told, and what was there goes on', async (_, change, problem) => {
  const ring = await keyring();
  const { kid } = ring.sealing();
  const entries = new Map(secret.entries);
  const before = secret.entries;
  change(entries);
  secret.entries = entries;
  expect(await ring.reread!()).toBe(false);
  expect(ring.problem()).toContain(problem);
  expect(ring.opening(kid)).toBeDefined();
  secret.entries = before;
  time.now += 5000;
  ring.problem();
  await settle();
  expect(ring.problem()).toBeUndefined();
});
