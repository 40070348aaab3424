import type { Capability } from '../../../src/protocol/broker-api';

/** Who sent a request, as far as the platform has verified it. */
export interface Caller {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly podUid?: string;
  readonly capabilities: ReadonlySet<Capability>;
}

/** Verifies the bearer token of a request. */
export interface CallerReview {
  /** The caller; undefined for a token that is not valid. Rejects when that cannot be told now. */
  review(token: string): Promise<Caller | undefined>;
}
