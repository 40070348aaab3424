import type { After } from './timers';

/** A signal that comes after so many milliseconds, unless its end is told first. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  end(): void;
}

export function timeLimit(after: After, milliseconds: number): TimeLimit {
  const controller = new AbortController();
  return { signal: controller.signal, end: after(milliseconds, () => controller.abort()) };
}

/** What the work comes to; rejects with the signal's reason when that is first. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
