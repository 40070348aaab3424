/** When keys of a keyring seal, make room for the next and go. Pure functions of the time. Times in milliseconds. */

const SECOND = 1000;
const DAY = 24 * 60 * 60 * SECOND;

/** Nothing that is sealed is valid for longer. */
export const LONGEST_LIFETIME = 30 * DAY;

/** Age at which a key is followed by the next. */
export const ROTATE_AFTER = 30 * DAY;

/**
 * Seals after which a key is followed by the next. Nonces are random: https://doi.org/10.6028/NIST.SP.800-38D
 * section 8.3 allows 2^32 seals of all holders of the key together, a quarter of it leaves room for replicas and restarts.
 */
export const ROTATE_AFTER_SEALS = 2 ** 30;

/** A new key only opens for so long, until every replica has read it. */
export const HEAD_START = 10 * 60 * SECOND;

/** A spent key is kept for longer than anything that it sealed, by the most that clocks of replicas differ. */
const CLOCK_MARGIN = 60 * 60 * SECOND;

interface Dated {
  readonly created: number;
}

/**
 * The key that seals at `now`: the youngest whose head start is over. When no key is old enough, as on the first
 * start or after the clock was set back, it is the oldest, which others know longest.
 */
export function sealingKey<K extends Dated>(keys: readonly K[], now: number, headStart = HEAD_START): K | undefined {
  const byAge = oldestFirst(keys);
  return byAge.findLast(({ created }) => created + headStart <= now) ?? byAge[0];
}

/** Whether the next key is to be made. A key that waits to seal is the next one already. */
export function isRotationDue(keys: readonly Dated[], seals: number, now: number, rotateAfter = ROTATE_AFTER): boolean {
  const youngest = oldestFirst(keys).at(-1);
  if (youngest === undefined) return true;
  if (youngest.created + rotateAfter <= now) return true;
  return seals >= ROTATE_AFTER_SEALS && sealingKey(keys, now) === youngest;
}

/** Keys whose last seal is older than anything that is still valid. */
export function spentKeys<K extends Dated>(keys: readonly K[], now: number, headStart = HEAD_START, longestLifetime = LONGEST_LIFETIME): K[] {
  const byAge = oldestFirst(keys);
  return byAge.filter((_, index) => index + 1 < byAge.length
    && byAge[index + 1].created + headStart + longestLifetime + CLOCK_MARGIN <= now);
}

/** Whether there is anything to make or to take away. */
export function isRenewalDue(keys: readonly Dated[], seals: number, now: number, headStart = HEAD_START): boolean {
  return isRotationDue(keys, seals, now) || spentKeys(keys, now, headStart).length > 0;
}

export function oldestFirst<K extends Dated>(keys: readonly K[]): K[] {
  return [...keys].sort((a, b) => a.created - b.created);
}
