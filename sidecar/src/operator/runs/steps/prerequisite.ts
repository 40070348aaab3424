import { EndReason, PREREQUISITE_SECONDS, WaitingReason } from '../../../../../src/protocol/runs';
import { giveUpTime } from '../give-up';
import { Outcome, RunWork, fail } from '../run-work';

/** What a run needs and does not have may be applied together with it, so it is waited for; after that time the run ends for the lack of it. */
export function missingPrerequisite(work: Pick<RunWork, 'status' | 'now'>, reason: WaitingReason & EndReason, message: string): Outcome<never> {
  const giveUpAt = giveUpTime(work, reason, PREREQUISITE_SECONDS * 1000);
  const left = giveUpAt - work.now;
  if (left <= 0) return fail(reason, `${message}; the run has waited ${PREREQUISITE_SECONDS} s for it`);
  return { kind: 'wait', reason, message, againAfter: left, giveUpAt };
}
