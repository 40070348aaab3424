import type { HarnessRunStatus } from '../../../../src/protocol/resources';
import type { WaitingReason } from '../../../../src/protocol/runs';
import { conditionOf } from '../conditions';

/** Why the broker cannot now. They are one thing to tell: replicas of it that fail each in its own way take turns at every look. */
const BROKER_TROUBLES: readonly string[] = ['BrokerUnavailable', 'ProviderFailure', 'AuditUnavailable'] satisfies readonly WaitingReason[];

/** What passes by itself in a moment. It is nothing to tell, and what it comes after or between is not over. */
const PACING: readonly string[] = ['InProgress', 'RateLimited'] satisfies readonly WaitingReason[];

/**
 * Whether people have not been told yet what a run waits for now. `before` is the status that it had, `known` the one that its look began
 * with: while a run is paced, the condition `BrokerReady` alone remembers what the broker lacked.
 */
export function isNews(before: HarnessRunStatus, known: HarnessRunStatus, reason: WaitingReason): boolean {
  const waited = conditionOf(before.conditions, 'Completed')?.reason;
  if (waited === undefined || waited === reason) return waited === undefined;
  const lacked = PACING.includes(waited) ? brokerTrouble(known) : waited;
  return lacked === undefined || (lacked !== reason && ![lacked, reason].every((one) => BROKER_TROUBLES.includes(one)));
}

export function isPacing(reason: WaitingReason): boolean {
  return PACING.includes(reason);
}

/** What the broker lacked when it was asked last; undefined for nothing but time. One that denies is waited for as one that is away. */
export function brokerTrouble({ conditions }: HarnessRunStatus): string | undefined {
  const { status, reason } = conditionOf(conditions, 'BrokerReady') ?? {};
  if (status !== 'False' || reason === 'RateLimited') return undefined;
  return reason === 'BrokerDenied' ? 'BrokerUnavailable' : reason;
}
