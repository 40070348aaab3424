import { createHash } from 'node:crypto';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiKeys } from '../../../../sidecar/src/gateway/auth/api-keys-file';
import { eventually, tempFolder } from '../../../helpers/temp-folder';

const KEY = 'planted-key-0123456789-0123456789-abc';
const OTHER = 'planted-other-0123456789-0123456789-x';
const root = tempFolder();
const open: { close(): void }[] = [];
let count = 0;

afterEach(() => open.splice(0).forEach((keys) => keys.close()));

const hashOf = (key: string): string => `sha256:${createHash('sha256').update(key).digest('hex')}`;
const fileWith = (...entries: readonly (readonly [string, unknown])[]): string =>
  JSON.stringify(Object.fromEntries(entries.map(([key, value]) => [hashOf(key), value])));

async function keysOf(text: string | undefined, mode = 0o600) {
  const file = join(root, `keys-${count += 1}.json`);
  if (text !== undefined) {
    writeFileSync(file, text);
    chmodSync(file, mode);
  }
  const told: string[] = [];
  const keys = await openApiKeys({ file, refused: (problem) => told.push(problem), pollMilliseconds: 20 });
  open.push(keys);
  return { file, keys, told };
}

test('a key is known by its hash, and stands for a name that no other kind of client can have', async () => {
  const { keys, told } = await keysOf(fileWith([KEY, { name: 'ci' }], [OTHER, { name: 'ops', admin: true }]));
  expect(keys.principalOf(KEY)).toEqual({ owner: 'api-key:ci', admin: false, key: 'api-key:ci' });
  expect(keys.principalOf(OTHER)).toEqual({ owner: 'api-key:ops', admin: true, key: 'api-key:ops' });
  expect(keys.problem()).toBeUndefined();
  expect(told).toEqual([]);
});

test('two keys may stand for one name, so that one can replace the other', async () => {
  const { keys } = await keysOf(fileWith([KEY, { name: 'ci' }], [OTHER, { name: 'ci' }]));
  expect(keys.principalOf(OTHER)).toEqual(keys.principalOf(KEY));
});

test.each(['', KEY.slice(0, -1), `${KEY} `, KEY.toUpperCase(), hashOf(KEY), '__proto__', 'constructor'])('%j is nobody', async (key) => {
  const { keys } = await keysOf(fileWith([KEY, { name: 'ci' }]));
  expect(keys.principalOf(key)).toBeUndefined();
});

test('a key that is too short is nobody although its hash is there', async () => {
  const short = KEY.slice(0, 31);
  const { keys } = await keysOf(fileWith([short, { name: 'ci' }], [KEY.slice(0, 32), { name: 'cd' }]));
  expect(keys.principalOf(short)).toBeUndefined();
  expect(keys.principalOf(KEY.slice(0, 32))).toMatchObject({ owner: 'api-key:cd' });
});

test('a changed file is used: what is taken out is nobody from then on', async () => {
  const { file, keys } = await keysOf(fileWith([KEY, { name: 'ci' }]));
  writeFileSync(file, fileWith([OTHER, { name: 'ci' }]));
  await eventually(() => keys.principalOf(OTHER) !== undefined);
  expect(keys.principalOf(KEY)).toBeUndefined();
});

test('a file with a mistake changes nothing and is told once', async () => {
  const { file, keys, told } = await keysOf(fileWith([KEY, { name: 'ci' }]));
  writeFileSync(file, `{"${KEY}": `);
  await eventually(() => told.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 80));
  expect(told).toEqual([expect.stringMatching(/is not JSON/)]);
  expect(told.join()).not.toContain(KEY);
  expect(keys.principalOf(KEY)).toBeDefined();
});

test('a file that is removed changes nothing', async () => {
  const { file, keys, told } = await keysOf(fileWith([KEY, { name: 'ci' }]));
  rmSync(file);
  await eventually(() => told.length > 0);
  expect(keys.principalOf(KEY)).toBeDefined();
});

test.each([['missing', undefined], ['empty', '{}'], ['broken', '{']])('a file that is %s at the start lets nobody in and is a problem, until there is a key', async (_, text) => {
  const { file, keys } = await keysOf(text);
  expect(keys.principalOf(KEY)).toBeUndefined();
  expect(keys.problem()).toMatch(/has no API keys yet$/);
  writeFileSync(file, fileWith([KEY, { name: 'ci' }]), { mode: 0o600 });
  await eventually(() => keys.principalOf(KEY) !== undefined);
  expect(keys.problem()).toBeUndefined();
});

test('taking the last key away is obeyed, and no problem', async () => {
  const { file, keys } = await keysOf(fileWith([KEY, { name: 'ci' }]));
  expect(keys.problem()).toBeUndefined();
  writeFileSync(file, '{}');
  await eventually(() => keys.principalOf(KEY) === undefined);
  expect(keys.problem()).toBeUndefined();
});

describe('a file is not used', () => {
  test.each<[string, string, RegExp]>([
    ['that is a list', '[]', /must be a JSON object/],
    ['with a key in place of its hash', JSON.stringify({ [KEY]: { name: 'ci' } }), /key 1: must be named sha256: and 64 lower-case/],
    ['with a hash in capitals', JSON.stringify({ [hashOf(KEY).toUpperCase()]: { name: 'ci' } }), /key 1: must be named sha256:/],
    ['with a hash twice', `{"${hashOf(KEY)}": {"name": "a"}, "${hashOf(KEY)}": {"name": "b"}}`, /every key is there once/],
    ['with an unknown field', fileWith([KEY, { name: 'ci', [KEY]: 1 }]), /key 1: has a field that is not known; allowed are name, admin/],
    ['without a name', fileWith([KEY, {}]), /key 1: name: is required/],
    ['with an empty name', fileWith([KEY, { name: '' }]), /name: must have at least 1/],
    ['with a name of several lines', fileWith([KEY, { name: 'a\nb' }]), /name: must have no blanks/],
    ['with an admin who is a text', fileWith([KEY, { name: 'ci', admin: KEY }]), /admin: must be true or false/],
    ['with too many keys', JSON.stringify(Object.fromEntries(Array.from({ length: 5001 }, (_, i) => [hashOf(String(i)), { name: 'x' }]))), /more than 5000 keys/],
    ['that is too large', `{"x": "${'y'.repeat(1024 * 1024)}"}`, /is larger than 1048576 bytes/],
  ])('%s', async (_, text, problem) => {
    const { keys, told } = await keysOf(text);
    expect(told).toEqual([expect.stringMatching(problem)]);
    expect(told.join()).not.toContain(KEY);
    expect(keys.problem()).toBeDefined();
  });

  test('that others can write', async () => {
    const { keys, told } = await keysOf(fileWith([KEY, { name: 'ci' }]), 0o602);
    expect(told).toEqual([expect.stringMatching(/must not be writable by others/)]);
    expect(keys.principalOf(KEY)).toBeUndefined();
  });
});
