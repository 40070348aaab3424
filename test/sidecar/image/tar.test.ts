import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Entry, tar } from '../../../sidecar/image/tar';
import { Archive } from '../../../sidecar/image/untar';

const file = (path: string, text = '', mode = 0o644): Entry => ({ path, mode, bytes: Buffer.from(text) });

/** What the system's own tar, which did not write the archive, makes of it: path to mode and size, of files and folders. */
function extracted(archive: Buffer): Record<string, [string, number | undefined]> {
  const folder = mkdtempSync(join(tmpdir(), 'tar-test-'));
  try {
    expect(spawnSync('tar', ['-xpf', '-', '-C', folder], { input: archive }).status).toBe(0);
    return Object.fromEntries(readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => {
      const stat = statSync(join(folder, path));
      return [path, [(stat.mode & 0o7777).toString(8), stat.isFile() ? stat.size : undefined]];
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The headers of an archive, field by field, as POSIX.1-1988 lays them out. */
function headers(archive: Buffer): object[] {
  const found: object[] = [];
  for (let at = 0; archive[at] !== 0;) {
    const field = (from: number, length: number) => archive.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = parseInt(field(124, 12), 8);
    found.push({ path: field(0, 100), owner: field(108, 8), group: field(116, 8), seconds: parseInt(field(136, 12), 8), names: field(265, 64) });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return found;
}

describe('an archive', () => {
  const archive = tar([file('b', 'two'), file('a/deep', 'x'.repeat(513), 0o755), { path: 'tmp', mode: 0o1777 }], 86400);

  test('is read by the system, with modes and sizes', () => {
    expect(extracted(archive)).toEqual({ 'a': ['755', undefined], 'a/deep': ['755', 513], 'b': ['644', 3], 'tmp': ['1777', undefined] });
  });

  test('is sorted, owned by root in numbers, all of one time', () => {
    const common = { owner: '0000000', group: '0000000', seconds: 86400, names: '' };
    expect(headers(archive)).toEqual(['a/', 'a/deep', 'b', 'tmp/'].map((path) => ({ path, ...common })));
  });

  test('does not depend on the order of its entries', () => {
    const entries = [file('b'), file('a/x', '1'), file('a/y', '2')];
    expect(tar(entries, 0)).toEqual(tar([...entries].reverse(), 0));
  });

  test('keeps bytes as they are, at every length around a block', () => {
    for (const length of [0, 1, 511, 512, 513, 1024]) {
      const bytes = Buffer.alloc(length, 0xe9);
      expect(new Archive(tar([{ path: 'x', mode: 0o644, bytes }], 0), 'test').read('x')).toEqual(bytes);
    }
  });

  test.each(['/etc/passwd', '../up', 'a/../b', 'a//b', './a', 'a/', '', 'grün', 'a b', 'new\nline', 'x'.repeat(100)])('refuses the path %j', (path) => {
    expect(() => tar([file(path)], 0)).toThrow(/archive path '/);
  });

  test('refuses a path that occurs twice', () => {
    expect(() => tar([file('a', '1'), file('a', '2')], 0)).toThrow("archive path 'a' occurs twice");
  });

  test('refuses a path that is both a file and a folder', () => {
    expect(() => tar([file('a', '1'), file('a/b', '2')], 0)).toThrow("archive path 'a' is both a file and a folder");
  });
});

describe('reading an archive', () => {
  const written = spawnSync('sh', ['-c', 'd=$(mktemp -d) && cd "$d" && mkdir lib && echo one >lib/x.1 && ln -s x.1 lib/x && tar -cf - . && rm -r "$d"']).stdout;

  test('takes what the system writes, and follows a link to a neighbour', () => {
    const archive = new Archive(written, 'test');
    expect([archive.read('lib/x').toString(), archive.find(/^lib\//)]).toEqual(['one\n', ['lib/x.1']]);
  });

  test('refuses a file that is not there', () => {
    expect(() => new Archive(written, 'libc6').read('lib/y')).toThrow("libc6 has no file 'lib/y'");
  });

  test('refuses half an archive', () => {
    expect(() => new Archive(tar([file('a', 'x'.repeat(2000))], 0).subarray(0, 1024), 'node')).toThrow('node is not a whole tar archive');
  });

  test('refuses what is no archive', () => {
    expect(() => new Archive(Buffer.alloc(1024, 'x'), 'node')).toThrow('node is not a whole tar archive');
  });
});
