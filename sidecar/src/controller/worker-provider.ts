import type { AskDaemon } from './daemon-client';
import type { PoolEntry } from '../../../src/protocol/session-pools';
import type { SessionWorker } from '../../../src/protocol/session-record';

/** Why there is no worker. */
export type ProviderCode =
  /** None became free in time. */
  | 'PoolEmpty'
  /** Where workers come from does not answer, or does not do what it is asked for. */
  | 'Unavailable';

export class ProviderError extends Error {
  constructor(readonly code: ProviderCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ProviderError';
  }
}

/** A worker that belongs to a session. */
export interface ClaimedWorker {
  readonly worker: SessionWorker;
  /** All its addresses; the one of `worker` is among them. */
  readonly podIPs: readonly string[];
  /** Asks the session daemon in it. */
  readonly ask: AskDaemon;
}

export interface Claim {
  readonly sessionId: string;
  /** When the worker is to be gone even if nobody ends it, in milliseconds since 1970: the longest life of the session. */
  readonly deadline: number;
  /** Ends the wait for a worker. */
  readonly signal: AbortSignal;
}

/** A worker of some session, as found without the store. */
export interface FoundWorker {
  readonly namespace: string;
  readonly pool: string;
  readonly sessionId: string;
  /** When it was claimed at the latest, in milliseconds since 1970. */
  readonly claimedBy: number;
}

/** Where workers come from. All methods but `problem` reject with `ProviderError`. */
export interface WorkerProvider {
  /** A worker that is the session's alone. Whatever comes of it, `release` ends what was claimed. */
  claim(pool: PoolEntry, claim: Claim): Promise<ClaimedWorker>;
  /**
   * The worker of a session as it is now: of the same UID, and claimed by this session. Undefined when it is gone. A
   * process that has ended is started again, under the same UID and maybe at another port.
   */
  locate(namespace: string, sessionId: string, worker: SessionWorker): Promise<ClaimedWorker | undefined>;
  /** Ends all workers of the session; resolves too when there are none. */
  release(namespace: string, sessionId: string): Promise<void>;
  /** Every worker that belongs to a session, whatever the store says. */
  claimed(): Promise<readonly FoundWorker[]>;
  /** Does away with warm workers that nobody should get: failed or too old ones. Undefined where the workers see to it. */
  recycle?(): Promise<void>;
  /** Why no worker can be had; undefined when all is well. */
  problem(): string | undefined;
  close(): Promise<void>;
}
