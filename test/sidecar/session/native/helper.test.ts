import { ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { startHelper } from '../../../../sidecar/src/session/native/connect';
import { HelperGone } from '../../../../sidecar/src/session/native/helper-connection';
import { eventually, tempFolder } from '../../../helpers/temp-folder';
import { living, longSleep, sh, start } from '../commands';
import { describeHelper, HELPER_PROGRAM, useHelper } from '../helper-program';

const folder = tempFolder();

/** A daemon that runs a script through the helper that started it, says what it says, and then waits. */
function daemon(): string {
  const session = join(__dirname, '../../../../sidecar/src/session');
  const source = `
    const { inheritHelper } = require(${JSON.stringify(`${session}/native/connect`)});
    const { Directory, FOLDER } = require(${JSON.stringify(`${session}/directory`)});
    inheritHelper(Number(process.env.SESSION_HELPER_FD)).then(async ({ processes, connection }) => {
      const directory = new Directory(require('node:fs').openSync('/tmp', FOLDER));
      process.on('SIGTERM', () => process.exit(9));
      const command = { argv: ['sh', '-c', process.argv[2]], env: { PATH: process.env.PATH }, directory, maxOutput: 1000,
        onOutput: (_, bytes) => process.stdout.write(bytes) };
      const { code } = await processes.spawn(command).ended;
      if (process.argv[3] === 'close') { connection.close(); setTimeout(() => process.exit(5), 100); }
      if (process.argv[3] === 'exit') process.exit(code);
    });`;
  const [entry, outfile] = [join(folder, 'daemon.js'), join(folder, 'daemon.cjs')];
  writeFileSync(entry, source);
  buildSync({ entryPoints: [entry], bundle: true, platform: 'node', format: 'cjs', outfile, logLevel: 'silent' });
  return outfile;
}

interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  text(): string;
}

function launch(args: readonly string[], stdin: 'ignore' | 'pipe' = 'ignore', env: NodeJS.ProcessEnv = process.env): Running {
  const child = spawn(HELPER_PROGRAM!, args, { env, stdio: [stdin, 'pipe', 'pipe', stdin] });
  const chunks: Buffer[] = [];
  child.stdout!.on('data', (bytes: Buffer) => chunks.push(bytes));
  child.stderr!.on('data', (bytes: Buffer) => chunks.push(bytes));
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  return { process: child, ended, text: () => Buffer.concat(chunks).toString() };
}

const childrenOf = (pid: number): number[] => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

