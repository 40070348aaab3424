import { once } from 'node:events';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { describeMeans, NODE_MEANS, send, workbench, Workbench } from './workbench';
import { startHelper } from '../../../../sidecar/src/session/native/connect';
import { HelperGone } from '../../../../sidecar/src/session/native/helper-connection';
import type { Processes } from '../../../../sidecar/src/session/processes';
import { SESSION_ROUTES } from '../../../../src/protocol/session-api';
import { eventually } from '../../../helpers/temp-folder';
import { living, longSleep } from '../commands';
import { describeHelper, HELPER_PROGRAM } from '../helper-program';
import { inTime } from '../in-time';

/** Starts a command over a connection of its own, which the test closes. */
function leave({ port, authorization }: Workbench, command: readonly string[]): () => void {
  const request = httpRequest({ host: '127.0.0.1', port, method: 'POST', path: SESSION_ROUTES.execute, headers: { authorization } });
  request.on('error', () => undefined);
  request.end(JSON.stringify({ command }));
  return () => request.destroy();
}

describeMeans((means) => {
  test('a grandchild that holds stdout does not delay the end of the time', async () => {
    const { execute } = await workbench(means(), { limits: { graceMs: 100 } });
    const sleep = longSleep();
    const { body } = await execute(['sh', '-c', `sleep ${sleep}; true`], { timeout: '300ms' });
    expect(body).toMatchObject({ exit_code: 124, timed_out: true });
    await eventually(() => living(sleep).length === 0);
  });

  test('a background process that holds stdout does not delay the end of a command', async () => {
    const { execute } = await workbench(means());
    const sleep = longSleep();
    expect((await execute(['sh', '-c', `sleep ${sleep} & echo hi`])).body).toMatchObject({ exit_code: 0, timed_out: false, stdout: 'hi\n' });
    await eventually(() => living(sleep).length === 1);
    living(sleep).forEach((pid) => process.kill(pid, 'SIGKILL'));
  });

  test('nothing of a command is left when its time is over', async () => {
    const { execute } = await workbench(means(), { limits: { graceMs: 100 } });
    const [background, foreground] = [longSleep(), longSleep()];
    const script = `sleep ${background} >/dev/null 2>&1 & sleep ${foreground} >/dev/null 2>&1; true`;
    expect((await execute(['sh', '-c', script], { timeout: '300ms' })).body).toMatchObject({ exit_code: 124 });
    await eventually(() => living(background).length + living(foreground).length === 0);
  });

  test('a command that ignores TERM is killed after its grace', async () => {
    const { execute } = await workbench(means(), { limits: { graceMs: 100 } });
    const script = 'trap "" TERM; echo ignores; while :; do sleep 0.02; done';
    const body = await inTime(async (factor) => (await execute(['sh', '-c', script], { timeout: `${200 * factor}ms` })).body, ({ stdout }) => stdout === 'ignores\n');
    expect(body).toMatchObject({ exit_code: 124, signal: 'SIGKILL', timed_out: true });
  });

  test('a command that closes its output is waited for', async () => {
    const { execute } = await workbench(means());
    expect((await execute(['sh', '-c', 'exec >&- 2>&-; sleep 0.1; exit 3'])).body).toMatchObject({ exit_code: 3, stdout: '', stderr: '' });
  });

  test('a command whose client goes away is ended, with all that it started', async () => {
    const bench = await workbench(means(), { limits: { graceMs: 100 } });
    const sleep = longSleep();
    const goAway = leave(bench, ['sh', '-c', `sleep ${sleep} & wait`]);
    await eventually(() => living(sleep).length === 1);
    goAway();
    await eventually(() => living(sleep).length === 0);
    // No defect, and no line that looks like one.
    expect(bench.output()).not.toContain('"level":"error"');
  });

  test('a gibibyte of output is read to its end, kept to its bound, and costs no more memory than that', async () => {
    const { execute } = await workbench(means());
    const before = process.memoryUsage.rss();
    const { body } = await execute(['sh', '-c', 'head -c 1073741824 /dev/zero | tr "\\0" a; echo done >&2']);
    expect(body).toMatchObject({ exit_code: 0, stdout_truncated: true, stderr: 'done\n', stderr_truncated: false });
    expect(body.stdout).toHaveLength(10 * 1024 * 1024);
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 * 1024);
  }, 180_000);

  test('output of many small pieces is kept whole', async () => {
    const { execute } = await workbench(means());
    const { body } = await execute(['sh', '-c', 'i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done']);
    expect(body.stdout.trim().split('\n')).toEqual(Array.from({ length: 3000 }, (_, line) => String(line)));
  });

  test('the daemon ends the commands that run when it ends', async () => {
    const { app, execute } = await workbench(means(), { limits: { graceMs: 100 } });
    const sleep = longSleep();
    const answer = execute(['sleep', sleep]);
    await eventually(() => living(sleep).length === 1);
    const closing = app.close();
    expect(await answer).toMatchObject({ status: 503, body: { reason: 'UNAVAILABLE' } });
    await closing;
    await eventually(() => living(sleep).length === 0);
  });

  test('of 500 commands at once as many run and wait as may, the others are told to come again', async () => {
    const bench = await workbench(means(), { limits: { maxCommands: 1, maxWaitingCommands: 10, graceMs: 100 } });
    const sleep = longSleep();
    const goAway = leave(bench, ['sleep', sleep]);
    await eventually(() => living(sleep).length === 1);
    let refused = 0;
    const answers = Array.from({ length: 500 }, () => bench.execute(['true']).then((answer) => {
      refused += Number(answer.status === 429);
      return answer;
    }));
    await eventually(() => refused === 490);
    goAway();
    const ended = await Promise.all(answers);
    expect(ended.filter(({ status, body }) => status === 200 && body.exit_code === 0)).toHaveLength(10);
    expect(ended.find(({ status }) => status === 429)).toMatchObject({ body: { reason: 'TOO_MANY_COMMANDS' }, headers: { 'retry-after': '1' } });
  }, 60_000);
});

