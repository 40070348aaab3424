/** Milliseconds of the longest wait; less than the time after which a watch that is not there counts as stale. */
const LONGEST = 20_000;
const SHORTEST = 500;

/**
 * Milliseconds to wait before the next attempt: any time up to a bound that doubles with each failure, so that many
 * clients of a server that comes back do not all ask at once. `atLeast` is what the server asked for.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("full jitter")
 */
export function backOff(failures: number, random: () => number, atLeast = 0): number {
  if (failures === 0) return atLeast;
  const bound = Math.min(LONGEST, SHORTEST * 2 ** Math.min(failures - 1, 16));
  return Math.max(Math.min(atLeast, LONGEST), Math.floor(random() * bound));
}

/** Resolves after a time; rejects when the signal aborts before. */
export type Wait = (milliseconds: number, signal?: AbortSignal) => Promise<unknown>;

/** Does something until it succeeds or has been tried so often; rejects with the last failure. */
export async function persistently<T>(work: () => Promise<T>, attempts: number, wait: Wait, random: () => number): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      if (failures >= attempts) throw error;
      await wait(backOff(failures, random));
    }
  }
}
