import { finish } from './after-end';
import { followAttempt } from './attempt';
import { deadlineOf, stoppingOf } from './deadline';
import { endDeleted } from './deletion';
import { addFinalizer } from './finalizer';
import { openWork } from './open-work';
import { prepare } from './prepare';
import { attemptOf } from './present-pod';
import type { RunWork } from './run-work';
import { isOver } from '../objects/run';
import type { Again, OperatorDeps } from '../operator-deps';

/**
 * Brings a run one step nearer to its end: looks at what is there, makes what is missing, tells the phase, and writes the status
 * at the end, if not before. Stopped anywhere, it goes on from what the API server has.
 */
export async function reconcileRun(deps: OperatorDeps, namespace: string, name: string): Promise<Again> {
  const run = deps.world.runs.get(namespace, name);
  if (run === undefined) return undefined;
  const work = openWork(deps, run);
  const again = await step(deps, work);
  // The last write of a run that was deleted is that of its finalizer.
  if (run.deletedAt === undefined) await work.commit();
  return again;
}

async function step(deps: OperatorDeps, work: RunWork): Promise<Again> {
  const { run } = work;
  if (run.deletedAt !== undefined) return endDeleted(deps, work);
  if (isOver(run.status)) return finish(deps, work);
  await addFinalizer(deps, work);
  work.set({ observedGeneration: run.generation, phase: work.status.phase ?? 'Pending', agentPhase: work.status.agentPhase ?? 'created' });
  const deadline = deadlineOf(deps, work);
  const stopping = stoppingOf(work, deadline);
  const attempt = await attemptOf(deps, work);
  const isBegun = attempt.pod !== undefined || attempt.wasThere;
  return isBegun || stopping !== undefined ? followAttempt(deps, work, { ...attempt, stopping, deadline }) : prepare(deps, work);
}
