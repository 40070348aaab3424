import { LEFT_BEHIND } from './left-behind';
import { hasBegun } from './pod-facts';
import { WAITED_MARK } from './sentence';
import type { Before, Observed, Stopping } from './verdict';

type Look = Pick<Observed, 'pod' | 'wasThere' | 'before'>;

const LEADS: Readonly<Record<Stopping, string>> = {
  Cancelled: `until then ${WAITED_MARK}`,
  DeadlineExceeded: `its time was over while ${WAITED_MARK}`,
};

/** A lead where a clause begins. The first counts: no foreign text before it has the mark, and what follows is kept as it is. */
const LED = new RegExp(`(?:^|; )(?:${Object.values(LEADS).join('|')})`);

/** Reasons of a pod that is told to end: they do not say what it has waited for. Before there is a pod, `Terminating` is its namespace. */
const LEAVING: readonly string[] = ['Cancelling', 'Terminating'];

/** Reasons of a pod without a node: its agent has not begun, as far as anybody knows. */
const WITHOUT_NODE: readonly string[] = ['Unschedulable', 'VolumePending'];

/** When the next attempt begins, which it does not any more. */
const NEXT_ATTEMPT = /; the next one begins [^;]*$/;

/**
 * What a run still waited for when it had to stop; undefined when its agent has begun, or nobody knows. It comes last in a message:
 * the look after finds it there as it was, though the pod tells of nothing but its end by then.
 */
export function waitedUntil(stopping: Stopping, look: Look): string | undefined {
  const waited = waitedFor(look);
  return waited === undefined ? undefined : `${LEADS[stopping]}${waited}`;
}

/** Whether an attempt came to its end before, so that the run has not only waited. */
export function isTriedAgain(look: Look): boolean {
  return look.before?.isRetry === true || waitedFor(look)?.startsWith('Retrying') === true;
}

function waitedFor(look: Look): string | undefined {
  const { pod, before } = look;
  if (before === undefined || before.hasBegun || (pod !== undefined && hasBegun(pod))) return undefined;
  if (isLeaving(look, before)) return carried(before.message);
  if (mayHaveBegunUnseen(look, before)) return undefined;
  const { reason } = before;
  const message = reason === 'Retrying' ? before.message.replace(NEXT_ATTEMPT, '') : before.message;
  return message === '' ? reason : `${reason}: ${message}`;
}

function carried(message: string): string | undefined {
  const led = LED.exec(message);
  return led === null ? undefined : message.slice(led.index + led[0].length);
}

/** Whether the look before found a pod that was told to end. */
function isLeaving({ pod, wasThere }: Look, { reason, message }: Before): boolean {
  if (pod === undefined && !wasThere) return false;
  return LEAVING.includes(reason) || (reason === 'NodeUnreachable' && message.startsWith(LEFT_BEHIND));
}

/** Whether the pod is gone since a look that found it on a node: nobody knows what it has done in between. */
function mayHaveBegunUnseen({ pod, wasThere }: Look, { reason }: Before): boolean {
  return pod === undefined && wasThere && !WITHOUT_NODE.includes(reason);
}
