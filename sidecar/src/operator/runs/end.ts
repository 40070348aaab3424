import { finish } from './after-end';
import type { RunWork } from './run-work';
import type { AgentPhase } from '../../../../src/protocol/resources';
import type { EndReason } from '../../../../src/protocol/runs';
import { timeText, withCondition } from '../conditions';
import type { Again, OperatorDeps } from '../operator-deps';
import { endPhaseOf } from '../phase/run-phase';

export interface RunEnd {
  readonly reason: EndReason;
  readonly agent: Extract<AgentPhase, 'stopped' | 'error'>;
  readonly message: string;
}

/** Ends a run for good. The end is in the API before anything that follows from it. */
export async function endRun(deps: OperatorDeps, work: RunWork, end: RunEnd): Promise<Again> {
  const { reason, message } = end;
  const phase = tellEnd(work, end);
  await work.commit();
  work.event(phase === 'Failed' ? 'Warning' : 'Normal', reason, message);
  deps.log.info({ namespace: work.run.namespace, run: work.run.name, phase, reason }, 'a run has ended');
  return finish(deps, work);
}

/** Makes the run one that is over. Answers how. */
export function tellEnd(work: RunWork, { reason, agent, message }: RunEnd): ReturnType<typeof endPhaseOf> {
  const phase = endPhaseOf(reason);
  work.set({
    phase,
    agentPhase: agent,
    completionTime: timeText(work.now),
    giveUpTime: undefined,
    conditions: withCondition(work.status.conditions ?? [], { type: 'Completed', status: 'True', reason, message }, work.now, work.run.generation),
  });
  if (work.status.podUID !== undefined) work.condition('PodReady', phase === 'Succeeded' ? 'Completed' : 'Failed', message);
  return phase;
}
