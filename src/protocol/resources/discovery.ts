/** Longest time ahead of its end that a discovery window is open. */
export const MAX_DISCOVERY_MILLISECONDS = 7 * 24 * 60 * 60 * 1000;

interface Discoverable {
  readonly egressDiscovery?: { readonly accepted: boolean; readonly expiresAt: string };
}

/**
 * Whether a policy's discovery window is open at `now` (milliseconds since the epoch).
 *
 * No rule of the schema knows the time, and must not: a window is ended early by writing a time in
 * the past, and an expired policy must stay editable. The limit of seven days therefore holds here: a
 * window whose end is farther away is not open yet.
 */
export function discoveryActive(spec: Discoverable, now: number): boolean {
  if (spec.egressDiscovery?.accepted !== true) return false;
  const left = Date.parse(spec.egressDiscovery.expiresAt) - now;
  return left > 0 && left <= MAX_DISCOVERY_MILLISECONDS;
}
