import { After, after, Command, CommandEnd, Processes } from './processes';

export interface CommandLimits {
  /** Milliseconds after which the command and all that descends from it are told to end. Zero and less: at once. */
  readonly timeoutMs: number;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** @default - nobody cancels */
  readonly cancelled?: AbortSignal;
}

/** How a command ended, and who ended it. */
export interface CommandResult extends CommandEnd {
  /** Whether its time was over before it had ended, whatever its status is. */
  readonly timedOut: boolean;
  readonly cancelled: boolean;
}

/** Longest time that a timer of Node can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs a command to its end, and ends it with all that descends from it when its time is over or it is cancelled. The
 * answer does not wait for descendants that take their grace.
 *
 * @throws what `RunningCommand.ended` rejects with
 */
export async function runCommand(processes: Processes, command: Command, limits: CommandLimits, timer: After = after): Promise<CommandResult> {
  const running = processes.spawn(command);
  const ended = { timedOut: false, cancelled: false };
  const end = (why: keyof typeof ended): void => {
    if (ended.timedOut || ended.cancelled) return;
    ended[why] = true;
    running.terminate(limits.graceMs);
  };
  const cancel = (): void => end('cancelled');
  const stopTimer = inParts(timer, Math.max(0, limits.timeoutMs), () => end('timedOut'));
  if (limits.cancelled?.aborted === true) cancel();
  limits.cancelled?.addEventListener('abort', cancel, { once: true });
  try {
    return { ...await running.ended, ...ended };
  } finally {
    stopTimer();
    limits.cancelled?.removeEventListener('abort', cancel);
  }
}

/** A time of any length, as timers that can wait for it. */
function inParts(timer: After, ms: number, run: () => void): () => void {
  let stop = (): void => undefined;
  const wait = (left: number): void => {
    stop = timer(Math.min(left, MAX_TIMER_MS), () => left > MAX_TIMER_MS ? wait(left - MAX_TIMER_MS) : run());
  };
  wait(ms);
  return () => stop();
}
