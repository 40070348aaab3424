import { closeSync, linkSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Directory, FOLDER } from '../../../sidecar/src/session/directory';
import { tempFolder } from '../../helpers/temp-folder';

const folder = tempFolder();
let count = 0;
let root: string;
let directory: Directory;

beforeEach(() => {
  root = join(folder, String(count++));
  mkdirSync(root);
  directory = new Directory(openSync(root, FOLDER));
});
afterEach(() => directory.close());

function write(name: string, text: string): void {
  const fd = directory.create(name, 0o640);
  writeSync(fd, text);
  closeSync(fd);
}

test('a file is made, renamed over another, and removed', () => {
  write('new', 'second');
  writeFileSync(join(root, 'old'), 'first');
  directory.rename('new', directory, 'old');
  directory.sync();
  expect(readFileSync(join(root, 'old'), 'utf8')).toBe('second');
  expect(directory.lstat('old').mode & 0o777).toBe(0o640);
  directory.removeFile('old');
  expect(() => directory.lstat('old')).toThrow('ENOENT');
});

test('a rename over a link or a name of a file outside replaces the name, not what it leads to', () => {
  const outside = join(folder, `outside-${count}`);
  writeFileSync(outside, 'theirs');
  symlinkSync(outside, join(root, 'link'));
  linkSync(outside, join(root, 'hard'));
  for (const name of ['link', 'hard']) {
    write('new', 'mine');
    directory.rename('new', directory, name);
    expect(readFileSync(join(root, name), 'utf8')).toBe('mine');
  }
  expect(readFileSync(outside, 'utf8')).toBe('theirs');
});

test('folders are made, opened, filled from another, and removed', async () => {
  directory.makeDirectory('sub', 0o755);
  const sub = directory.directory('sub');
  write('a', '');
  directory.rename('a', sub, 'b');
  expect((await sub.entries()).map((entry) => [entry.name, entry.isFile()])).toEqual([['b', true]]);
  sub.removeFile('b');
  sub.close();
  directory.removeDirectory('sub');
  expect(await directory.entries()).toEqual([]);
});

test('a link is removed, and not what it leads to', () => {
  writeFileSync(join(root, 'file'), 'kept');
  symlinkSync('file', join(root, 'link'));
  directory.removeFile('link');
  expect(readFileSync(join(root, 'file'), 'utf8')).toBe('kept');
});

describe('refused is', () => {
  test.each(['file', 'link', 'dangling'])('to make what is there: a %s', (name) => {
    writeFileSync(join(root, 'file'), '');
    symlinkSync('file', join(root, 'link'));
    symlinkSync(join(folder, 'nowhere'), join(root, 'dangling'));
    expect(() => directory.create(name, 0o600)).toThrow('EEXIST');
  });

  test('to open a linked folder', () => {
    symlinkSync('/tmp', join(root, 'link'));
    expect(() => directory.directory('link')).toThrow('ENOTDIR');
  });

  test.each(['', '.', '..', 'a/b', '/etc', '../x', 'a\0'])('the name %j, whatever is done with it', (name) => {
    const acts: (() => unknown)[] = [
      () => directory.directory(name), () => directory.create(name, 0o600), () => directory.lstat(name), () => directory.makeDirectory(name, 0o700),
      () => directory.rename(name, directory, 'x'), () => directory.rename('x', directory, name),
      () => directory.removeFile(name), () => directory.removeDirectory(name),
    ];
    for (const act of acts) expect(act).toThrow('EINVAL');
  });
});
