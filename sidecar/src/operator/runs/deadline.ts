import type { RunWork } from './run-work';
import { timeoutMilliseconds } from '../../../../src/protocol/resources/template-defaults';
import { templateOf } from '../../../../src/protocol/run-template';
import { DEADLINE_MARGIN_SECONDS } from '../../../../src/protocol/runs';
import { conditionOf } from '../conditions';
import type { Pod } from '../objects/pod';
import type { OperatorDeps } from '../operator-deps';
import type { Stopping } from '../phase/verdict';
import { specsOf } from '../template-specs';

/**
 * When the run ends at the latest, in milliseconds since 1970; undefined before its start, and where neither the run nor a template
 * that is there says so. With its template, the broker reckons in the same way.
 */
export function deadlineOf({ world }: Pick<OperatorDeps, 'world'>, { run, status }: RunWork): number | undefined {
  if (status.startTime === undefined) return undefined;
  const { namespace, spec } = run;
  const template = templateOf({ namespace, templateRef: spec.templateRef }, specsOf(world));
  // Who deletes a template ends no run: its pod has the time that it was given, which the kubelet sees to.
  if (template === undefined && spec.timeout === undefined) return undefined;
  return Date.parse(status.startTime) + timeoutMilliseconds(template?.spec ?? {}, spec);
}

/** Whether somebody wants the run to end, or its time is over. */
export function stoppingOf({ run, status, now }: RunWork, deadline: number | undefined): Stopping | undefined {
  // Whoever takes the annotation off again, as tools do that follow a manifest, is too late: the agent was told to stop.
  if (run.isCancelled || isCancelling(status)) return 'Cancelled';
  return deadline !== undefined && now >= deadline ? 'DeadlineExceeded' : undefined;
}

/**
 * Why the run is cancelled, as whoever was first has put it: the annotation may be changed or taken off while the agent ends. Undefined
 * when no reason was given then.
 */
export function cancelReasonOf({ run, status }: Pick<RunWork, 'run' | 'status'>): string | undefined {
  return isCancelling(status) ? status.cancelReason : run.cancelReason;
}

function isCancelling({ conditions }: RunWork['status']): boolean {
  return conditionOf(conditions, 'Completed')?.reason === 'Cancelling';
}

/**
 * When a pod is deleted that has to stop, in milliseconds since 1970. At the deadline its node ends it, and its log stays to be
 * read; one that has no node yet, or whose node does not do it, is deleted.
 */
export function deletionTime({ startedAt, graceSeconds }: Pod, stopping: Stopping, deadline = 0): number {
  if (stopping === 'Cancelled' || startedAt === undefined) return 0;
  return deadline + (graceSeconds + DEADLINE_MARGIN_SECONDS) * 1000;
}
