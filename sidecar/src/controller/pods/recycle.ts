import { isOver, isReadyWorker, Pod } from './pod';

/** Part of a pool that may be missing at a time because its workers have become old. */
const SHARE = 0.1;

/** Most failed workers of a pool that are taken at a time; after a fault of a node there may be thousands. */
const MOST_OVER = 20;

export interface RecycleRules {
  readonly now: number;
  /** Milliseconds after which a warm worker is replaced. */
  readonly maxAge: number;
  /** Somebody waits for a worker of the pool. */
  readonly awaited: boolean;
}

/**
 * Which warm pods of a pool nobody should get. Those that have ended go always; old ones only as many as leave most of the
 * pool ready, the oldest first, and none while somebody waits. One that is not ready yet replaces another.
 */
export function toRecycle(pods: readonly Pod[], { now, maxAge, awaited }: RecycleRules): readonly Pod[] {
  const over = pods.filter((pod) => !pod.terminating && isOver(pod)).slice(0, MOST_OVER);
  const live = pods.filter((pod) => !pod.terminating && !isOver(pod));
  const missing = live.filter((pod) => !isReadyWorker(pod)).length;
  const spare = awaited ? 0 : Math.max(0, Math.max(1, Math.floor(live.length * SHARE)) - missing);
  const old = live.filter((pod) => isReadyWorker(pod) && now - pod.createdAt > maxAge).sort((a, b) => a.createdAt - b.createdAt);
  return [...over, ...old.slice(0, spare)];
}
