import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installRuntime } from '../../../sidecar/src/install-runtime/install';
import { tempFolder } from '../../helpers/temp-folder';

const CONTENT = { 'bin/node': 'program', 'lib/libc.so.6': 'library', 'session.mjs': 'daemon', 'empty.txt': '' };
const LIST = {
  files: Object.entries(CONTENT).map(([path, text]) => (
    { path, executable: /^(bin|lib)\//.test(path), size: text.length, sha256: createHash('sha256').update(text).digest('hex') }
  )),
};

const base = tempFolder();
const newFolder = () => mkdtempSync(join(base, 'folder-'));
let from: string;
let to: string;
beforeEach(() => {
  [from, to] = [newFolder(), newFolder()];
  for (const [path, text] of Object.entries(CONTENT)) {
    mkdirSync(dirname(join(from, path)), { recursive: true });
    writeFileSync(join(from, path), text);
  }
});

const install = () => installRuntime(LIST, from, to);
const found = () => Object.fromEntries(readdirSync(to, { recursive: true, encoding: 'utf8' })
  .filter((path) => statSync(join(to, path)).isFile()).map((path) => [path, readFileSync(join(to, path), 'utf8')]));
const modeOf = (path: string) => statSync(join(to, path)).mode & 0o777;

describe('a copy', () => {
  test('has the files of the list and nothing else, readable for everybody and writable for nobody', async () => {
    writeFileSync(join(from, 'other.mjs'), 'not listed');
    expect(await install()).toEqual({ copied: 4 });
    expect(found()).toEqual(CONTENT);
    expect(['bin/node', 'lib/libc.so.6', 'session.mjs'].map(modeOf)).toEqual([0o555, 0o555, 0o444]);
  });

  test('is left as it is when it is made again', async () => {
    await install();
    const before = statSync(join(to, 'bin/node')).ino;
    expect(await install()).toEqual({ copied: 0 });
    expect(statSync(join(to, 'bin/node')).ino).toBe(before);
  });

  test('is left as it is when the volume got rights for its group', async () => {
    await install();
    for (const path of Object.keys(CONTENT)) chmodSync(join(to, path), 0o775);
    expect(await install()).toEqual({ copied: 0 });
  });

  test.each<[string, () => void]>([
    ['was cut', () => truncateSync(join(to, 'bin/node'), 3)],
    ['has other bytes of the same number', () => writeFileSync(join(to, 'bin/node'), 'PROGRAM')],
    ['cannot be executed', () => chmodSync(join(to, 'bin/node'), 0o644)],
  ])('is mended when a file %s', async (_name, harm) => {
    await install();
    chmodSync(join(to, 'bin/node'), 0o755);
    harm();
    expect(await install()).toEqual({ copied: 1 });
    expect([found(), modeOf('bin/node')]).toEqual([CONTENT, 0o555]);
  });

  test('replaces a link and a folder in its way, and leaves what the link points to alone', async () => {
    const aim = join(newFolder(), 'aim');
    writeFileSync(aim, 'program');
    mkdirSync(join(to, 'bin'));
    symlinkSync(aim, join(to, 'bin/node'));
    mkdirSync(join(to, 'session.mjs/x'), { recursive: true });
    expect(await install()).toEqual({ copied: 4 });
    expect([found(), readFileSync(aim, 'utf8'), statSync(aim).mode & 0o777]).toEqual([CONTENT, 'program', 0o644]);
  });

  test('goes on where an earlier one was interrupted', async () => {
    mkdirSync(join(to, 'bin'));
    writeFileSync(join(to, 'bin/node.partial'), 'prog', { mode: 0o400 });
    symlinkSync('/nowhere', join(to, 'session.mjs.partial'));
    await install();
    expect(found()).toEqual(CONTENT);
  });
});

describe('a copy is refused', () => {
  const harmed = (path: string, text: string) => writeFileSync(join(from, path), text);

  test.each<[string, () => void, string]>([
    ['of a file that is shorter than listed', () => harmed('bin/node', 'prog'), 'bin/node was not copied to TO: it has 4 bytes instead of 7'],
    ['of a file with another content', () => harmed('lib/libc.so.6', 'LIBRARY'), 'lib/libc.so.6 was not copied to TO: its content is not as listed'],
    ['into a file', () => writeFileSync(join(to, 'lib'), ''), 'lib/libc.so.6 was not copied to TO: ENOTDIR'],
  ])('%s', async (_name, harm, message) => {
    harm();
    await expect(install()).rejects.toThrow(message.replace('TO', to));
  });

  test('of a file that is not there, and what is bad never has the name of what is good', async () => {
    harmed('bin/node', 'PROGRAM');
    await expect(install()).rejects.toThrow('its content is not as listed');
    expect(Object.keys(found())).not.toContain('bin/node');
    await expect(installRuntime({ files: [{ ...LIST.files[0], path: 'gone' }] }, from, to)).rejects.toThrow(/gone was not copied to .*ENOENT/);
  });
});