describeHelper('as process 1 of a container', () => {
  let program: string;
  beforeAll(() => {
    program = daemon();
  });
  const init = (script: string, then = 'wait'): Running => launch(['--', process.execPath, program, script, then]);

  test('starts the daemon without what the image would load into it, and with all else', async () => {
    const preloads = {
      NODE_OPTIONS: '--no-such-option',
      NODE_PATH: '/no',
      LD_PRELOAD: '/no/such.so',
      LD_LIBRARY_PATH: '/no/such',
      LD_AUDIT: '/no/such.so',
      GCONV_PATH: '/no',
      GLIBC_TUNABLES: 'x',
      OPENSSL_CONF: '/no',
      OPENSSL_ENGINES: '/no',
      OPENSSL_MODULES: '/no',
    };
    const started = launch(['--', '/usr/bin/env'], 'ignore', { ...preloads, IMAGE: 'kept', LDFLAGS: 'kept', BASH_ENV: 'kept' });
    await started.ended;
    // A helper with sanitizers is not static: its own loader may complain before it starts.
    const variables = started.text().trim().split('\n').filter((line) => !line.startsWith('ERROR: ld.so'));
    expect(variables.sort()).toEqual(['BASH_ENV=kept', 'IMAGE=kept', 'LDFLAGS=kept', 'SESSION_HELPER_FD=3']);
  });

  test.each([0, 1, 42])('ends with the status %d of the daemon', async (code) => {
    expect(await init(`exit ${code}`, 'exit').ended).toEqual({ code, signal: null });
  });

  test('ends with its status too when the daemon closes the socket before', async () => {
    expect(await init('true', 'close').ended).toEqual({ code: 5, signal: null });
  });

  test('ends with its status when it hears of the ends of a child and of the daemon at once', async () => {
    const sleep = longSleep();
    const helper = init(`setsid sh -c "sleep ${sleep} >/dev/null 2>&1 &"; echo ready`);
    await eventually(() => helper.text().includes('ready') && living(sleep).length > 0);
    const [daemonPid] = childrenOf(helper.process.pid!);
    const [orphan] = living(sleep);
    helper.process.kill('SIGSTOP');
    for (const [pid, signal] of [[orphan, 'SIGKILL'], [daemonPid, 'SIGTERM']] as const) {
      process.kill(Number(pid), signal);
      await eventually(() => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '));
    }
    helper.process.kill('SIGCONT');
    expect(await helper.ended).toEqual({ code: 9, signal: null });
  });

  test.each([
    ['a child', (sleep: string) => `echo ready; sleep ${sleep}`],
    ['a daemon of a command that has ended', (sleep: string) => `setsid sh -c "sleep ${sleep} >/dev/null 2>&1 &"; echo ready`],
    ['what ignores signals', (sleep: string) => `trap "" TERM HUP; echo ready; sleep ${sleep}; sleep ${sleep}`],
  ])('a daemon that is killed leaves no orphan: %s', async (_, script) => {
    const sleep = longSleep();
    const helper = init(script(sleep));
    await eventually(() => helper.text().includes('ready') && living(sleep).length > 0);
    process.kill(childrenOf(helper.process.pid!)[0], 'SIGKILL');
    expect(await helper.ended).toEqual({ code: 137, signal: null });
    expect(living(sleep)).toEqual([]);
  });

  test('passes SIGTERM on to the daemon', async () => {
    const helper = init('echo ready');
    await eventually(() => helper.text().includes('ready'));
    helper.process.kill('SIGTERM');
    expect(await helper.ended).toEqual({ code: 9, signal: null });
  });

  test('reaps orphans: none stays as a zombie', async () => {
    const helper = init('i=0; while [ $i -lt 50 ]; do (sleep 0.01 >/dev/null 2>&1 &); i=$((i+1)); done; sleep 0.3; echo ready');
    await eventually(() => helper.text().includes('ready'));
    await eventually(() => childrenOf(helper.process.pid!).length === 1);
    helper.process.kill('SIGTERM');
    await helper.ended;
  });

  test('a command gets no file of the helper or the daemon', async () => {
    const helper = init('ls -l /proc/self/fd | grep -c " -> "; echo; echo end', 'exit');
    await helper.ended;
    // Its three, and the folder that ls reads.
    expect(helper.text()).toBe('4\n\nend\n');
  });

  test('a command has the usual signals: none is ignored or blocked', async () => {
    const helper = init('grep -E "SigBlk|SigIgn" /proc/self/status', 'exit');
    await helper.ended;
    expect(helper.text().match(/0{16}/g)).toHaveLength(2);
  });

  test('a daemon that is not there is told', async () => {
    const helper = launch(['--', '/no/such/daemon']);
    expect((await helper.ended).code).toBe(71);
    expect(helper.text()).toContain('/no/such/daemon: No such file or directory');
  });

  test.each([[['serve']], [['--']], [['-x', 'y', 'z']]])('arguments %j are refused', async (args) => {
    expect((await launch(args).ended).code).toBe(64);
  });
});

describeHelper('started by the daemon', () => {
  const helper = useHelper();

  test('tells processor time and memory', async () => {
    const { usage } = await sh(helper.current.processes, 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done');
    expect(usage!.userMicroseconds + usage!.systemMicroseconds).toBeGreaterThan(0);
    expect(usage!.maxResidentBytes).toBeGreaterThan(100_000);
  });

  test('keeps no file open that was found for the daemon', async () => {
    const beneath = helper.current.beneath(folder);
    writeFileSync(join(folder, 'found'), '');
    for (let i = 0; i < 20; i += 1) (await beneath.directory('.')).close();
    await sh(helper.current.processes, 'true');
    const links = readdirSync(`/proc/${helper.current.hello.pid}/fd`).map((fd) => readlinkSync(`/proc/${helper.current.hello.pid}/fd/${fd}`));
    expect(links.filter((link) => link.startsWith(folder))).toEqual([]);
    beneath.close();
  });

  test('a gibibyte of output leaves its memory as it was', async () => {
    const memory = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${helper.current.hello.pid}/status`, 'utf8'))![1]);
    const before = memory();
    const { dropped, stdout } = await sh(helper.current.processes, 'head -c 1073741824 /dev/zero', { maxOutput: 10 });
    expect(stdout.length + dropped.stdout).toBe(1024 ** 3);
    expect(memory() - before).toBeLessThan(2048);
  }, 180_000);

  test('more commands at once than it has places for are refused, not lost', async () => {
    const commands = Array.from({ length: 1030 }, () => start(helper.current.processes, ['/nowhere']).ended.catch((error: { code: string }) => error.code));
    const codes = await Promise.all(commands);
    expect(codes.filter((code) => code === 'EAGAIN')).toHaveLength(6);
    expect(codes.filter((code) => code === 'ENOENT')).toHaveLength(1024);
  });

  test('when it is killed, commands that run and later ones reject, and the commands die with it', async () => {
    const sleep = longSleep();
    const other = await startHelper(HELPER_PROGRAM!);
    const running = start(other.processes, ['sleep', sleep]);
    await eventually(() => living(sleep).length === 1);
    process.kill(other.hello.pid, 'SIGKILL');
    await expect(running.ended).rejects.toThrow(HelperGone);
    await expect(start(other.processes, ['true']).ended).rejects.toThrow(HelperGone);
    await eventually(() => living(sleep).length === 0);
  });

  test.each(['/no/such/helper', '/bin/true', '/etc/passwd'])('the program %s is no helper, and that is told', async (program) => {
    await expect(startHelper(program)).rejects.toThrow(HelperGone);
  });
});
