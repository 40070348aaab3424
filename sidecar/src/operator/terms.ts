import type { After } from '../server/time/timers';

export interface TermsOptions {
  /** Whether this replica leads, and knows everything that it has to. */
  readonly mayAct: () => boolean;
  readonly begin: () => void;
  /** Resolves when nothing is under way any more. */
  readonly end: () => Promise<void>;
  readonly after: After;
}

/** Milliseconds between two looks. */
const LOOK = 250;

/** Begins when the replica may act and ends when it may not, as often as that changes. Answers what ends it for good. */
export function inTerms({ mayAct, begin, end, after }: TermsOptions): () => Promise<void> {
  let acting = false;
  let closed = false;
  let looked = Promise.resolve();
  let cancel = (): void => undefined;
  const look = async (): Promise<void> => {
    const wanted = !closed && mayAct();
    if (wanted === acting) return;
    acting = wanted;
    if (acting) begin();
    else await end();
  };
  const lookOn = (): void => {
    looked = look().then(() => {
      if (!closed) cancel = after(LOOK, lookOn);
    });
  };
  lookOn();
  return async () => {
    closed = true;
    cancel();
    await looked;
    await look();
  };
}
