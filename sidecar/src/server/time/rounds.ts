import type { After } from './timers';

export interface RoundTimes {
  readonly after: After;
  readonly random: () => number;
}

/** Milliseconds. Short against the fifteen minutes for which a key is published before it signs. */
export const ROUND = 60_000;

/** Does something each minute or so until it is ended; each time another, so that the replicas do not all come at once. */
export function inRounds(work: () => void, { after, random }: RoundTimes): () => void {
  let cancel: () => void;
  const schedule = (): void => {
    cancel = after(Math.round(ROUND * (0.5 + random())), () => {
      work();
      schedule();
    });
  };
  schedule();
  return () => cancel();
}
