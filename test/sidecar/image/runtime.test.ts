import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PLATFORMS } from '../../../sidecar/image/platforms';
import { runtimeEntries, runtimeList } from '../../../sidecar/image/runtime';
import { replacement, sessionHelper } from '../../../sidecar/image/session-helper';
import { PATHS, RUNTIME_FILES } from '../../../src/protocol/paths';
import { RUNTIME_LIST, RUNTIME_MEBIBYTES } from '../../../src/protocol/runtime';

const file = (path: string) => ({ path, bytes: Buffer.from(path) });
const FILES = ['broker.mjs', 'session.mjs', 'chunks/own-1.mjs', 'chunks/own-1.mjs.LEGAL.txt', 'chunks/other-1.mjs'].map(file);
const ROLES = { broker: ['broker.mjs', 'chunks/other-1.mjs'], session: ['session.mjs', 'chunks/own-1.mjs'] };
const HELPER = Buffer.from('helper');

describe('the runtime of sessions in the image', () => {
  const entries = runtimeEntries(ROLES, FILES, HELPER);

  test('has what the daemon loads, with its licence texts, and the helper; nothing of other servers', () => {
    expect(entries.map(({ path, mode }) => [`/${path}`, mode])).toEqual([
      [RUNTIME_FILES.session, 0o644],
      [`${PATHS.runtime}/chunks/own-1.mjs`, 0o644],
      [`${PATHS.runtime}/chunks/own-1.mjs.LEGAL.txt`, 0o644],
      [RUNTIME_FILES.helper, 0o755],
    ]);
  });

  test('is listed with sizes and hashes, without what lies elsewhere', () => {
    const list = runtimeList([{ path: 'tmp', mode: 0o1777 }, { path: 'app/broker.mjs', mode: 0o644, bytes: HELPER }, ...entries]);
    expect(`/${list.path}`).toBe(RUNTIME_LIST);
    const { files } = JSON.parse(Buffer.from(list.bytes!).toString());
    expect(files.map(({ path }: { path: string }) => path)).toEqual(['session.mjs', 'chunks/own-1.mjs', 'chunks/own-1.mjs.LEGAL.txt', 'bin/session-helper']);
    expect(files.at(-1)).toEqual({ path: 'bin/session-helper', executable: true, size: 6, sha256: createHash('sha256').update('helper').digest('hex') });
    expect(files[0].executable).toBe(false);
  });

  test.each<[string, Record<string, string[]>, string]>([
    ['of a daemon that has not been bundled', { broker: ['broker.mjs'] }, 'the bundle folder has no session daemon'],
    ['without a chunk', { session: ['session.mjs', 'chunks/gone.mjs'] }, 'the bundle folder has no chunks/gone.mjs; run `npm run bundle` first'],
    ['that starts with another file', { session: ['broker.mjs'] }, 'the bundle folder has no session daemon'],
  ])('is refused %s', (_name, roles, message) => {
    expect(() => runtimeEntries(roles, FILES, HELPER)).toThrow(message);
  });

  test('is refused when workers have no room for it', () => {
    const large = { path: RUNTIME_FILES.node.slice(1), mode: 0o755, bytes: Buffer.alloc(RUNTIME_MEBIBYTES * 1024 * 1024) };
    expect(() => runtimeList([large])).not.toThrow();
    expect(() => runtimeList([large, ...entries])).toThrow('the runtime of sessions takes 257 MiB, and workers have room for 256');
  });
});

describe('where there is no compiler for the helper', () => {
  const [own, other] = process.arch === 'arm64' ? [PLATFORMS.arm64, PLATFORMS.amd64] : [PLATFORMS.amd64, PLATFORMS.arm64];
  const withoutPrograms = <T>(work: () => T): T => {
    const { PATH, CC } = process.env;
    process.env.PATH = '/nowhere';
    delete process.env.CC;
    try {
      return work();
    } finally {
      process.env.PATH = PATH;
      if (CC !== undefined) process.env.CC = CC;
    }
  };

  test('the image for this machine is refused, and the message names what is missing', () => {
    expect(() => withoutPrograms(() => sessionHelper(own, own.architecture, () => undefined))).toThrow(/needs a C compiler, as Debian's gcc/);
  });

  test('the image for another gets a replacement, and that is said', () => {
    const said: string[] = [];
    const helper = withoutPrograms(() => sessionHelper(other, own.architecture, (message) => said.push(message)));
    expect(helper.toString()).toBe(replacement(RUNTIME_FILES.node));
    expect(said).toEqual([expect.stringMatching(`the image for ${other.architecture} is without the native helper.*needs a C compiler`)]);
  });

  test('the replacement is called as the helper is, and runs the program in its own process', () => {
    const folder = mkdtempSync(join(tmpdir(), 'replacement-'));
    try {
      const [helper, program] = ['session-helper', 'program.mjs'].map((name) => join(folder, name));
      writeFileSync(helper, replacement(process.execPath), { mode: 0o755 });
      writeFileSync(program, 'console.log(JSON.stringify(process.argv))');
      const said = execFileSync(helper, ['--', process.execPath, program], { encoding: 'utf8' });
      expect(JSON.parse(said)).toEqual([process.execPath, program]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
