import { progress } from './progress';
import type { RunWork } from './run-work';
import { RETRY_SECONDS } from '../../../../src/protocol/runs';
import { timeText } from '../conditions';
import { timeOf } from '../objects/meta';
import type { Again } from '../operator-deps';
import type { Ended } from '../phase/verdict';

/**
 * Makes the run one that has no pod yet. What is said of the pod goes with it, but its addresses: without any, the token of the
 * run would be good from every pod until the next one has its own.
 */
export function nextAttempt(work: RunWork, { reason, message }: Pick<Ended, 'reason' | 'message'>): Again {
  const { attempt = 0 } = work.status;
  const pause = backOff(attempt);
  const nextAttemptTime = timeText(work.now + pause);
  const pod = { podUID: undefined, podName: undefined, template: undefined };
  work.set({ ...pod, attempt: attempt + 1, phase: 'Pending', agentPhase: 'provisioning', nextAttemptTime });
  work.condition('PodReady', 'Pending', `attempt ${attempt} ended with ${reason}`);
  progress(work, { reason: 'Retrying', message: `attempt ${attempt} ended with ${reason}: ${message}; the next one begins at ${nextAttemptTime}` });
  work.event('Warning', 'Retrying', `attempt ${attempt} ended: ${message}`);
  return pause;
}

/** Milliseconds between the end of an attempt and the next one. The first attempt is number 0. */
export function backOff(attempt: number): number {
  return Math.min(RETRY_SECONDS.first * 2 ** attempt, RETRY_SECONDS.longest) * 1000;
}

/** Milliseconds until the run may be begun again; 0 when it may. No clock that differs from ours makes them more than the longest. */
export function restOf({ status, now }: Pick<RunWork, 'status' | 'now'>): number {
  const next = timeOf(status.nextAttemptTime) ?? now;
  return Math.min(Math.max(0, next - now), RETRY_SECONDS.longest * 1000);
}
