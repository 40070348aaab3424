import type { ProviderKind } from '../../../../src/protocol/resources';
import type { Clock } from '../../server/time/clock';

export type Outcome = 'ok' | 'failed';

/** A pool by the Secret that it is in. */
export interface PoolName {
  readonly namespace: string;
  readonly secret: string;
  readonly key: string;
}

/** Told what providers do, for metrics. Nothing of it is a secret. */
export interface ProviderObserver {
  issued?(kind: ProviderKind, milliseconds: number, outcome: Outcome): void;
  /** A token was asked of a server outside. */
  minted?(kind: ProviderKind, milliseconds: number, outcome: Outcome): void;
  /** After each lease of a slot: tokens in the pool, and how many of them are leased. */
  pool?(pool: PoolName, size: number, leased: number): void;
  exhausted?(pool: PoolName): void;
}

/** Does the work, and tells how long it took and how it ended. */
export async function timed<T>(work: () => Promise<T>, clock: Clock, tell: (milliseconds: number, outcome: Outcome) => void): Promise<T> {
  const start = clock();
  try {
    const value = await work();
    tell(clock() - start, 'ok');
    return value;
  } catch (error) {
    tell(clock() - start, 'failed');
    throw error;
  }
}
