import { releaseOrphans } from './orphans';
import { StoreRound } from './store-round';
import type { EndDeps } from '../sessions/end';

/** Milliseconds between two ticks. */
export const REAPER_EVERY = 15_000;

export interface Reaper {
  /** Ends what is over, if this replica is the one that does. Never rejects; while one is under way, it is that one. */
  tick(): Promise<void>;
}

/** `leading` tells whether this replica is the one. */
export function reaperOver(deps: EndDeps, leading: () => boolean): Reaper {
  let round: StoreRound | undefined;
  let running: Promise<void> | undefined;

  async function turn(): Promise<void> {
    round ??= new StoreRound(deps);
    await round.turn();
    await tried('orphan', () => releaseOrphans(deps));
    await tried('recycle', async () => deps.provider.recycle?.());
  }

  async function tried(part: 'orphan' | 'recycle', work: () => Promise<void>): Promise<void> {
    // The lease may have gone to another replica meanwhile.
    if (!leading()) return;
    await work().catch((err: unknown) => {
      deps.metrics.reaperFailed(part);
      deps.log.error({ err }, 'workers could not be looked through; it is tried again');
    });
  }

  return {
    tick: () => {
      // What it has seen of the store is out of date once it leads again.
      if (!leading()) round = undefined;
      if (running === undefined && leading()) running = turn().finally(() => { running = undefined; });
      return running ?? Promise.resolve();
    },
  };
}
