import { deletePod } from './delete-pod';
import { removeFinalizer } from './finalizer';
import { revokeLeases } from './leases/revocation';
import { podNamed, watchedPod } from './present-pod';
import type { RunWork } from './run-work';
import { hasCode } from '../../kube/kube-error';
import { Pod, podOf } from '../objects/pod';
import { runsIn } from '../objects/run';
import type { Again, OperatorDeps } from '../operator-deps';
import { mayWork } from '../phase/pod-facts';

/** Milliseconds after which a deletion that is forbidden is tried again: somebody has to change what forbids it. */
const FORBIDDEN_AGAIN = 600_000;

/** What is left to do for a run that is over: its leases, its finalizer, and in the end the run itself. */
export async function finish(deps: OperatorDeps, work: RunWork): Promise<Again> {
  const pod = watchedPod(deps, work);
  // One that came late, from a call that nobody waited for any more. Of others the logs are kept.
  if (pod !== undefined && mayWork(pod) && await worksNow(deps, pod)) await deletePod(deps, pod);
  const endedAt = Date.parse(work.status.completionTime ?? '') || work.now;
  if (work.run.hasFinalizer) {
    const revoked = await revokeLeases(deps, work, { since: endedAt });
    await work.commit();
    if (revoked.kind === 'wait') return revoked.againAfter;
    await removeFinalizer(deps, work);
  }
  return expire(deps, work, endedAt);
}

/** The watch of pods may be behind that of runs, and a pod that has ended would lose its log. */
async function worksNow({ client }: OperatorDeps, { namespace, name, uid }: Pod): Promise<boolean> {
  const found = await podNamed(client, namespace, name);
  return found?.metadata.uid === uid && mayWork(podOf(found));
}

async function expire({ client, settings, log }: OperatorDeps, { run, now }: RunWork, endedAt: number): Promise<Again> {
  const seconds = run.spec.ttlSecondsAfterFinished ?? settings.ttlSecondsAfterFinished;
  if (seconds === undefined) return undefined;
  const left = endedAt + seconds * 1000 - now;
  if (left > 0) return left;
  const { namespace, name, uid } = run;
  try {
    await client.delete(runsIn(namespace), name, { uid });
    return undefined;
  } catch (error) {
    if (hasCode(error, 'NotFound', 'Conflict')) return undefined;
    if (!hasCode(error, 'Forbidden')) throw error;
    log.warn({ namespace, run: name, err: error }, 'a run whose time is over may not be deleted; trying again later');
    return FORBIDDEN_AGAIN;
  }
}
