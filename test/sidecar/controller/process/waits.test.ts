import { runAt, takeWithin } from '../../../../sidecar/src/controller/process/waits';

function timers() {
  const armed: { ms: number; run: () => void }[] = [];
  return {
    armed,
    after: (ms: number, run: () => void) => {
      const timer = { ms, run };
      armed.push(timer);
      return () => void armed.splice(armed.indexOf(timer), 1);
    },
  };
}

test('a time that is further away than timers reach is waited for in parts, and by the clock', () => {
  const { armed, after } = timers();
  let now = 0;
  let ran = 0;
  runAt(30 * 24 * 3_600_000, { clock: () => now, after }, () => ran += 1);
  expect(armed[0].ms).toBe(2 ** 31 - 1);
  now = 2 ** 31 - 1;
  armed.shift()!.run();
  expect(armed[0].ms).toBe(30 * 24 * 3_600_000 - now);
  expect(ran).toBe(0);
  now = 30 * 24 * 3_600_000;
  armed.shift()!.run();
  expect(ran).toBe(1);
});

test('a time that is past is now, but not before the caller goes on', () => {
  const { armed, after } = timers();
  let ran = false;
  runAt(1, { clock: () => 2, after }, () => ran = true);
  expect(ran).toBe(false);
  expect(armed.shift()).toMatchObject({ ms: 0, run: expect.any(Function) });
});

test('what is cancelled does not run', () => {
  const { armed, after } = timers();
  runAt(10, { clock: () => 0, after }, () => undefined)();
  expect(armed).toEqual([]);
});

const LATE = new Error('late');

/** Never comes, and tells why it was given up. */
const never = (signal: AbortSignal) => new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

test('a wait ends with its time', async () => {
  const { armed, after } = timers();
  const waiting = takeWithin({ milliseconds: 50, late: LATE, signal: new AbortController().signal, after }, never);
  expect(armed[0].ms).toBe(50);
  armed[0].run();
  await expect(waiting).rejects.toBe(LATE);
});

test('a wait ends with its signal, and leaves no timer behind', async () => {
  const { armed, after } = timers();
  const caller = new AbortController();
  const waiting = takeWithin({ milliseconds: 50, late: LATE, signal: caller.signal, after }, never);
  caller.abort('gone');
  await expect(waiting).rejects.toBe('gone');
  expect(armed).toEqual([]);
});

test('nothing is taken for a signal that has aborted', async () => {
  const take = jest.fn();
  await expect(takeWithin({ milliseconds: 50, late: LATE, signal: AbortSignal.abort('gone'), after: timers().after }, take)).rejects.toBe('gone');
  expect(take).not.toHaveBeenCalled();
});
