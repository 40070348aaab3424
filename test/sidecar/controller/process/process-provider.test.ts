import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimOf, environOf, execute, openWorld, POOL, shake, until, World, WorldOptions } from './world';
import { after } from '../../../../sidecar/src/server/time/timers';
import { bundleRole } from '../../../helpers/bundle';
import { tempFolder } from '../../../helpers/temp-folder';
import { HELPER_PROGRAM } from '../../session/helper-program';

const root = tempFolder();
const MEANS = [['alone', undefined], ['under its helper', HELPER_PROGRAM]] as const;
let program: string;
const worlds: World[] = [];

beforeAll(() => {
  program = bundleRole('session', root);
}, 60_000);

afterEach(() => Promise.all(worlds.splice(0).map(({ provider }) => provider.close())), 30_000);

async function open(more: Partial<WorldOptions> = {}): Promise<World> {
  const world = await openWorld(root, { program, ...more });
  worlds.push(world);
  return world;
}

/** Kills without a chance to say anything, and waits until the daemon is gone. */
async function kill(world: World, pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await until(async () => !(await world.processes()).includes(pid));
}

test.each(MEANS)('a session runs in a process of its own, and nothing is left of it after its end: the daemon %s', async (_name, helper) => {
  const world = await open({ helper });
  const claimed = await world.provider.claim(POOL, claimOf('s-1'));
  await shake(claimed, 's-1', { GREETING: 'hello' });
  expect(await execute(claimed, 's-1', ['sh', '-c', 'echo $GREETING; pwd; (sleep 1000 > /dev/null 2>&1 &)'])).toBe(`hello\n${workspaceOf(world, claimed.worker.podUid)}\n`);
  expect(claimed.podIPs).toEqual(['127.0.0.1']);
  expect(await world.provider.claimed()).toMatchObject([{ namespace: 'team-a', pool: 'python', sessionId: 's-1' }]);
  await world.provider.release('team-a', 's-1');
  expect(existsSync(workspaceOf(world, claimed.worker.podUid))).toBe(false);
  expect(await world.provider.claimed()).toEqual([]);
  await world.provider.close();
  expect(await world.processes()).toEqual([]);
  expect(readdirSync(join(world.stateDir, 'workspaces'))).toEqual([]);
}, 30_000);

/** The process of the only daemon; a helper has another program. */
async function daemonOf(world: World): Promise<number> {
  const pids = await world.processes();
  return pids.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(process.execPath))!;
}

function workspaceOf(world: World, podUid: string): string {
  return join(world.stateDir, 'workspaces', podUid);
}

test('the daemon gets nothing of the environment of the controller, and its workspace is its own', async () => {
  process.env.STORE_URL = 'redis://:planted-3c1f@127.0.0.1';
  const world = await open();
  const claimed = await world.provider.claim(POOL, claimOf('s-1'));
  delete process.env.STORE_URL;
  await shake(claimed, 's-1');
  const workspace = workspaceOf(world, claimed.worker.podUid);
  const pids = await world.processes();
  const variables = pids.flatMap((pid) => environOf(pid).split('\n').filter((line) => line !== '').map((line) => line.split('=')[0]));
  expect([...new Set(variables)].sort()).toEqual(['ADMIN_LISTEN', 'AGENT_TRUST_DIR', 'HOME', 'POD_UID', 'SESSION_LISTEN', 'SESSION_REQUIRE_BOOT_ID', 'SESSION_WORKSPACE']);
  expect(await execute(claimed, 's-1', ['env'])).not.toContain('planted-3c1f');
  expect(statSync(workspace).mode & 0o777).toBe(0o700);
  expect(statSync(join(world.stateDir, 'workspaces')).mode & 0o777).toBe(0o700);
}, 30_000);

test('twenty claims at once get twenty workers', async () => {
  const world = await open({ replicas: 2 });
  const claimed = await Promise.all(Array.from({ length: 20 }, (_, at) => world.provider.claim(POOL, claimOf(`s-${at}`))));
  expect(new Set(claimed.map(({ worker }) => worker.podUid)).size).toBe(20);
  expect(new Set(claimed.map(({ worker }) => worker.entryPoints[0].port)).size).toBe(20);
  await shake(claimed[7], 's-7');
  await expect(shake(claimed[7], 's-8')).rejects.toMatchObject({ code: 'Taken' });
}, 120_000);

