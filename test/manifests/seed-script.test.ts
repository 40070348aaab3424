import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bareRepository, GitServer, gitServer, PASSWORD } from './seed-git-server';
import { Seed, seedArguments } from '../../src/manifests/seed';
import { SEED_SCRIPT } from '../../src/manifests/seed-script';
import { eventually, tempFolder } from '../helpers/temp-folder';

type Repository = Seed['repos'][number];

const SHELLS: readonly string[][] = [['sh'], ['bash', '--posix'], ['busybox', 'sh']]
  .filter(([program]) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0);

const folder = tempFolder();
const root = join(folder, 'served');
const ODD = 'odd/we$ird\'"$(touch${IFS}pwned)&;.git';
let server: GitServer;

beforeAll(async () => {
  for (const name of ['one.git', 'two.git', 'private/one.git', 'slow.git', ODD]) bareRepository(root, name);
  server = await gitServer(root);
}, 60_000);

afterAll(() => server.close());

function newWorkspace(): string {
  return mkdtempSync(join(folder, 'workspace-'));
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

interface Started {
  readonly pid: number;
  /** Exit code of the shell. What it has started may still be there. */
  readonly exited: Promise<number | null>;
  readonly ended: Promise<Ended>;
}

/** As in the container, but for the scheme: the server here has no certificate. */
function start(workspace: string, repos: readonly Partial<Repository>[], env: Record<string, string> = {}, shell: readonly string[] = ['sh']): Started {
  const args = seedArguments(workspace, { repos: repos as Repository[] }).map((text) => text.replaceAll('https://', 'http://'));
  const [program, ...more] = shell;
  const child = spawn(program, [...more, '-c', SEED_SCRIPT, 'seed', ...args], {
    cwd: folder,
    detached: true,
    env: { PATH: process.env.PATH, HOME: mkdtempSync(join(folder, 'home-')), GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'http', GIT_CONFIG_NOSYSTEM: '1', ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve));
  return { pid: child.pid!, exited, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, output }))) };
}

/** As the kernel does with the processes of a container whose first one has ended. */
function killRest(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing is left.
  }
}

function seeded(...args: Parameters<typeof start>): Promise<Ended> {
  return start(...args).ended;
}

