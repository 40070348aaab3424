import { DIRECTORY } from './commands';
import { Command, CommandEnd, CommandNotStarted, Processes } from '../../../sidecar/src/session/processes';
import { runCommand } from '../../../sidecar/src/session/run-command';

const COMMAND: Command = { argv: ['x'], env: {}, directory: DIRECTORY, maxOutput: 1, onOutput: () => undefined };
const END: CommandEnd = { code: 0, dropped: { stdout: 0, stderr: 0 } };

/** Processes and timers of which the test says what they do. */
function stage() {
  const terminated: number[] = [];
  const timers: { ms: number; run: () => void; stopped: boolean }[] = [];
  let settle: { resolve(end: CommandEnd): void; reject(error: unknown): void };
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const processes: Processes = { means: 'node', spawn: () => ({ ended, terminate: (graceMs) => void terminated.push(graceMs) }) };
  const timer = (ms: number, run: () => void) => {
    const one = { ms, run, stopped: false };
    timers.push(one);
    return () => {
      one.stopped = true;
    };
  };
  const start = (timeoutMs: number, cancelled?: AbortSignal) => runCommand(processes, COMMAND, { timeoutMs, graceMs: 5, cancelled }, timer);
  return { start, terminated, timers, settle: settle! };
}

test('a command that ends in time is told as it ended, and its timer is stopped', async () => {
  const { start, settle, timers, terminated } = stage();
  const result = start(100);
  settle.resolve(END);
  expect(await result).toEqual({ ...END, timedOut: false, cancelled: false });
  expect([timers.map(({ ms, stopped }) => [ms, stopped]), terminated]).toEqual([[[100, true]], []]);
});

test('when the time is over, it is told to end with its grace, and the answer says so, whatever its status', async () => {
  const { start, settle, timers, terminated } = stage();
  const result = start(100);
  timers[0].run();
  expect(terminated).toEqual([5]);
  settle.resolve(END);
  expect(await result).toMatchObject({ code: 0, timedOut: true, cancelled: false });
});

test('when it is cancelled, likewise', async () => {
  const { start, settle, terminated } = stage();
  const controller = new AbortController();
  const result = start(100, controller.signal);
  controller.abort();
  expect(terminated).toEqual([5]);
  settle.resolve(END);
  expect(await result).toMatchObject({ timedOut: false, cancelled: true });
});

test('what was cancelled before it began is told to end at once', async () => {
  const { start, settle, terminated } = stage();
  const result = start(100, AbortSignal.abort());
  expect(terminated).toEqual([5]);
  settle.resolve(END);
  expect((await result).cancelled).toBe(true);
});

test('the first reason counts, and it is told to end once', async () => {
  const { start, settle, terminated, timers } = stage();
  const controller = new AbortController();
  const result = start(100, controller.signal);
  timers[0].run();
  controller.abort();
  settle.resolve(END);
  expect(await result).toMatchObject({ timedOut: true, cancelled: false });
  expect(terminated).toEqual([5]);
});

test.each([[-1, 0], [0, 0], [2 ** 31 - 1, 2 ** 31 - 1]])('a time of %d ms waits for %d', async (given, waited) => {
  const { start, settle, timers } = stage();
  const result = start(given);
  settle.resolve(END);
  await result;
  expect(timers[0].ms).toBe(waited);
});

test('a time that is longer than timers can wait is waited for in parts, and is not over before its end', async () => {
  const { start, settle, timers, terminated } = stage();
  const thirtyDays = 30 * 24 * 60 * 60 * 1000;
  const result = start(thirtyDays);
  timers[0].run();
  expect([timers.map(({ ms }) => ms), terminated]).toEqual([[2 ** 31 - 1, thirtyDays - (2 ** 31 - 1)], []]);
  timers[1].run();
  expect(terminated).toEqual([5]);
  settle.resolve(END);
  expect(await result).toMatchObject({ timedOut: true });
});

test('a time without end is never over, and its last timer is stopped with the command', async () => {
  const { start, settle, timers, terminated } = stage();
  const result = start(Number.POSITIVE_INFINITY);
  for (let part = 0; part < 5; part += 1) timers[part].run();
  settle.resolve(END);
  expect(await result).toMatchObject({ timedOut: false });
  expect([terminated, timers.map(({ ms }) => ms), timers[5].stopped]).toEqual([[], Array(6).fill(2 ** 31 - 1), true]);
});

test('a command that was not started is refused, and its timer is stopped', async () => {
  const { start, settle, timers } = stage();
  const result = start(100);
  settle.reject(new CommandNotStarted('ENOENT', 'x'));
  await expect(result).rejects.toThrow('"x" was not started: ENOENT');
  expect(timers[0].stopped).toBe(true);
});

test('a cancellation after the end reaches nobody', async () => {
  const { start, settle, terminated } = stage();
  const controller = new AbortController();
  const result = start(100, controller.signal);
  settle.resolve(END);
  await result;
  controller.abort();
  expect(terminated).toEqual([]);
});
