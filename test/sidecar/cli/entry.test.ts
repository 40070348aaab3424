import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BASE, withRow } from './documents';
import { tempFolder } from '../../helpers/temp-folder';

const root = tempFolder();
const entry = join(root, 'sidecar/dist/cli.mjs');
// As npm starts it: by a link in a folder of commands.
const link = join(root, 'bin/cdk8s-agent-platform');

beforeAll(() => {
  const code = `import { bundle, ENTRIES } from ${JSON.stringify(pathToFileURL('sidecar/bundle.mjs').href)};
    const { problems, roles: [{ files }] } = await bundle({ entries: { cli: ${JSON.stringify(resolve('.'))} + '/' + ENTRIES.cli }, outdir: ${JSON.stringify(join(root, 'sidecar/dist'))} });
    if (problems.length > 0 || files.length !== 1) throw new Error(problems.join() + files.join());`;
  execFileSync(process.execPath, ['--input-type=module', '-e', code], { stdio: 'pipe' });
  mkdirSync(join(root, 'bin'));
  chmodSync(entry, 0o755);
  symlinkSync(entry, link);
  writeFileSync(join(root, 'package.json'), JSON.stringify({ version: '7.8.9' }));
  writeFileSync(join(root, 'old.json'), JSON.stringify(BASE));
  writeFileSync(join(root, 'new.json'), JSON.stringify(withRow('policies', { interact: true })));
});

function run(...argv: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(link, argv, { cwd: root, encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

test('the bundle says in its first line who runs it', () => {
  expect(readFileSync(entry, 'utf8').split('\n')[0]).toBe('#!/usr/bin/env node');
});

test('it knows the version of its package, also behind a link', () => {
  expect(run('--version')).toEqual({ code: 0, out: '7.8.9\n', err: '' });
});

test('it ends with 0, 1 and 2 as kubectl diff does', () => {
  expect(run('diff', 'old.json', 'old.json')).toEqual({ code: 0, out: 'No difference.\n', err: '' });
  expect(run('diff', 'old.json', 'new.json')).toEqual({ code: 1, out: 'Opens (1)\n  policy team-a/model-access now lets people talk to the agents\n', err: '' });
  expect(run('diff', 'old.json', 'missing.json')).toEqual({ code: 2, out: '', err: 'cdk8s-agent-platform: missing.json cannot be read: ENOENT\n' });
});
