import { deletePod } from './delete-pod';
import { tellEnd } from './end';
import { removeFinalizer } from './finalizer';
import { revokeLeases } from './leases/revocation';
import { attemptOf } from './present-pod';
import { progress } from './progress';
import type { RunWork } from './run-work';
import { STOP_MARGIN_SECONDS } from '../../../../src/protocol/runs';
import { hasCode } from '../../kube/kube-error';
import { soonest } from '../again';
import type { Pod } from '../objects/pod';
import { isOver } from '../objects/run';
import type { Again, OperatorDeps } from '../operator-deps';

/**
 * Ends a run that somebody deletes: its leases first, so that nothing can be spent while its pod takes its time to stop. Whatever
 * owner references lead to goes with it.
 */
export async function endDeleted(deps: OperatorDeps, work: RunWork): Promise<Again> {
  const { run, now } = work;
  if (!run.hasFinalizer) return undefined;
  const since = run.deletedAt!;
  const pod = await presentPod(deps, work);
  const revoked = await revokeLeases(deps, work, { since });
  if (pod !== undefined) await unlessForbidden(() => deletePod(deps, pod));
  tell(work, pod);
  await unlessForbidden(() => work.commit());
  const waitsUntil = since + ((pod?.graceSeconds ?? 0) + STOP_MARGIN_SECONDS) * 1000;
  const untilPod = pod !== undefined && now < waitsUntil ? waitsUntil - now : undefined;
  if (revoked.kind === 'wait' || untilPod !== undefined) return soonest(revoked.kind === 'wait' ? revoked.againAfter : undefined, untilPod);
  if (pod !== undefined) work.event('Warning', 'PodStillThere', `pod ${pod.name} has not stopped in its grace period; the run goes without waiting for it`);
  await removeFinalizer(deps, work);
  return undefined;
}

function tell(work: RunWork, pod: Pod | undefined): void {
  if (isOver(work.status)) return;
  // Others may keep the run, as whoever deletes it in the foreground does.
  if (pod === undefined) return void tellEnd(work, { reason: 'Cancelled', agent: 'stopped', message: 'the run was deleted' });
  work.set({ agentPhase: 'stopping' });
  progress(work, { reason: 'Terminating', message: 'the run is being deleted; its leases are revoked and its agent is told to stop' });
}

async function presentPod(deps: OperatorDeps, work: RunWork): Promise<Pod | undefined> {
  const attempt = await unlessForbidden(() => attemptOf(deps, work));
  return attempt?.pod;
}

/** With its namespace go the rights that the operator has there, in any order, and the run has to go all the same. */
async function unlessForbidden<T>(work: () => Promise<T>): Promise<T | undefined> {
  return work().catch((error: unknown) => {
    if (!hasCode(error, 'Forbidden')) throw error;
    return undefined;
  });
}
