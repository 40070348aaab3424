import type { Capability, SubjectKind } from '../../../../src/protocol/broker-api';
import type { ReviewToll } from '../../kube/token-review';

/** Who sent a request, as far as the platform has verified it. */
export interface Caller {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly podUid?: string;
  readonly capabilities: ReadonlySet<Capability>;
  /**
   * On whose behalf it may take credentials and egress tokens with its capabilities.
   * @default - runs
   */
  readonly subjects?: ReadonlySet<SubjectKind>;
}

/** Verifies the bearer token of a request. */
export interface CallerReview {
  /** The caller; undefined for a token that is not valid. Rejects when that cannot be told now, or not be paid for. */
  review(token: string, toll?: ReviewToll): Promise<Caller | undefined>;
}
