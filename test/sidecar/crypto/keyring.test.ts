import { inspect } from 'node:util';
import { HEAD_START, LONGEST_LIFETIME, ROTATE_AFTER } from '../../../sidecar/src/crypto/key-schedule';
import { MemoryKeyStore, newKey } from '../../../sidecar/src/crypto/key-store';
import { memoryKeyring, StoredKeyring } from '../../../sidecar/src/crypto/keyring';

const T0 = Date.UTC(2026, 0, 1);
const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

function ring() {
  const time = { now: T0 };
  const store = new MemoryKeyStore();
  return { time, store, keyring: new StoredKeyring(store, () => time.now) };
}

test('a new keyring seals at once and opens what it sealed', () => {
  const keyring = memoryKeyring(() => T0);
  const { kid } = keyring.sealing();
  expect(keyring.opening(kid)?.secret.symmetricKeySize).toBe(32);
});

test('the id key is no sealing key', () => {
  const keyring = memoryKeyring(() => T0);
  expect(keyring.idKey.equals(keyring.sealing().secret)).toBe(false);
});

test('a name that no key has opens nothing', () => {
  expect(memoryKeyring(() => T0).opening('0123456789abcdef')).toBeUndefined();
});

test('after 30 days the next key is made, opens at once and seals after ten minutes', () => {
  const { time, store, keyring } = ring();
  const first = keyring.sealing();
  time.now += ROTATE_AFTER;
  expect(keyring.sealing().kid).toBe(first.kid);
  const [, next] = store.load().seals;
  expect(keyring.opening(next.kid)).toBe(next);
  time.now += HEAD_START;
  expect(keyring.sealing().kid).toBe(next.kid);
  expect(store.load().seals).toHaveLength(2);
});

test('an old key opens for the longest lease, then it goes', () => {
  const { time, keyring } = ring();
  const { kid } = keyring.sealing();
  time.now += ROTATE_AFTER;
  keyring.sealing();
  time.now += HEAD_START + LONGEST_LIFETIME - 1;
  keyring.sealing();
  expect(keyring.opening(kid)).toBeDefined();
  time.now += ROTATE_AFTER;
  keyring.sealing();
  expect(keyring.opening(kid)).toBeUndefined();
});

test('a key goes as soon as nothing valid is sealed with it, and no other is made for that', () => {
  const time = { now: T0 };
  const store = new MemoryKeyStore();
  store.createId(newKey(T0));
  const [first, next] = [newKey(T0), newKey(T0 + DAY)];
  [first, next].forEach((key) => store.createSeal(key));
  // Many seals have brought one more before its time, so that the next is not due for a while.
  store.createSeal(newKey(T0 + 20 * DAY));
  const keyring = new StoredKeyring(store, () => time.now);
  time.now = T0 + DAY + HEAD_START + LONGEST_LIFETIME + HOUR - 1;
  keyring.sealing();
  expect(store.load().seals).toHaveLength(3);
  time.now += 1;
  keyring.sealing();
  expect([store.load().seals.length, keyring.opening(first.kid), keyring.opening(next.kid)]).toEqual([2, undefined, next]);
});

test('a key that another process made is found when its first token comes', () => {
  const { time, store, keyring } = ring();
  const other = newKey(T0);
  store.createSeal(other);
  expect(keyring.opening(other.kid)).toBe(other);
  const later = newKey(T0);
  store.createSeal(later);
  time.now += 4999;
  expect(keyring.opening(later.kid)).toBeUndefined();
  time.now += 1;
  expect(keyring.opening(later.kid)).toBe(later);
});

test('a next key that another process made is taken, and none is made beside it', () => {
  const { time, store, keyring } = ring();
  time.now += ROTATE_AFTER;
  const other = newKey(time.now);
  store.createSeal(other);
  keyring.sealing();
  expect(store.load().seals.map(({ kid }) => kid)).toContain(other.kid);
  expect(store.load().seals).toHaveLength(2);
});

test('whoever has sealed nothing for months seals with the key of the day, not with one that another process has taken away', () => {
  const { time, store, keyring: idle } = ring();
  const spent = idle.sealing();
  const busy = new StoredKeyring(store, () => time.now);
  for (const days of [31, 31]) {
    time.now += days * DAY;
    busy.sealing();
    time.now += HEAD_START;
  }
  expect([busy.opening(spent.kid), busy.opening(idle.sealing().kid)?.kid]).toEqual([undefined, busy.sealing().kid]);
});

test('a store that fails stops neither sealing nor opening, and the problem is told', () => {
  const { time, store, keyring } = ring();
  const { kid } = keyring.sealing();
  const failing = jest.spyOn(store, 'createSeal').mockImplementation(() => {
    throw new Error('no space left on device');
  });
  time.now += ROTATE_AFTER;
  expect(keyring.sealing().kid).toBe(kid);
  expect(keyring.problem()).toContain('no space left on device');
  failing.mockRestore();
  time.now += 5000;
  keyring.sealing();
  expect(keyring.problem()).toBeUndefined();
});

test('a trouble that is over is forgotten without anybody sealing or opening', () => {
  const { time, store, keyring } = ring();
  const failing = jest.spyOn(store, 'load').mockImplementation(() => {
    throw new Error('too many open files');
  });
  keyring.opening('ffffffffffffffff');
  time.now += 5000;
  expect(keyring.problem()).toContain('too many open files');
  failing.mockRestore();
  time.now += 5000;
  expect(keyring.problem()).toBeUndefined();
});

test('keys that are gone from the store stay in use', () => {
  const { store, keyring } = ring();
  const { kid } = keyring.sealing();
  store.remove(store.load().seals[0]);
  expect(keyring.opening('ffffffffffffffff')).toBeUndefined();
  expect(keyring.opening(kid)).toBeDefined();
  expect(keyring.problem()).toContain('its keys are gone');
});

test('a ring without its id key is refused: a new one would undo every revocation', () => {
  const store = new MemoryKeyStore();
  store.createSeal(newKey(T0));
  expect(() => new StoredKeyring(store, () => T0)).toThrow('no id key');
});

test('an empty ring that another part owns is refused', () => {
  const store = Object.assign(new MemoryKeyStore(), { owned: false });
  expect(() => new StoredKeyring(store, () => T0)).toThrow('another part of the platform makes them');
});

test('a ring that another part owns is not rotated here', () => {
  const time = { now: T0 };
  const store = Object.assign(new MemoryKeyStore(), { owned: false });
  store.createId(newKey(T0));
  store.createSeal(newKey(T0));
  const keyring = new StoredKeyring(store, () => time.now);
  time.now += 2 * ROTATE_AFTER;
  keyring.sealing();
  expect(store.load().seals).toHaveLength(1);
});

test('a key shows its bytes to nobody who prints it', () => {
  const key = newKey(T0);
  const hex = key.secret.export().toString('hex');
  const base64 = key.secret.export().toString('base64').slice(0, 20);
  for (const text of [JSON.stringify(key), inspect(key, { depth: 9, showHidden: true })]) {
    expect(text).not.toContain(hex);
    expect(text).not.toContain(base64);
  }
});
