import type { Verdict } from './verdict';
import { AgentPhase, isTerminal, RunPhase } from '../../../../src/protocol/resources/phases';
import type { EndReason } from '../../../../src/protocol/runs';

/** Phases that may follow another within an attempt. A short one may never be seen. */
const NEXT: Readonly<Record<AgentPhase, readonly AgentPhase[]>> = {
  created: ['provisioning', 'cloning', 'starting', 'running', 'stopping', 'stopped', 'error'],
  provisioning: ['cloning', 'starting', 'running', 'stopping', 'stopped', 'error'],
  cloning: ['starting', 'running', 'stopping', 'stopped', 'error'],
  starting: ['running', 'stopping', 'stopped', 'error'],
  running: ['stopping', 'stopped', 'error'],
  stopping: ['stopped', 'error'],
  stopped: [],
  error: [],
};

/**
 * The phase of the agent after another was seen. What is over stays over and nothing goes backwards, though an old
 * observation may come late; only another attempt begins anew, with no phase before.
 */
export function terminalWins(previous: AgentPhase | undefined, next: AgentPhase): AgentPhase {
  return previous === undefined || NEXT[previous].includes(next) ? next : previous;
}

/** The phase of a run that has ended so. */
export function endPhaseOf(reason: EndReason): Extract<RunPhase, 'Succeeded' | 'Failed' | 'Cancelled'> {
  return reason === 'Succeeded' || reason === 'Cancelled' ? reason : 'Failed';
}

/** The phase of a run: pending until its agent runs, and running from then until the attempt is over, also while it stops. */
export function runPhaseOf(previous: RunPhase | undefined, verdict: Verdict): RunPhase {
  if (previous !== undefined && isTerminal(previous)) return previous;
  if (verdict.kind === 'ended') return endPhaseOf(verdict.reason);
  return verdict.agent === 'running' ? 'Running' : previous ?? 'Pending';
}
