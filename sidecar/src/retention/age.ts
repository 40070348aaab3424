import type { ObjectMeta } from '../kube/object-meta';

/** Milliseconds by which the clocks of node and API server may differ. */
const TOLERANCE = 5 * 60_000;

/** Before what an event was made that is removed. */
export interface Cutoff {
  /** Milliseconds since 1970. */
  readonly before: number;
  /** Whether one of the clocks is so wrong that somebody has to look at it. */
  readonly isClockWrong: boolean;
}

/**
 * Events have the time of the API server. Its clock and that of the node may each be wrong, and nobody can tell which: the
 * earlier one counts, so a clock that is ahead removes nothing before its time.
 */
export function cutoffOf(ofApiServer: number, ofNode: number, retentionSeconds: number): Cutoff {
  return {
    before: Math.min(ofApiServer, ofNode) - retentionSeconds * 1000,
    isClockWrong: Math.abs(ofApiServer - ofNode) > TOLERANCE,
  };
}

/** An object that can be removed: whatever takes its name later is left alone. */
export interface Removable {
  readonly name: string;
  readonly uid: string;
}

/** The event, if it was made before the time, and is not going already. An event whose age cannot be told stays. */
export function removableIf({ name, uid, creationTimestamp, deletionTimestamp }: ObjectMeta, before: number): Removable | undefined {
  if (uid === undefined || deletionTimestamp !== undefined || typeof creationTimestamp !== 'string') return undefined;
  return Date.parse(creationTimestamp) < before ? { name, uid } : undefined;
}
