import { Duration } from 'cdk8s';

/** What may be written in place of `S`: jsii enums are strings, yet no literals to the compiler. The schema checks the values. */
export type Rendered<S> =
  S extends string ? string
    : S extends readonly (infer I)[] ? readonly Rendered<I>[]
      : S extends object ? { readonly [K in keyof S]: Rendered<S[K]> } : S;

/** A copy without undefined members at any depth: what would arrive at the API server. */
export function plain<S>(value: Rendered<S>): S {
  return withoutUndefined(value) as S;
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutUndefined(member)]));
}

/** A time as Go writes it, in the fewest parts: `1h30m`. */
export function durationText(time: Duration): string {
  const milliseconds = time.toMilliseconds({ integral: false });
  const seconds = Math.floor(milliseconds / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
    [milliseconds % 1000, 'ms'],
  ];
  const text = parts.filter(([amount]) => amount !== 0).map(([amount, unit]) => `${amount}${unit}`).join('');
  return text === '' ? '0s' : text;
}

/** Renders a value unless it is left out. */
export function optional<T, R>(value: T | undefined, render: (value: T) => R): R | undefined {
  return value === undefined ? undefined : render(value);
}
