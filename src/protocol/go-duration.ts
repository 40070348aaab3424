const UNIT_NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9,
};

const PART = /(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/g;
const WHOLE = new RegExp(`^[-+]?(?:0|(?:${PART.source})+)$`);

/** Longest text that is looked at; Go itself has no bound. */
const MAX_LENGTH = 128;

/**
 * Milliseconds of a duration in the whole of Go's grammar, with signs and fractions as `-1.5h`, and `0` without a unit.
 * Undefined when the text is none, or longer than 290 years. https://pkg.go.dev/time#ParseDuration
 */
export function parseGoDuration(text: string): number | undefined {
  if (text.length > MAX_LENGTH || !WHOLE.test(text)) return undefined;
  const nanoseconds = [...text.matchAll(PART)].reduce((sum, [, amount, unit]) => sum + Number(amount) * UNIT_NANOSECONDS[unit], 0);
  if (nanoseconds > 2 ** 63) return undefined;
  return (text.startsWith('-') ? -nanoseconds : nanoseconds) / 1e6 + 0;
}

/** Whole milliseconds as Go writes a duration, as `1h2m3.5s`. https://pkg.go.dev/time#Duration.String */
export function goDuration(milliseconds: number): string {
  const whole = Math.max(0, Math.round(milliseconds));
  if (whole === 0) return '0s';
  if (whole < 1000) return `${whole}ms`;
  const minutes = Math.floor(whole / 60_000);
  const seconds = `${(whole % 60_000) / 1000}s`;
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}
