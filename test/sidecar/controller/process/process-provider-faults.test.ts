import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimOf, openWorld, POOL, stateFolder, until, World, WorldOptions } from './world';
import { processesAt } from '../../../../sidecar/src/controller/process/process-table';
import { BrokerProcess } from '../../../helpers/broker-process';
import { bundleRole, esbuild } from '../../../helpers/bundle';
import { tempFolder } from '../../../helpers/temp-folder';

const root = tempFolder();
let program: string;
let host: string;
const worlds: World[] = [];
const hosts: BrokerProcess[] = [];

beforeAll(() => {
  program = bundleRole('session', root);
  host = join(root, 'host.mjs');
  esbuild('test/sidecar/controller/process/host.ts', `--outfile=${host}`);
}, 60_000);

afterEach(async () => {
  await Promise.all(worlds.splice(0).map(({ provider }) => provider.close()));
  await Promise.all(hosts.splice(0).map((one) => one.end('SIGKILL')));
}, 30_000);

async function open(more: Partial<WorldOptions> = {}): Promise<World> {
  const world = await openWorld(root, { program, ...more });
  worlds.push(world);
  return world;
}

async function startHost(stateDir: string): Promise<BrokerProcess> {
  const one = new BrokerProcess(host, {}, [stateDir, program]);
  hosts.push(one);
  return one.ready();
}

describe('a controller that is killed', () => {
  test('takes its workers with it', async () => {
    const { stateDir } = stateFolder(root);
    const one = await startHost(stateDir);
    await until(async () => (await processesAt(stateDir)).length === 4);
    await one.end('SIGKILL');
    await until(async () => (await processesAt(stateDir)).length === 0);
  }, 60_000);

  test('leaves those that hang to the next one, which ends them and removes their workspaces', async () => {
    const { stateDir, trustDir } = stateFolder(root);
    const one = await startHost(stateDir);
    await until(async () => (await processesAt(stateDir)).length === 4);
    const before = await processesAt(stateDir);
    const folders = readdirSync(join(stateDir, 'workspaces'));
    for (const pid of before) process.kill(pid, 'SIGSTOP');
    await one.end('SIGKILL');
    expect(await processesAt(stateDir)).toEqual(before);

    const world = await open({ stateDir, trustDir, replicas: 0 });
    expect(await world.processes()).toEqual([]);
    expect(readdirSync(join(stateDir, 'workspaces')).filter((name) => folders.includes(name))).toEqual(['owner']);
  }, 60_000);
});

test('a command that has outlived its daemon and its controller is ended by the next one', async () => {
  const folders = stateFolder(root);
  const workspace = join(folders.stateDir, 'workspaces', 'left');
  mkdirSync(workspace, { recursive: true });
  const command = spawn('/bin/sleep', ['1000'], { cwd: '/', env: { HOME: workspace }, detached: true, stdio: 'ignore' });
  const beside = spawn('/bin/sleep', ['1000'], { cwd: workspace, env: { HOME: `${folders.stateDir}/workspaces-of-others` }, stdio: 'ignore' });
  const ended = once(command, 'exit');
  await open({ ...folders, replicas: 0 });
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(beside.exitCode ?? beside.signalCode).toBeNull();
  beside.kill('SIGKILL');
  expect(readdirSync(join(folders.stateDir, 'workspaces'))).toEqual(['owner']);
}, 30_000);

test('a folder that another controller uses is refused, and its workers live on', async () => {
  const world = await open();
  await until(async () => (await world.processes()).length === 1);
  const { stateDir } = world;
  await expect(openWorld(root, { program, stateDir })).rejects.toThrow(/^the controller with process \d+ uses .*; each needs a STATE_DIR of its own$/);
  expect(await world.processes()).toHaveLength(1);
}, 30_000);

test('a process that has the number of an earlier controller, but is another, does not keep the folder', async () => {
  const { stateDir, trustDir } = stateFolder(root);
  mkdirSync(join(stateDir, 'workspaces'));
  writeFileSync(join(stateDir, 'workspaces', 'owner'), `${process.pid} 1 another-boot`);
  const world = await open({ stateDir, trustDir, replicas: 0 });
  expect(world.provider.problem()).toBeUndefined();
});