const at = (path: string) => `${server.origin.replace('http:', 'https:')}/${path}`;
const git = (place: string, ...args: string[]) => spawnSync('git', ['-c', 'safe.directory=*', ...args], { cwd: place, encoding: 'utf8' }).stdout.trim();
const everything = (place: string) => spawnSync('grep', ['-rc', '', '.'], { cwd: place, encoding: 'utf8' }).stdout.split('\n').length;
const holding = (place: string, text: string) => spawnSync('grep', ['-rlaF', text, '.'], { cwd: place, encoding: 'utf8' }).stdout;

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('with %s', (_name, shell) => {
  test('two repositories are cloned to their places, and a list of them is written', async () => {
    const workspace = newWorkspace();
    const { code, output } = await seeded(workspace, [{ url: at('one.git'), path: 'a/one' }, { url: at('two.git'), path: 'two', branch: 'other', depth: 1 }], {}, shell);
    expect([code, output.split('\n').filter((line) => !line.startsWith('seed: '))]).toEqual([0, ['']]);
    expect(readFileSync(join(workspace, 'a/one/README'), 'utf8')).toBe('one.git');
    expect([git(join(workspace, 'a/one'), 'rev-list', '--count', 'HEAD'), git(join(workspace, 'a/one'), 'branch', '--show-current')]).toEqual(['3', 'main']);
    expect([git(join(workspace, 'two'), 'rev-list', '--count', 'HEAD'), git(join(workspace, 'two'), 'branch', '--show-current')]).toEqual(['1', 'other']);
    expect(JSON.parse(readFileSync(join(workspace, '.paddock/repos.json'), 'utf8'))).toEqual([
      { url: `${server.origin}/one.git`, path: 'a/one' }, { url: `${server.origin}/two.git`, path: 'two', branch: 'other' },
    ]);
    expect(readdirSync(join(workspace, '.paddock'))).toEqual(['repos.json']);
  });

  test('what is there is not fetched again, nor changed', async () => {
    const workspace = newWorkspace();
    await seeded(workspace, [{ url: at('one.git') }], {}, shell);
    writeFileSync(join(workspace, 'one/README'), 'mine');
    const before = server.seen.length;
    expect(await seeded(workspace, [{ url: at('one.git') }], {}, shell)).toEqual({ code: 0, output: 'seed: one is there\n' });
    expect([server.seen.length - before, readFileSync(join(workspace, 'one/README'), 'utf8')]).toEqual([0, 'mine']);
  });

  test('a branch that is not there ends it with the words of git, and nothing is left', async () => {
    const workspace = newWorkspace();
    const { code, output } = await seeded(workspace, [{ url: at('one.git'), branch: 'nope' }], {}, shell);
    expect([code, output]).toEqual([128, expect.stringContaining('Remote branch nope not found')]);
    expect(readdirSync(workspace)).toEqual(['.paddock']);
    expect(readdirSync(join(workspace, '.paddock'))).toEqual([]);
  });

  test('a URL with what a shell would act upon is a URL', async () => {
    const workspace = newWorkspace();
    const { code } = await seeded(workspace, [{ url: at(ODD), path: 'odd' }], {}, shell);
    expect([code, readFileSync(join(workspace, 'odd/README'), 'utf8'), existsSync(join(folder, 'pwned'))]).toEqual([0, ODD, false]);
    expect(JSON.parse(readFileSync(join(workspace, '.paddock/repos.json'), 'utf8'))).toEqual([{ url: `${server.origin}/${ODD}`, path: 'odd' }]);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('after a %s in the middle of a clone the next attempt begins it again', async (signal) => {
    const workspace = newWorkspace();
    const before = server.seen.length;
    const { pid, exited, ended } = start(workspace, [{ url: at('one.git'), path: 'one' }, { url: at('slow.git'), path: 'second' }], {}, shell);
    await eventually(() => server.seen.slice(before).filter(({ path }) => path.startsWith('/slow')).length > 1);
    process.kill(signal === 'SIGKILL' ? -pid : pid, signal);
    expect(await exited).toBe(signal === 'SIGKILL' ? null : 143);
    killRest(pid);
    await ended;
    expect([existsSync(join(workspace, 'second')), existsSync(join(workspace, '.paddock/repos.json'))]).toEqual([false, false]);
    expect((await seeded(workspace, [{ url: at('one.git'), path: 'one' }, { url: at('two.git'), path: 'second' }], {}, shell)).code).toBe(0);
    expect(readFileSync(join(workspace, 'second/README'), 'utf8')).toBe('two.git');
    expect(readdirSync(join(workspace, '.paddock'))).toEqual(['repos.json']);
  });
});

test('a repository comes after the one in whose folder it is', async () => {
  const workspace = newWorkspace();
  expect((await seeded(workspace, [{ url: at('two.git'), path: 'one/two' }, { url: at('one.git'), path: 'one' }])).code).toBe(0);
  expect([readFileSync(join(workspace, 'one/README'), 'utf8'), readFileSync(join(workspace, 'one/two/README'), 'utf8')]).toEqual(['one.git', 'two.git']);
});

test('what is no clone is not cloned over', async () => {
  const workspace = newWorkspace();
  mkdirSync(join(workspace, 'one'));
  writeFileSync(join(workspace, 'one/notes'), 'mine');
  const { code, output } = await seeded(workspace, [{ url: at('one.git') }]);
  expect([code, output]).toEqual([1, `seed: one holds something else, so ${server.origin}/one.git is not cloned to it\n`]);
  expect(readdirSync(join(workspace, 'one'))).toEqual(['notes']);
});

test('an empty folder is no obstacle', async () => {
  const workspace = newWorkspace();
  mkdirSync(join(workspace, 'one'));
  expect((await seeded(workspace, [{ url: at('one.git') }])).code).toBe(0);
});

test('the group may write, as a later run may have another user', async () => {
  const workspace = newWorkspace();
  await seeded(workspace, [{ url: at('one.git') }]);
  expect(spawnSync('stat', ['-c', '%A', 'one', 'one/README', 'one/.git/config'], { cwd: workspace, encoding: 'utf8' }).stdout).toBe('drwxrwxr-x\n-rw-rw-r--\n-rw-rw-r--\n');
});

describe('a credential', () => {
  const repository = () => ({ url: at('private/one.git'), credentialsSecretRef: { name: 's' } });
  const env = { SEED_USERNAME_0: 'robot', SEED_PASSWORD_0: PASSWORD };

  test('opens the repository, and stands in no file, argument or line of output', async () => {
    const workspace = newWorkspace();
    const { code, output } = await seeded(workspace, [repository()], { ...env, GIT_TRACE: '1' });
    expect([code, readFileSync(join(workspace, 'one/README'), 'utf8')]).toEqual([0, 'private/one.git']);
    expect([holding(workspace, PASSWORD), output.includes(PASSWORD)]).toEqual(['', false]);
    expect([output.includes('trace: run_command: git-remote-http'), everything(workspace) > 5, holding(workspace, 'private/one.git') === '']).toEqual([true, true, false]);
    expect(git(join(workspace, 'one'), 'config', '--local', '--list')).not.toMatch(/credential|hookspath/i);
  });

  test('that is wrong ends it without being shown', async () => {
    const { code, output } = await seeded(newWorkspace(), [repository()], { ...env, SEED_PASSWORD_0: 'other-secret' });
    expect([code, output]).toEqual([128, expect.stringContaining('Authentication failed')]);
    expect(output).not.toContain('other-secret');
  });

  test('is asked of nobody where there is none', async () => {
    const { code, output } = await seeded(newWorkspace(), [{ url: at('private/one.git') }], env);
    expect([code, output]).toEqual([128, expect.stringContaining('terminal prompts disabled')]);
  });

  test('is not shown to the host that a server leads to', async () => {
    const before = server.seen.length;
    const { code } = await seeded(newWorkspace(), [{ ...repository(), url: at('moved/private/one.git') }], env);
    expect(code).toBe(128);
    const seen = server.seen.slice(before);
    expect(seen.map(({ path }) => path)).toContain('/private/one.git/info/refs');
    expect(seen.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });
});

test('no program of the repository or of a template runs', async () => {
  const template = join(folder, 'template');
  mkdirSync(join(template, 'hooks'), { recursive: true });
  writeFileSync(join(template, 'hooks/post-checkout'), `#!/bin/sh\ntouch '${folder}/hooked'\n`, { mode: 0o755 });
  expect((await seeded(newWorkspace(), [{ url: at('one.git') }], { GIT_TEMPLATE_DIR: template })).code).toBe(0);
  expect(existsSync(join(folder, 'hooked'))).toBe(false);
});

test('no other protocol is spoken', async () => {
  const { code, output } = await seeded(newWorkspace(), [{ url: at('one.git') }], { GIT_ALLOW_PROTOCOL: 'https' });
  expect([code, output]).toEqual([128, expect.stringContaining("transport 'http' not allowed")]);
});