test('a warm worker that is killed is replaced, and nobody gets it', async () => {
  const world = await open({ random: () => 0 });
  await until(async () => (await world.processes()).length === 1);
  await kill(world, (await world.processes())[0]);
  await until(async () => world.output().includes('a worker is missing'));
  const claimed = await world.provider.claim(POOL, claimOf('s-1'));
  await shake(claimed, 's-1');
  expect(await execute(claimed, 's-1', ['echo', 'here'])).toBe('here\n');
}, 30_000);

test.each(MEANS)('a daemon that is killed comes again: same UID and files, another port, and it takes its session again: %s', async (_name, helper) => {
  const world = await open({ replicas: 0, helper });
  const first = await world.provider.claim(POOL, claimOf('s-1'));
  await shake(first, 's-1', { GREETING: 'hello' });
  await execute(first, 's-1', ['sh', '-c', 'echo kept > note; (sleep 1000 > /dev/null 2>&1 &)']);
  const before = await world.processes();
  process.kill(await daemonOf(world), 'SIGKILL');
  await until(() => first.ask({ method: 'GET', path: '/health', signal: AbortSignal.timeout(5_000) }).then(() => false, () => true));

  const [one, two] = await Promise.all([1, 2].map(() => world.provider.locate('team-a', 's-1', first.worker)));
  expect(two?.worker).toEqual(one?.worker);
  expect(one?.worker).toMatchObject({ podUid: first.worker.podUid, podName: first.worker.podName });
  expect(one?.worker.entryPoints).not.toEqual(first.worker.entryPoints);
  expect((await world.processes()).filter((pid) => before.includes(pid))).toEqual([]);
  await expect(execute(one!, 's-1', ['true'])).rejects.toThrow('DAEMON_NOT_INITIALIZED');
  await shake(one!, 's-1', { GREETING: 'hello' });
  expect(await execute(one!, 's-1', ['sh', '-c', 'cat note; echo $GREETING'])).toBe('kept\nhello\n');
}, 30_000);

test('a worker is found by nobody but its session', async () => {
  const world = await open();
  const { worker } = await world.provider.claim(POOL, claimOf('s-1'));
  expect(await world.provider.locate('team-a', 's-1', worker)).toMatchObject({ worker });
  expect(await world.provider.locate('team-b', 's-1', worker)).toBeUndefined();
  expect(await world.provider.locate('team-a', 's-2', worker)).toBeUndefined();
  expect(await world.provider.locate('team-a', 's-1', { ...worker, podUid: 'another' })).toBeUndefined();
  await world.provider.release('team-a', 's-2');
  expect(await world.provider.locate('team-a', 's-1', worker)).toMatchObject({ worker });
  const ending = world.provider.release('team-a', 's-1');
  expect(await world.provider.locate('team-a', 's-1', worker)).toBeUndefined();
  await Promise.all([ending, world.provider.release('team-a', 's-1')]);
  expect(await world.provider.claimed()).toEqual([]);
}, 30_000);

const HOUR = 3_600_000;

test('a worker ends at its deadline although nobody asks, and what takes rights away from itself ends too', async () => {
  let ahead = 0;
  const timers: { readonly ms: number; readonly run: () => void }[] = [];
  const world = await open({
    replicas: 0,
    clock: () => Date.now() + ahead,
    after: (ms, run) => {
      timers.push({ ms, run });
      return after(ms, run);
    },
  });
  const claimed = await world.provider.claim(POOL, claimOf('s-1', { deadline: Date.now() + HOUR }));
  const locked = join(workspaceOf(world, claimed.worker.podUid), 'locked');
  mkdirSync(locked);
  writeFileSync(join(locked, 'file'), '');
  chmodSync(locked, 0);
  ahead = 2 * HOUR;
  // The deadline is the only wait that is as long.
  timers.find(({ ms }) => ms > HOUR / 2)!.run();
  await until(async () => (await world.provider.claimed()).length === 0);
  expect(await world.processes()).toEqual([]);
  expect(existsSync(locked)).toBe(false);
}, 30_000);

test('entry points of the pool are those of the worker, with the port of the daemon where they mean it', async () => {
  const world = await open();
  const pool = { ...POOL, entryPoints: [{ path: '/', protocol: 'HTTP', port: 8080 }, { path: '/app', protocol: 'HTTPS', port: 9000 }] } as const;
  const { worker, ask } = await world.provider.claim(pool, claimOf('s-1'));
  const [{ port }, other] = worker.entryPoints;
  expect(other).toEqual(pool.entryPoints[1]);
  expect(port).not.toBe(8080);
  expect(await ask({ method: 'GET', path: '/health', signal: AbortSignal.timeout(5_000) })).toMatchObject({ status: 200 });
}, 30_000);
