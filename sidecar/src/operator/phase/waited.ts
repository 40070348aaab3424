import { hasBegun } from './pod-facts';
import type { Observed, Stopping } from './verdict';

/** Comes before what a run has waited for, and is in no other message. */
const MARK = 'it waited: ';

const LEADS: Readonly<Record<Stopping, string>> = {
  Cancelled: `until then ${MARK}`,
  DeadlineExceeded: `its time was over while ${MARK}`,
};

/** Reasons of a pod that is told to end: they do not say what it has waited for. */
const LEAVING: readonly string[] = ['Cancelling', 'Terminating'];

/**
 * What a run still waited for when it had to stop; undefined when its agent has begun, or nobody knows. It comes last in a message:
 * the look after finds it there as it was, though the pod tells of nothing but its end by then.
 */
export function waitedUntil(stopping: Stopping, { pod, before }: Pick<Observed, 'pod' | 'before'>): string | undefined {
  if (before === undefined || before.hasBegun || (pod !== undefined && hasBegun(pod))) return undefined;
  const { reason, message } = before;
  const at = message.lastIndexOf(MARK);
  if (at >= 0) return `${LEADS[stopping]}${message.slice(at + MARK.length)}`;
  return LEAVING.includes(reason) ? undefined : `${LEADS[stopping]}${message === '' ? reason : `${reason}: ${message}`}`;
}
