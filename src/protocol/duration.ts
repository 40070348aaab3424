/**
 * Durations as Go writes them: `30m`, `1h30m0s`, `1.5h`.
 * https://pkg.go.dev/time#ParseDuration (unsigned, ASCII units only)
 */
export const DURATION_PATTERN = '^([0-9]{1,6}(\\.[0-9]{1,6})?(ns|us|ms|s|m|h))+$';

/** Long enough for every unit once. */
export const MAX_DURATION_LENGTH = 32;

/** Longest duration that a resource may name: 30 days, as what a run holds is worth nothing after that. */
export const MAX_DURATION = '720h';

const UNIT_MILLISECONDS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

const DURATION = new RegExp(DURATION_PATTERN);

/** The duration in milliseconds; undefined when the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  if (text.length > MAX_DURATION_LENGTH || !DURATION.test(text)) return undefined;
  return [...text.matchAll(/([0-9.]+)([a-z]+)/g)].reduce((sum, [, amount, unit]) => sum + Number(amount) * UNIT_MILLISECONDS[unit], 0);
}

/** Whether a resource may name the duration: more than nothing and at most 30 days. */
export function isUsableDuration(text: string): boolean {
  const milliseconds = parseDuration(text);
  return milliseconds !== undefined && milliseconds > 0 && milliseconds <= parseDuration(MAX_DURATION)!;
}
