import type { Again } from './operator-deps';

/** The shortest of several waits, never less than none. */
export function soonest(...waits: readonly Again[]): Again {
  const known = waits.filter((wait) => wait !== undefined);
  return known.length === 0 ? undefined : Math.max(0, Math.min(...known));
}
