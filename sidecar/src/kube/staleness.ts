/** What is known of a watch. Times in milliseconds, by a clock of any beginning. */
export interface WatchHealth {
  /** When an event, a bookmark or a complete list came last; undefined before the first list. */
  readonly heardAt?: number;
  /** Since when there is no connection; undefined while there is one. */
  readonly lostAt?: number;
}

/** Longer than a connection may be lost and the next one be silent before it is looked why. */
const LONGEST_SILENCE = 150_000;
const LONGEST_LOSS = 75_000;

/** Since when what was watched cannot be relied on; undefined when it can. Before the first list it never could. */
export function staleSince({ heardAt, lostAt = Infinity }: WatchHealth, now: number): number | undefined {
  if (heardAt === undefined) return -Infinity;
  const since = Math.min(heardAt + LONGEST_SILENCE, lostAt + LONGEST_LOSS);
  return since <= now ? since : undefined;
}
