import type { ReviewToll } from '../../kube/token-review';

/** Who sent a request, as far as the platform has verified it. */
export interface ControllerCaller {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Speaks for owners that it has verified itself. */
  readonly onBehalf: boolean;
  /** Where it may have sessions of its own. */
  readonly namespaces: ReadonlySet<string>;
}

/** Verifies the bearer token of a request. */
export interface CallerReview {
  /** The caller; undefined for a token that is not valid. Rejects when that cannot be told now, or for somebody who may not call. */
  review(token: string, toll?: ReviewToll): Promise<ControllerCaller | undefined>;
}
