import { describeProcesses, DIRECTORY, ENV, living, longSleep, sh, start } from './commands';
import { Processes } from '../../../sidecar/src/session/processes';
import { runCommand } from '../../../sidecar/src/session/run-command';
import { eventually } from '../../helpers/temp-folder';

/** Starts a script and waits until it has said that it is ready. */
async function ready(processes: Processes, script: string) {
  let said = (): void => undefined;
  const hello = new Promise<void>((resolve) => {
    said = resolve;
  });
  const command = start(processes, ['sh', '-c', script], {
    onOutput: (_, bytes) => {
      if (bytes.includes('ready')) said();
    },
  });
  await hello;
  return command.running;
}

const NOW = 0;
const NEVER = 600_000;

describeProcesses((processes, timed) => {
  test('told to end, a command ends by SIGTERM', async () => {
    const running = await ready(processes(), 'echo ready; exec sleep 1000');
    running.terminate(NEVER);
    expect(await running.ended).toMatchObject({ signal: 'SIGTERM' });
  });

  test('what handles SIGTERM says its last words', async () => {
    const running = await ready(processes(), 'trap "exit 7" TERM; echo ready; while :; do sleep 0.02; done');
    running.terminate(NEVER);
    expect(await running.ended).toMatchObject({ code: 7 });
  });

  test('what ignores SIGTERM is killed after the grace', async () => {
    const sleep = longSleep();
    const running = await ready(processes(), `trap "" TERM; echo ready; sleep ${sleep}; sleep ${sleep}`);
    running.terminate(50);
    expect(await running.ended).toMatchObject({ signal: 'SIGKILL' });
    await eventually(() => living(sleep).length === 0);
  });

  test.each([
    ['in the background', (sleep: string) => `sleep ${sleep} >/dev/null 2>&1 &`],
    ['in a session of its own', (sleep: string) => `setsid sleep ${sleep} >/dev/null 2>&1 &`],
    ['as a daemon: orphaned, in a session of its own', (sleep: string) => `setsid sh -c "sleep ${sleep} >/dev/null 2>&1 &"`],
    ['as a daemon of a daemon', (sleep: string) => `setsid sh -c 'setsid sh -c "sleep ${sleep} >/dev/null 2>&1 &" &'`],
    // Its shell has the number too, so that there is no moment between two sleeps in which nothing is found.
    ['that ignores SIGTERM', (sleep: string) => `sh -c 'trap : TERM; sleep $0; sleep $0' ${sleep} >/dev/null 2>&1 &`],
    ['that is stopped', (sleep: string) => `sleep ${sleep} >/dev/null 2>&1 & sleep 0.1; kill -STOP $!;`],
  ])('with a command goes what it started %s', async (_, background) => {
    const sleep = longSleep();
    const running = await ready(processes(), `${background(sleep)} sleep 0.1; echo ready; sleep 1000`);
    await eventually(() => living(sleep).length > 0);
    running.terminate(50);
    await running.ended;
    await eventually(() => living(sleep).length === 0);
  });

  test('the grace of a command that was killed before it ends nothing that comes after', async () => {
    const taking = { fails: false };
    const { running } = start(processes(), ['sh', '-c', 'trap "echo last; sleep 1000" TERM; echo ready; while :; do sleep 0.01; done'], {
      onOutput: () => {
        if (taking.fails) throw new Error('nobody takes it');
        taking.fails = true;
        running.terminate(100);
      },
    });
    await expect(running.ended).rejects.toThrow('nobody takes it');
    expect(await sh(processes(), 'sleep 0.3; echo done')).toMatchObject({ code: 0, stdout: 'done\n' });
  });

  test('what is left of a command that obeys at once is killed after the grace', async () => {
    const sleep = longSleep();
    const timers: { readonly ms: number; readonly run: () => void }[] = [];
    const byHand = timed((ms, run) => {
      timers.push({ ms, run });
      return () => undefined;
    });
    const running = await ready(byHand, `setsid sh -c 'trap "" TERM; echo ready; exec >/dev/null 2>&1; exec sleep ${sleep}' & exec sleep 1000`);
    running.terminate(200);
    expect(await running.ended).toMatchObject({ signal: 'SIGTERM' });
    await eventually(() => living(sleep).length === 1);
    expect(timers.map(({ ms }) => ms)).toEqual([200]);
    timers[0].run();
    await eventually(() => living(sleep).length === 0);
  });

  test('processes that keep forking are all killed', async () => {
    const sleep = longSleep();
    const script = `ulimit -u 400 2>/dev/null; f() { sleep ${sleep} & i=0; while [ $i -lt 40 ]; do sh -c 'sleep ${sleep} & sleep ${sleep}' & i=$((i+1)); done; }; f; echo ready; wait`;
    const running = await ready(processes(), script);
    running.terminate(NOW);
    await running.ended;
    await eventually(() => living(sleep).length === 0);
  });

  test('a command with a background process that holds its output is answered, and the process lives on', async () => {
    const sleep = longSleep();
    const { stdout, code } = await sh(processes(), `sleep ${sleep} & echo hi`);
    expect([stdout, code]).toEqual(['hi\n', 0]);
    await eventually(() => living(sleep).length === 1);
    process.kill(living(sleep)[0], 'SIGKILL');
  });

  test('what such a process writes later neither ends it nor holds it up', async () => {
    const sleep = longSleep();
    const { stdout } = await sh(processes(), `(sleep 0.4; head -c 300000 /dev/zero; echo late; exec sleep ${sleep}) & echo hi`);
    expect(stdout).toBe('hi\n');
    await eventually(() => living(sleep).length === 1);
    process.kill(living(sleep)[0], 'SIGKILL');
  });

  test('one that writes without end does not hold the answer', async () => {
    const mark = longSleep();
    const { code, stdout } = await sh(processes(), `yes ${mark} & echo hi`, { maxOutput: 3 });
    expect([code, stdout.length]).toEqual([0, 3]);
    await eventually(() => living(mark).length === 1);
    living(mark).forEach((pid) => process.kill(pid, 'SIGKILL'));
  });

  test('a command that closes its output is waited for', async () => {
    expect(await sh(processes(), 'exec >&- 2>&-; sleep 0.2; exit 4')).toMatchObject({ code: 4, stdout: '' });
  });

  test('a command cannot end another by its own end', async () => {
    const [first, second] = await Promise.all([sh(processes(), 'kill -9 0'), sh(processes(), 'sleep 0.3; exit 5')]);
    expect([first.signal, second.code]).toEqual(['SIGKILL', 5]);
  });

  test('told to end when it has ended, a command changes nothing for later ones', async () => {
    const first = start(processes(), ['true']);
    await first.ended;
    first.running.terminate(NOW);
    const later = await Promise.all(Array.from({ length: 5 }, () => sh(processes(), 'sleep 0.1; exit 6')));
    expect(later.map(({ code }) => code)).toEqual([6, 6, 6, 6, 6]);
  });

  test('a time that is over ends a command with all that holds its output', async () => {
    const sleep = longSleep();
    const command = { argv: ['sh', '-c', `sleep ${sleep}; true`], env: ENV, directory: DIRECTORY, maxOutput: 10, onOutput: () => undefined };
    const result = await runCommand(processes(), command, { timeoutMs: 100, graceMs: NEVER });
    expect(result).toMatchObject({ timedOut: true, cancelled: false, signal: 'SIGTERM' });
    await eventually(() => living(sleep).length === 0);
  });
});
