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

async function expire({ client, settings }: OperatorDeps, { run, now }: RunWork, endedAt: number): Promise<Again> {
  const seconds = run.spec.ttlSecondsAfterFinished ?? settings.ttlSecondsAfterFinished;
  if (seconds === undefined) return undefined;
  const left = endedAt + seconds * 1000 - now;
  if (left > 0) return left;
  await client.delete(runsIn(run.namespace), run.name, { uid: run.uid }).catch((error: unknown) => {
    if (!hasCode(error, 'NotFound', 'Conflict')) throw error;
  });
  return undefined;
}
