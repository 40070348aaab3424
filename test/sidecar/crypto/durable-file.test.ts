import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFile, replacePublicFile } from '../../../sidecar/src/crypto/durable-file';

let dir: string;
beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'durable-')); });
afterEach(() => rmSync(dir, { recursive: true }));

const textOf = (name: string) => readFileSync(join(dir, name), 'utf8');

test('a file is made once: who comes second changes nothing, and no draft is left', () => {
  expect([createFile(dir, 'key', 'first'), createFile(dir, 'key', 'second')]).toEqual([true, false]);
  expect([textOf('key'), readdirSync(dir), statSync(join(dir, 'key')).mode % 0o1000]).toEqual(['first', ['key'], 0o600]);
});

test('a public file is replaced at once, and no draft is left', () => {
  replacePublicFile(dir, 'keys.json', 'first');
  replacePublicFile(dir, 'keys.json', 'second');
  expect([textOf('keys.json'), readdirSync(dir)]).toEqual(['second', ['keys.json']]);
});

test('what cannot be written is an error, not a name that is taken', () => {
  expect(() => createFile(join(dir, 'missing'), 'key', 'x')).toThrow('ENOENT');
  expect(() => createFile(dir, 'folder/key', 'x')).toThrow('ENOENT');
  expect(readdirSync(dir)).toEqual([]);
});
