import { endContainer } from './client-pod';
import { ready } from './one-node';
import { IMAGES, podOf, podWithoutRoom, PoolName, SessionClient, TEAM, USER_ID, workerObjects } from './session-world';
import { SESSION_SEMI_SPACE_MEBIBYTES } from '../../src/protocol/limits';
import { PATHS, RUNTIME_FILES } from '../../src/protocol/paths';
import { SESSION_ROUTES } from '../../src/protocol/session-api';
import { apply, must } from '../cluster/cli';

const POOLS = Object.keys(IMAGES) as PoolName[];
const clients = new Map<PoolName, SessionClient>();

beforeAll(async () => {
  const objects = workerObjects();
  must(['apply', '--server-side', '-f', '-'], objects.filter(({ kind }) => kind === 'Namespace'));
  apply(objects.filter(({ kind }) => kind !== 'Deployment'));
  apply(objects.filter(({ kind }) => kind === 'Deployment'));
  for (const pool of POOLS) {
    ready(TEAM, `deployment/${pool}`);
    const { metadata, status } = podOf(pool);
    clients.set(pool, new SessionClient(`session-${pool}`, metadata.uid, status.podIP));
    await clients.get(pool)!.init();
  }
}, 900_000);

// Other tests of the cluster have workers of their own in this namespace.
afterAll(() => must(['delete', 'deployment', '-n', TEAM, ...POOLS]));

test('a runtime that cannot be copied ends the init container, and the reason is in the status of the pod', () => {
  must(['apply', '--server-side', '-f', '-'], [podWithoutRoom('no-room')]);
  must(['wait', '-n', TEAM, 'pod/no-room', '--for=jsonpath={.status.phase}=Failed', '--timeout=300s']);
  const { exitCode, message } = JSON.parse(must(['get', 'pod', '-n', TEAM, 'no-room', '-o', 'json'])).status.initContainerStatuses[0].state.terminated;
  expect([exitCode, message]).toEqual([1, expect.stringMatching(/^install-runtime: bin\/node was not copied to \/mnt\/runtime: E/)]);
}, 330_000);

describe('the images are what they are said to be', () => {
  const found = async (pool: PoolName, paths: string) => (await clients.get(pool)!.execute('/bin/sh', '-c', `ls -d ${paths} 2>/dev/null; true`)).stdout.trim().split('\n');

  test('one has a glibc, older than that of the runtime', async () => {
    expect((await clients.get('glibc')!.execute('/bin/sh', '-c', 'ldd --version')).stdout).toMatch(/GLIBC 2\.36/);
  });

  test('one has musl, and nothing of a glibc', async () => {
    expect(await found('musl', '/lib/* /lib64/* /usr/lib/* /etc/ld.so*')).toEqual([expect.stringMatching(/^\/lib\/ld-musl-.*\.so\.1$/)]);
  });
});

