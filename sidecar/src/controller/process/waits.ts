import type { Clock } from '../../server/time/clock';
import type { After } from '../../server/time/timers';

/** Longest time that a timer of Node can wait. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Does something at a time, as the clock tells it then. The answer cancels it. */
export function runAt(time: number, { clock, after }: { readonly clock: Clock; readonly after: After }, run: () => void): () => void {
  let cancel = (): void => undefined;
  const arm = (): void => {
    const left = Math.max(0, time - clock());
    cancel = after(Math.min(left, LONGEST_TIMER), () => clock() >= time ? run() : arm());
  };
  arm();
  return () => cancel();
}

export interface Bounds {
  readonly milliseconds: number;
  /** What it rejects with when the time is over. */
  readonly late: Error;
  readonly signal: AbortSignal;
  readonly after: After;
}

/** Waits for something within a time, and no longer than the signal lets it. */
export async function takeWithin<T>({ milliseconds, late, signal, after }: Bounds, take: (signal: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const waiting = new AbortController();
  const stop = (): void => waiting.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  const cancel = after(milliseconds, () => waiting.abort(late));
  try {
    return await take(waiting.signal);
  } finally {
    cancel();
    signal.removeEventListener('abort', stop);
  }
}
