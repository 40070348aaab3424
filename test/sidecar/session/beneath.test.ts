import { execFileSync, spawn } from 'node:child_process';
import { closeSync, linkSync, mkdirSync, mkdtempSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeHelper, useHelper } from './helper-program';
import { Beneath, openBeneath } from '../../../sidecar/src/session/beneath';
import { PathRefused } from '../../../sidecar/src/session/workspace-path';
import { tempFolder } from '../../helpers/temp-folder';

const base = tempFolder();

/** A workspace with a secret beside it. */
function workspace(): string {
  const root = join(mkdtempSync(join(base, 'w-')), 'workspace');
  mkdirSync(join(root, 'a', 'b'), { recursive: true });
  writeFileSync(join(root, 'a', 'b', 'file'), 'inside');
  writeFileSync(join(root, 'top'), 'top');
  mkdirSync(join(root, '..', 'outside'));
  writeFileSync(join(root, '..', 'outside', 'secret'), 'secret');
  return root;
}

async function read(beneath: Beneath, path: string): Promise<string> {
  const { fd } = await beneath.file(path);
  try {
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

function describeBeneath(tests: (open: (folder: string) => Beneath) => void): void {
  describeHelper('by openat2 in the helper', () => {
    const helper = useHelper();
    test('is the means where the kernel has it', () => {
      const beneath = helper.current.beneath(base);
      expect(beneath.means).toBe(helper.current.hello.openat2 ? 'openat2' : 'walk');
      beneath.close();
    });
    tests((folder) => helper.current.beneath(folder));
  });
  describe('by a walk', () => tests((folder) => openBeneath(folder)));
}

async function reasonOf(promise: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await promise.catch((refusal: unknown) => refusal);
  return error instanceof PathRefused ? error.reason : (error as NodeJS.ErrnoException).code;
}

describeBeneath((open) => {
  let root: string;
  let beneath: Beneath;
  beforeEach(() => {
    root = workspace();
    beneath = open(root);
  });
  afterEach(() => beneath.close());

  test.each(['a/b/file', '/a/b/file', './a//b/./file', 'a/x/../b/file', 'nowhere/../a/b/file'])('the path %s leads to the file', async (path) => {
    expect(await read(beneath, path)).toBe('inside');
  });

  test.each(['index.html', '..foo', '"quoted"', 'new\nline', 'ünï', ' ', '-rf', 'x'.repeat(255)])('any name is a name: %j', async (name) => {
    writeFileSync(join(root, name), 'mine');
    expect(await read(beneath, name)).toBe('mine');
  });

  test.each(['', '/', '.', 'a/..'])('the path %j is the root', async (path) => {
    const directory = await beneath.directory(path);
    expect((await directory.entries()).map(({ name }) => name).sort()).toEqual(['a', 'top']);
    directory.close();
  });

  test.each([
    ['beside it', 'l', 'top', 'top'],
    ['further down', 'l', 'a/b/file', 'inside'],
    ['up, as far as the root', 'a/b/l', '../../top', 'top'],
    ['through a linked folder', 'a/l', '../link/b/file', 'inside'],
  ])('a link is followed %s', async (_, name, target, text) => {
    symlinkSync('a', join(root, 'link'));
    symlinkSync(target, join(root, name));
    expect(await read(beneath, name)).toBe(text);
  });

  test('a folder that was opened stays the same when it is renamed and replaced', async () => {
    const directory = await beneath.directory('a/b');
    renameSync(join(root, 'a'), join(root, 'old'));
    symlinkSync('../outside', join(root, 'a'));
    expect((await directory.entries()).map(({ name }) => name)).toEqual(['file']);
    directory.close();
  });

  describe('refused is', () => {
    test.each([
      ['a path above the root', '..', undefined],
      ['a path above the root on its way', 'a/../../workspace/top', undefined],
      ['a zero byte', 'a\0b', undefined],
      ['a link to a file outside', 'l', '../outside/secret'],
      ['a link to a folder outside', 'l/secret', '../outside'],
      ['an absolute link', 'l', '/etc/passwd'],
      ['an absolute link back into the workspace', 'l', 'ABSOLUTE/top'],
      ['a dangling link to the outside', 'l', '../outside/new'],
      ['a link that leaves and returns', 'l', '../workspace/top'],
      ['a link to a link outside', 'l', 'a/../../outside/secret'],
    ])('%s', async (_, path, target) => {
      if (target !== undefined) symlinkSync(target.replace('ABSOLUTE', root), join(root, 'l'));
      expect(await reasonOf(beneath.file(path))).toBe('outside');
      expect(await reasonOf(beneath.directory(path))).toBe('outside');
    });

    test('a file that has another name, which may be outside', async () => {
      linkSync(join(root, '..', 'outside', 'secret'), join(root, 'hard'));
      expect(await reasonOf(beneath.file('hard'))).toBe('linked');
    });

    test('a named pipe, without waiting for its writer', async () => {
      execFileSync('mkfifo', [join(root, 'pipe')]);
      expect(await reasonOf(beneath.file('pipe'))).toBe('not-a-file');
    });

    test('a folder where a file is asked for', async () => {
      expect(await reasonOf(beneath.file('a'))).toBe('not-a-file');
    });

    test.each([
      ['a missing file', 'nowhere', 'ENOENT'],
      ['a file in a missing folder', 'nowhere/file', 'ENOENT'],
      ['a file in a file', 'top/file', 'ENOTDIR'],
      ['a dangling link that stays inside', 'dangling', 'ENOENT'],
      ['a link to itself', 'loop', 'ELOOP'],
      ['a chain of more links than the kernel follows', 'chain-41', 'ELOOP'],
      ['a name that is too long', 'x'.repeat(256), 'ENAMETOOLONG'],
    ])('%s', async (_, path, code) => {
      symlinkSync('nowhere', join(root, 'dangling'));
      symlinkSync('loop', join(root, 'loop'));
      symlinkSync('top', join(root, 'chain-1'));
      for (let i = 2; i <= 41; i += 1) symlinkSync(`chain-${i - 1}`, join(root, `chain-${i}`));
      expect(await reasonOf(beneath.file(path))).toBe(code);
    });

    test('a file where a folder is asked for', async () => {
      expect(await reasonOf(beneath.directory('top'))).toBe('ENOTDIR');
    });

    test('a workspace that is not there', () => {
      expect(() => open(join(root, 'nowhere'))).toThrow('ENOENT');
    });
  });

  test('a chain of as many links as the kernel follows leads to its end', async () => {
    symlinkSync('top', join(root, 'chain-1'));
    for (let i = 2; i <= 40; i += 1) symlinkSync(`chain-${i - 1}`, join(root, `chain-${i}`));
    expect(await read(beneath, 'chain-40')).toBe('top');
  });

  test('many at once each find their own', async () => {
    const texts = await Promise.all(Array.from({ length: 300 }, (_, i) => read(beneath, i % 2 === 0 ? 'top' : 'a/b/file')));
    expect(texts).toEqual(Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? 'top' : 'inside')));
  });

  test('no file stays open after refusals', async () => {
    const held = (): string[] => execFileSync('ls', ['-l', `/proc/${process.pid}/fd`]).toString().split('\n').filter((line) => line.includes(root));
    symlinkSync('../../outside', join(root, 'a', 'l'));
    for (const path of ['a/l/secret', 'a/b/nowhere', 'a', 'top/x']) await reasonOf(beneath.file(path));
    expect(held()).toHaveLength(1);
  });

  test('while others exchange folders and links all the time, what is read is never from outside', async () => {
    symlinkSync('../outside', join(root, 'swap'));
    mkdirSync(join(root, 'real'));
    writeFileSync(join(root, 'real', 'secret'), 'mine');
    const swapper = "const f=require('fs');process.chdir(process.argv[1]);const end=Date.now()+1500;while(Date.now()<end){"
      + "f.renameSync('a','swapping');f.renameSync('swap','a');f.renameSync('a','swap');f.renameSync('real','a');f.renameSync('a','real');f.renameSync('swapping','a')}";
    const other = spawn(process.execPath, ['-e', swapper, root], { stdio: 'inherit' });
    const ended = new Promise((resolve) => other.once('exit', resolve));
    const seen = new Set<string>();
    for (let done = false; !done;) {
      for (let i = 0; i < 50; i += 1) seen.add(await read(beneath, 'a/secret').catch(() => 'refused'));
      await new Promise((resolve) => setImmediate(resolve));
      done = other.exitCode !== null || other.signalCode !== null;
    }
    expect(await ended).toBe(0);
    expect([...seen].filter((text) => text !== 'mine' && text !== 'refused')).toEqual([]);
    expect(seen).toContain('refused');
  }, 30_000);
});
