import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSecret, sealSecret } from '../../../sidecar/src/crypto/envelope';
import { renderKey } from '../../../sidecar/src/crypto/key-file';
import { Key, newKey } from '../../../sidecar/src/crypto/key-store';
import { memoryKeyring } from '../../../sidecar/src/crypto/keyring';
import { mountedKeyring } from '../../../sidecar/src/crypto/mounted-keyring';
import { recordOf } from '../store/records';

const T0 = Date.UTC(2026, 0, 1);
const [ONE, TWO] = [newKey(T0), newKey(T0 + 1)];
const time = { now: T0 };
let parent: string;
let dir: string;
let versions: number;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'mounted-'));
  dir = join(parent, 'keys');
  mkdirSync(dir);
  time.now = T0;
  versions = 0;
});

afterEach(() => rmSync(parent, { recursive: true }));

/** Exchanges the content as the kubelet does: a new folder, and a link to it that changes at once. */
function mount(files: Readonly<Record<string, string>>, mode = 0o640): void {
  const version = `..v${versions += 1}`;
  mkdirSync(join(dir, version));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, version, name), text, { mode });
  symlinkSync(version, join(dir, '..data_tmp'));
  renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
  for (const name of readdirSync(dir).filter((one) => !one.startsWith('..') && files[one] === undefined)) rmSync(join(dir, name));
  for (const name of Object.keys(files)) if (!readdirSync(dir).includes(name)) symlinkSync(join('..data', name), join(dir, name));
}

const files = (...keys: readonly Key[]) => Object.fromEntries([['id.json', renderKey(newKey(T0))], ...keys.map((key, at) => [`seal-${at + 1}.json`, renderKey(key)])]);
const keyring = () => mountedKeyring(dir, () => time.now);

test('what the controller seals is opened with what is mounted', async () => {
  const sealer = { ...memoryKeyring(() => T0), sealing: () => ONE };
  const sealed = sealSecret(sealer, 'text', recordOf('s1'), 'key');
  mount(files(ONE));
  await expect(openSecret(keyring(), sealed, recordOf('s1'), 'key')).resolves.toEqual({ text: 'text' });
  mount(files(TWO));
  await expect(openSecret(keyring(), sealed, recordOf('s1'), 'key')).resolves.toEqual({ failure: 'UnknownKey' });
});

test('it seals nothing and makes no ids', () => {
  mount(files(ONE));
  expect(() => keyring().sealing()).toThrow('this keyring only opens: the controller seals');
  expect(() => keyring().idKey).toThrow('this keyring only opens');
});

test('an empty folder is told, and read once it is filled', () => {
  mount({});
  const keys = keyring();
  expect([keys.problem(), keys.opening(ONE.kid)]).toEqual([`the keyring cannot be renewed: key file ${dir} has no key yet`, undefined]);
  mount(files(ONE));
  expect([keys.problem(), keys.opening(ONE.kid)?.kid]).toEqual([undefined, ONE.kid]);
});

test('a folder that is not there is told, and not made', () => {
  rmSync(dir, { recursive: true });
  expect(keyring().problem()).toBe(`the keyring cannot be renewed: key file ${dir} is not there`);
  expect(readdirSync(parent)).toEqual([]);
});

test('a key is found at once when the folder has changed, and a spent one is gone', () => {
  mount(files(ONE));
  const keys = keyring();
  mount(files(ONE, TWO));
  expect(keys.opening(TWO.kid)?.kid).toBe(TWO.kid);
  mount(files(TWO));
  expect(keys.problem()).toBeUndefined();
  expect(keys.opening(ONE.kid)).toBeUndefined();
});

test('for a name that is made up a folder that has not changed is read once in 5 s, also after the clock was set back', () => {
  mount(files(ONE));
  const keys = keyring();
  const look = () => {
    // In place, so that nothing shows the change; the kubelet never does this.
    writeFileSync(join(dir, '..data', 'seal-1.json'), renderKey(TWO), { mode: 0o640 });
    return keys.opening(TWO.kid)?.kid;
  };
  time.now += 4999;
  expect(look()).toBeUndefined();
  time.now += 1;
  expect(look()).toBe(TWO.kid);
  time.now -= 60_000;
  writeFileSync(join(dir, '..data', 'seal-1.json'), renderKey(ONE), { mode: 0o640 });
  expect(keys.opening(ONE.kid)?.kid).toBe(ONE.kid);
});

test.each<[string, () => void, RegExp]>([
  ['a key that is damaged', () => mount({ ...files(ONE), 'seal-2.json': 'planted' }), /seal-2\.json is not a JSON object$/],
  ['an entry that is no key', () => mount({ ...files(ONE), 'extra.json': 'planted' }), /extra\.json is neither/],
  ['a key that everybody may read', () => mount(files(ONE, TWO), 0o644), /has mode 0644/],
  ['no keys any more', () => mount({}), /has no key yet$/],
])('%s is told without its content, and the keys from before go on', (_, spoil, problem) => {
  mount(files(ONE));
  const keys = keyring();
  spoil();
  expect(keys.problem()).toMatch(problem);
  expect(keys.problem()).not.toContain('planted');
  expect([keys.opening(ONE.kid)?.kid, keys.opening(TWO.kid)]).toEqual([ONE.kid, undefined]);
  mount(files(ONE, TWO));
  expect([keys.problem(), keys.opening(TWO.kid)?.kid]).toEqual([undefined, TWO.kid]);
});