describe.each(POOLS)('a session in the %s image', (pool) => {
  const client = () => clients.get(pool)!;
  const shell = async (script: string) => {
    const { stdout, stderr, exit_code } = await client().execute('/bin/sh', '-c', script);
    return { out: stdout.trim(), err: stderr.trim(), exit_code };
  };

  test('has a daemon below the native helper', async () => {
    expect(await client().health()).toMatchObject({ status: 'ok', initialized: true, nativeHelper: true });
    const daemon = [RUNTIME_FILES.node, `--max-semi-space-size=${SESSION_SEMI_SPACE_MEBIBYTES}`, RUNTIME_FILES.session];
    expect((await shell('cat /proc/1/cmdline')).out.split('\0').slice(0, -1)).toEqual([RUNTIME_FILES.helper, '--', ...daemon]);
  });

  test('runs commands with the C library of the image, and no trace of the other in their environment', async () => {
    expect(await shell('echo "$(id -u) $(id -g) $(pwd) $HOME $USER"; env')).toMatchObject({
      out: expect.stringMatching(new RegExp(`^${USER_ID} ${USER_ID} ${PATHS.workspace} ${PATHS.home} agent\n`)), err: '', exit_code: 0,
    });
    expect((await shell('env')).out).not.toMatch(/^LD_|agent-platform\/lib/m);
    expect((await shell('while read -r line; do case $line in *.so*) echo "$line";; esac; done </proc/self/maps')).out).not.toContain(PATHS.runtime);
  });

  test('has a Node that loads nothing but the libraries that came with it', () => {
    const program = 'console.log(JSON.stringify(process.report.getReport().sharedObjects.filter((path) => path.startsWith("/"))))';
    const loaded: string[] = JSON.parse(must(['exec', '-n', TEAM, podOf(pool).metadata.name, '--', '/usr/bin/env', 'LD_LIBRARY_PATH=/lib/x86_64-linux-gnu:/lib', RUNTIME_FILES.node, '-e', program]));
    expect(loaded.length).toBeGreaterThan(4);
    expect(loaded.filter((path) => !path.startsWith(`${RUNTIME_FILES.libraries}/`))).toEqual([]);
  });

  test('runs commands without privilege', async () => {
    const { out } = await shell('while read -r line; do echo "$line"; done </proc/self/status');
    const facts = Object.fromEntries(out.split('\n').map((line) => line.split(/:\s+/)));
    const user = Array(4).fill(USER_ID).join('\t');
    const none = '0'.repeat(16);
    expect(facts).toMatchObject({ Uid: user, Gid: user, CapInh: none, CapPrm: none, CapEff: none, CapBnd: none, CapAmb: none, NoNewPrivs: '1', Seccomp: '2' });
  });

  test.each(['/', '/bin', '/etc', PATHS.runtime, `${PATHS.runtime}/bin`, PATHS.trust])('cannot write to %s', async (folder) => {
    expect(await shell(`touch ${folder}/planted`)).toMatchObject({ err: expect.stringContaining('Read-only file system'), exit_code: 1 });
  });

  test.each([PATHS.workspace, PATHS.home, PATHS.temporary])('can write to %s', async (folder) => {
    expect(await shell(`echo text >${folder}/made && cat ${folder}/made`)).toEqual({ out: 'text', err: '', exit_code: 0 });
  });

  test('takes a file, gives it to commands and hands it out again', async () => {
    const path = 'data/naïve "name".txt';
    const content = Buffer.from('two\nlines\n');
    const put = await client().send('POST', SESSION_ROUTES.files, { path, content: content.toString('base64') });
    expect([put.status, await put.json()]).toEqual([200, expect.objectContaining({ size: content.length })]);
    expect((await client().execute('/bin/cat', path)).stdout).toBe(content.toString());
    const got = await client().send('GET', `${SESSION_ROUTES.files}/${path.split('/').map(encodeURIComponent).join('/')}`);
    expect([got.status, await got.text()]).toEqual([200, content.toString()]);
  });

  test('refuses the token of the other session', async () => {
    const other = clients.get(POOLS.find((name) => name !== pool)!)!;
    const answer = await other.send('POST', SESSION_ROUTES.execute, { command: ['/bin/true'] }, client());
    expect([answer.status, await answer.json()]).toEqual([401, expect.objectContaining({ reason: 'TOKEN_REFUSED' })]);
  });

  test('is over when its daemon has been restarted, on the same runtime', async () => {
    const { metadata } = podOf(pool);
    endContainer(TEAM, metadata.name);
    must(['wait', '-n', TEAM, `pod/${metadata.name}`, '--for=jsonpath={.status.containerStatuses[0].restartCount}=1', '--timeout=240s']);
    must(['wait', '-n', TEAM, `pod/${metadata.name}`, '--for=condition=Ready', '--timeout=240s']);
    const answer = await client().send('POST', SESSION_ROUTES.execute, { command: ['/bin/true'] });
    expect([answer.status, await answer.json()]).toEqual([503, expect.objectContaining({ code: 'DAEMON_NOT_INITIALIZED' })]);
    expect(podOf(pool).status.initContainerStatuses[0]).toMatchObject({ restartCount: 0 });
  }, 600_000);
});