test('a command that waits for its turn and whose client goes away is never started', async () => {
  const bench = await workbench(NODE_MEANS, { limits: { maxCommands: 1, graceMs: 100 } });
  const [first, second] = [longSleep(), longSleep()];
  const firstLeaves = leave(bench, ['sleep', first]);
  await eventually(() => living(first).length === 1);
  const arrived = once(bench.app.server, 'request');
  const secondLeaves = leave(bench, ['sh', '-c', `touch started; sleep ${second}`]);
  const [{ socket }] = await arrived as [IncomingMessage];
  await new Promise((resolve) => setTimeout(resolve, 50));
  secondLeaves();
  await once(socket, 'close');
  firstLeaves();
  expect((await bench.execute(['ls'])).body).toMatchObject({ exit_code: 0, stdout: '' });
});

describeHelper('when the helper is killed', () => {
  test('the command that runs and those that come are told so, and health answers', async () => {
    const helper = await startHelper(HELPER_PROGRAM!);
    const { ask, execute, folder } = await workbench(helper);
    const sleep = longSleep();
    const answer = execute(['sh', '-c', `sleep ${sleep} & wait`]);
    await eventually(() => living(sleep).length === 1);
    process.kill(helper.hello.pid, 'SIGKILL');
    expect(await answer).toMatchObject({ status: 503, body: { reason: 'HELPER_GONE' } });
    expect(await execute(['true'])).toMatchObject({ status: 503, body: { reason: 'HELPER_GONE' } });
    // Who meets no link needs no help.
    expect(await ask('PUT', '/api/files/a/f', { body: 'x' })).toMatchObject({ status: 200 });
    symlinkSync('a', join(folder, 'link'));
    expect(await ask('PUT', '/api/files/link/f', { body: 'x' })).toMatchObject({ status: helper.hello.openat2 ? 503 : 200 });
    expect(await ask('GET', '/health')).toMatchObject({ status: 200 });
    living(sleep).forEach((pid) => process.kill(pid, 'SIGKILL'));
  });
});

test('a helper that has ended is told as such, and no command is lost in silence', async () => {
  const gone: Processes = { means: 'helper', spawn: () => ({ ended: Promise.reject(new HelperGone()), terminate: () => undefined }) };
  const { execute } = await workbench({ ...NODE_MEANS, processes: gone });
  expect(await execute(['true'])).toMatchObject({ status: 503, body: { reason: 'HELPER_GONE', code: 503 } });
  const stream = await execute(['true'], {}, { accept: 'text/event-stream' });
  expect(stream.bytes.toString()).toMatch(/^id: 1\nevent: error\ndata: \{"error":.*"HELPER_GONE".*\}\n\n$/);
});

test('the outputs of all commands together are bounded, and what has no room is cut', async () => {
  const { execute, folder } = await workbench(NODE_MEANS, { limits: { maxHeldBytes: 300_000, maxKeptOutput: 200_000 } });
  const script = (at: number) => `head -c 200000 /dev/zero | tr "\\0" a; touch written-${at}; until [ -e go ]; do sleep 0.02; done`;
  const answering = Promise.all([1, 2, 3].map((at) => execute(['sh', '-c', script(at)])));
  await eventually(() => [1, 2, 3].every((at) => existsSync(join(folder, `written-${at}`))));
  writeFileSync(join(folder, 'go'), '');
  const answers = await answering;
  const kept = answers.map(({ body }) => body.stdout.length).reduce((sum, length) => sum + length, 0);
  expect(kept).toBeLessThanOrEqual(300_000);
  expect(answers.some(({ body }) => body.stdout_truncated)).toBe(true);
  // All of it is given back.
  expect((await execute(['sh', '-c', 'head -c 100000 /dev/zero'])).body).toMatchObject({ stdout_truncated: false });
});

test.each([
  ['announced as too long', Buffer.alloc(4 * 1024 * 1024 + 1, ' ')],
  ['too long in pieces', Array.from({ length: 5 }, () => Buffer.alloc(1024 * 1024, ' '))],
])('a body that is %s is refused', async (_name, body) => {
  const { port, authorization } = await workbench(NODE_MEANS);
  const refused = await send({ port }, 'POST', SESSION_ROUTES.execute, { headers: { authorization }, body }).catch((error: NodeJS.ErrnoException) => error.code);
  // The answer may be lost behind what is still on its way.
  if (typeof refused === 'object') expect(refused).toMatchObject({ status: 413, body: { reason: 'BAD_REQUEST', detail: 'the body is too long' } });
  else expect(['EPIPE', 'ECONNRESET']).toContain(refused);
});
