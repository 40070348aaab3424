import { EXIT_NOT_STARTED, EXIT_SIGNALLED, EXIT_TIMED_OUT, ExecuteEnd } from '../../../../src/protocol/session-work';
import type { CommandResult } from '../run-command';

/** When a command was started and was over, in milliseconds since 1970. */
export interface Times {
  readonly start: number;
  readonly end: number;
}

/** How a command ended, in PicoD's terms: its time being over counts more than its own status. */
export function commandEnd({ code, signal, timedOut, dropped }: CommandResult, times: Times): ExecuteEnd {
  const exit = timedOut ? EXIT_TIMED_OUT : code ?? EXIT_SIGNALLED;
  return {
    exit_code: exit,
    ...timesOf(times),
    ...(signal === undefined ? {} : { signal }),
    timed_out: timedOut,
    stdout_truncated: dropped.stdout > 0,
    stderr_truncated: dropped.stderr > 0,
  };
}

/** That of a program that the system did not start; the reason is the text of its stderr. */
export function notStarted(times: Times): ExecuteEnd {
  return { exit_code: EXIT_NOT_STARTED, ...timesOf(times), timed_out: false, stdout_truncated: false, stderr_truncated: false };
}

/** What PicoD adds to stderr, with its seconds as `%.0f` writes them: halves go to the even number. */
export function timeoutText(timeoutMs: number): string {
  const seconds = timeoutMs / 1000;
  const whole = Math.floor(seconds);
  const up = seconds - whole > 0.5 || (seconds - whole === 0.5 && whole % 2 === 1);
  return `Command timed out after ${up ? whole + 1 : whole} seconds`;
}

function timesOf({ start, end }: Times): Pick<ExecuteEnd, 'duration' | 'start_time' | 'end_time'> {
  return { duration: Math.max(0, end - start) / 1000, start_time: new Date(start).toISOString(), end_time: new Date(end).toISOString() };
}
