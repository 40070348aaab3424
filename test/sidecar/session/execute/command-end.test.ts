import { commandEnd, timeoutText } from '../../../../sidecar/src/session/execute/command-end';

const END = { dropped: { stdout: 0, stderr: 0 }, timedOut: false, cancelled: false };
const TIMES = { start: Date.parse('2026-05-04T09:00:00.000Z'), end: Date.parse('2026-05-04T09:00:01.250Z') };

test('an end has its times, in seconds and in RFC 3339', () => {
  expect(commandEnd({ ...END, code: 0 }, TIMES)).toEqual({
    exit_code: 0, duration: 1.25, start_time: '2026-05-04T09:00:00.000Z', end_time: '2026-05-04T09:00:01.250Z', timed_out: false, stdout_truncated: false, stderr_truncated: false,
  });
});

test.each([
  [{ ...END, code: 3 }, { exit_code: 3 }],
  [{ ...END, signal: 'SIGKILL' as const }, { exit_code: -1, signal: 'SIGKILL' }],
  [{ ...END, code: 0, timedOut: true }, { exit_code: 124, timed_out: true }],
  [{ ...END, signal: 'SIGTERM' as const, timedOut: true }, { exit_code: 124, signal: 'SIGTERM', timed_out: true }],
  [{ ...END, code: 0, dropped: { stdout: 1, stderr: 0 } }, { stdout_truncated: true, stderr_truncated: false }],
])('%j is told as %j', (result, end) => expect(commandEnd(result, TIMES)).toMatchObject(end));

test('a clock that was set back makes no time less than none', () => {
  expect(commandEnd({ ...END, code: 0 }, { start: TIMES.end, end: TIMES.start }).duration).toBe(0);
});

test.each([[60_000, 60], [500, 0], [1500, 2], [2500, 2], [2501, 3], [499, 0], [501, 1], [0, 0], [-1000, -1]])('%d ms are told as %d seconds', (milliseconds, seconds) => {
  expect(timeoutText(milliseconds)).toBe(`Command timed out after ${seconds} seconds`);
});
