import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '../../../helpers/temp-folder';
import { basic } from '../world/agent';
import { CREDENTIALS, GIT_USER, HOSTS } from '../world/catalog';
import { bareRepository, gitUpstream } from '../world/git-upstream';
import { agentEnvironment, Ended, run, testWith } from '../world/programs';
import { egressWorld } from '../world/world';

const world = egressWorld();
const root = tempFolder();
const withGit = testWith('git');
const PROBE = /^GET \/repo\.git\/info\/refs\?service=git-upload-pack HTTP\/1\.1\r\n/;

beforeAll(() => {
  mkdirSync(join(root, 'served'));
  bareRepository(join(root, 'served', 'repo.git'));
});

beforeEach(() => {
  world.upstreams.answer = gitUpstream(join(root, 'served'), GIT_USER, CREDENTIALS.git);
});

async function git(args: readonly string[], cwd = root): Promise<Ended> {
  const identity = ['-c', 'user.name=Agent', '-c', 'user.email=agent@example.test', '-c', 'init.defaultBranch=main'];
  return run('git', [...identity, ...args], { cwd, env: { ...agentEnvironment(world.one, root), GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' } });
}

const urlWith = (surrogate: string) => `https://${GIT_USER}:${surrogate}@${HOSTS.git}/repo.git`;

withGit('clone, commit, push, fetch: the server sees the real password, the agent never does', async () => {
  const remote = urlWith(world.one.bearers.git);
  expect(await git(['clone', '-q', remote, 'first'])).toMatchObject({ code: 0 });
  const first = join(root, 'first');
  writeFileSync(join(first, 'notes.txt'), 'agents write too\n');
  writeFileSync(join(first, 'large.bin'), Buffer.alloc(3_000_000, Buffer.from(Array.from({ length: 9973 }, (_, at) => (at * 7919) % 251))));
  for (const args of [['add', '.'], ['commit', '-qm', 'notes'], ['push', '-q', 'origin', 'HEAD:main']]) expect(await git(args, first)).toMatchObject({ code: 0 });

  expect(await git(['clone', '-q', remote, 'second'])).toMatchObject({ code: 0 });
  expect(readFileSync(join(root, 'second', 'large.bin')).equals(readFileSync(join(first, 'large.bin')))).toBe(true);
  writeFileSync(join(first, 'notes.txt'), 'once more\n');
  for (const args of [['commit', '-qam', 'more'], ['push', '-q', 'origin', 'HEAD:main']]) expect(await git(args, first)).toMatchObject({ code: 0 });
  expect(await git(['pull', '-q', 'origin', 'main'], join(root, 'second'))).toMatchObject({ code: 0 });
  expect(readFileSync(join(root, 'second', 'notes.txt'), 'utf8')).toBe('once more\n');

  expect(world.upstreams.seen[0].text).toMatch(PROBE);
  expect(/authorization/i.exec(world.upstreams.seen[0].text.split('\r\n\r\n')[0])).toBeNull();
  expect(world.upstreams.text.toLowerCase()).toContain(`authorization: ${basic(GIT_USER, CREDENTIALS.git)}`.toLowerCase());
}, 60_000);

withGit('a push whose body is larger than what git keeps in memory goes in chunks', async () => {
  const folder = join(root, 'chunked');
  expect(await git(['clone', '-q', urlWith(world.one.bearers.git), folder])).toMatchObject({ code: 0 });
  writeFileSync(join(folder, 'noise.bin'), randomBytes(400_000));
  for (const args of [['add', '.'], ['commit', '-qm', 'noise']]) expect(await git(args, folder)).toMatchObject({ code: 0 });
  expect(await git(['-c', 'http.postBuffer=1000', 'push', '-q', 'origin', 'HEAD:noise'], folder)).toMatchObject({ code: 0 });
  expect(world.upstreams.text.toLowerCase()).toContain('transfer-encoding: chunked');
});

withGit('what the answers say shows no credential to the agent', async () => {
  const { code, stderr } = await git(['-c', 'http.version=HTTP/1.1', 'ls-remote', urlWith(world.one.bearers.git)]);
  expect([code, stderr.includes(CREDENTIALS.git)]).toEqual([0, false]);
});

describe('refused is', () => {
  withGit('a repository on a host that nobody granted, before its name is looked up', async () => {
    const { code, stderr } = await git(['clone', '-q', `https://${HOSTS.foreign}/repo.git`, 'nowhere']);
    expect([code, stderr]).toEqual([128, expect.stringContaining('403')]);
    world.expectUntouched();
  });

  withGit('the surrogate of another credential', async () => {
    const { code, stderr } = await git(['clone', '-q', urlWith(world.one.bearers.api), 'nowhere']);
    expect([code, stderr]).toEqual([128, expect.stringContaining('403')]);
    expect(world.upstreams.text).not.toContain('Basic');
  });

  withGit('the surrogate of another run', async () => {
    const { code } = await git(['clone', '-q', urlWith(world.two.bearers.git), 'nowhere']);
    expect(code).toBe(128);
  });

  withGit('many at once, and nothing stays open of any', async () => {
    const { one, two } = world;
    for (let round = 0; round < 8; round += 1) {
      const all = [two.bearers.git, two.bearers.git, one.bearers.git, one.bearers.api].map((bearer) => git(['ls-remote', '-q', urlWith(bearer)]));
      expect((await Promise.all(all)).map(({ code }) => code)).toEqual([128, 128, 0, 128]);
    }
    // Some two hundred processes, counted with the helpers of git.
  }, 90_000);

  withGit('a proxy URL without run token: the program says that the proxy wants one', async () => {
    const env = { ...agentEnvironment(world.one, root), HTTPS_PROXY: `http://127.0.0.1:${world.place.ports.proxy}`, https_proxy: '', GIT_TERMINAL_PROMPT: '0' };
    const { code, stderr } = await run('git', ['ls-remote', `https://${HOSTS.git}/repo.git`], { cwd: root, env: { ...env, https_proxy: env.HTTPS_PROXY } });
    expect([code, stderr]).toEqual([128, expect.stringContaining('407')]);
    world.expectUntouched();
  });
});
