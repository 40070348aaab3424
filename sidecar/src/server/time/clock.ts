/** The time in milliseconds since 1970. Injected everywhere, so that tests say what time it is. */
export type Clock = () => number;

/** Milliseconds since the process began. Nobody can set it, so it is what durations are measured by that guard something. */
export const steadyClock: Clock = () => performance.now();

/** Whether `now` is less than so long after a time. A clock that was set back ends it. */
export function isWithin(now: number, since: number, milliseconds: number): boolean {
  return now >= since && now - since < milliseconds;
}
