import { IDLE_TIMEOUT } from '../../../../src/protocol/egress-api';
import type { After } from '../../server/time/timers';

/** Looks at a count of bytes within the longest silence: so a tunnel has few timers, and the bytes cost none. */
const LOOKS = 5;

/** Calls `silent` once the count has not changed for `IDLE_TIMEOUT`, or a fifth of it longer. Returns what stops it. */
export function watchSilence(after: After, count: () => number, silent: () => void): () => void {
  let last = count();
  let unchanged = 0;
  const look = (): void => {
    const now = count();
    unchanged = now === last ? unchanged + 1 : 0;
    last = now;
    if (unchanged >= LOOKS) silent();
    else wait();
  };
  let cancel = (): void => undefined;
  const wait = (): void => {
    cancel = after(IDLE_TIMEOUT / LOOKS, look);
  };
  wait();
  return () => cancel();
}