describe('no worker', () => {
  test('is had of a pool that nobody knows', async () => {
    const world = await open({ replicas: 0 });
    await expect(world.provider.claim({ ...POOL, name: 'ruby' }, claimOf('s-1'))).rejects.toMatchObject({ code: 'PoolEmpty' });
  });

  test('is had when daemons do not start, which is told with their last words', async () => {
    const broken = join(root, 'broken.mjs');
    writeFileSync(broken, 'console.error("no such luck"); process.exit(3);');
    const world = await open({ program: broken, random: () => 0, longestWait: 2_000 });
    await expect(world.provider.claim(POOL, claimOf('s-1'))).rejects.toMatchObject({ code: 'PoolEmpty', message: 'no worker of pool team-a/python became free in time' });
    // It takes as many failures as a busy machine may not see within that time.
    await until(async () => world.provider.problem() !== undefined);
    expect(world.provider.problem()).toBe('the workers of pool team-a/python do not start: the session daemon ended before it listened: no such luck');
    expect(world.output()).toContain('no such luck');
    await until(async () => readdirSync(join(world.stateDir, 'workspaces')).length <= 2);
  }, 30_000);

  test('is made of a program that talks and does not listen', async () => {
    const talker = join(root, 'talker.mjs');
    writeFileSync(talker, 'console.log("{not json"); setInterval(() => {}, 1000);');
    const world = await open({ program: talker, longestWait: 1_000 });
    await expect(world.provider.claim(POOL, claimOf('s-1'))).rejects.toMatchObject({ code: 'PoolEmpty' });
    await world.provider.close();
    expect(await world.processes()).toEqual([]);
  }, 30_000);

  test('is started by a helper that is none', async () => {
    const world = await open({ helper: join(root, 'no-helper'), longestWait: 500 });
    await expect(world.provider.claim(POOL, claimOf('s-1'))).rejects.toMatchObject({ code: 'PoolEmpty' });
    await until(async () => world.output().includes('ENOENT'));
  }, 30_000);

  test('is claimed by whoever does not wait any more', async () => {
    const world = await open();
    const gone = new Error('the client has gone');
    await expect(world.provider.claim(POOL, claimOf('s-1', { signal: AbortSignal.abort(gone) }))).rejects.toBe(gone);
    const leaving = new AbortController();
    await world.provider.claim(POOL, claimOf('s-2'));
    const waiting = world.provider.claim(POOL, claimOf('s-3', { signal: leaving.signal }));
    leaving.abort(gone);
    await expect(waiting).rejects.toBe(gone);
    expect((await world.provider.claimed()).map(({ sessionId }) => sessionId)).toEqual(['s-2']);
  }, 30_000);

  test('is had from a provider that stops', async () => {
    const world = await open({ replicas: 0 });
    const waiting = world.provider.claim(POOL, claimOf('s-1')).catch((error: Error) => error);
    await world.provider.close();
    expect(await waiting).toMatchObject({ code: 'Unavailable' });
    expect(await world.processes()).toEqual([]);
  }, 30_000);
});

test('pools change: more are warm, none is warm, and a session goes on without its pool', async () => {
  const world = await open();
  await world.provider.claim(POOL, claimOf('s-1'));
  world.pools = [{ ...POOL, replicas: 3 }, { ...POOL, name: 'ruby', replicas: undefined }];
  world.provider.poolsChanged();
  await until(async () => (await world.processes()).length === 5);
  world.pools = [];
  world.provider.poolsChanged();
  await until(async () => (await world.processes()).length === 1);
  expect((await world.provider.claimed()).map(({ sessionId }) => sessionId)).toEqual(['s-1']);
  await expect(world.provider.claim(POOL, claimOf('s-2'))).rejects.toMatchObject({ code: 'PoolEmpty' });
}, 60_000);
