import { agentEnded, gone, podEnded } from './ends';
import { LEFT_BEHIND } from './left-behind';
import { agentOf, hasBegun, isNodeSilent, isPodOver, isScheduled } from './pod-facts';
import { quoted, sentence, withReason } from './sentence';
import { starting } from './starting';
import { unscheduled } from './unscheduled';
import type { Going, Observed, Stopping, Verdict } from './verdict';
import { waitedUntil } from './waited';
import { RUN_CONTAINERS } from '../../../../src/protocol/runs';
import type { Pod } from '../objects/pod';

/**
 * The phase of an attempt. The agent container decides; the pod as a whole is asked only when that container says
 * nothing, since containers beside it keep a pod running that is of no use any more.
 */
export function phaseOf(look: Observed): Verdict {
  const { pod, wasThere, stopping } = look;
  if (pod === undefined) return wasThere || stopping !== undefined ? gone(look) : NOT_YET;
  const agent = agentOf(pod);
  if (agent?.state === 'terminated') return agentEnded(pod, agent, look);
  if (isPodOver(pod)) return podEnded(pod, look);
  if (stopping !== undefined || pod.deletedAt !== undefined) return leaving(pod, look);
  const verdict = agent?.state === 'running' ? running(pod) : isScheduled(pod) ? starting(pod, look) : unscheduled(pod);
  return verdict.kind === 'going' && isNodeSilent(pod) ? { ...verdict, ...SILENT } : verdict;
}

const NOT_YET: Going = { kind: 'going', agent: 'created', reason: 'InProgress', message: 'the run has no pod yet', podReady: 'Pending' };

/** What is known last stays true until the node answers again or is given up. */
const SILENT = {
  reason: 'NodeUnreachable',
  message: 'the node of the pod does not answer; the run goes on when it does, and the cluster takes the pod away when it stays silent',
  podReady: 'NodeUnreachable',
} as const;

function running(pod: Pod): Going {
  const runtime = pod.inits.find(({ name, state }) => name === RUN_CONTAINERS.runtime && state !== 'running');
  const beside = runtime && sentence(`container ${runtime.name} beside it does not, so its reports may be missing`, quoted('the kubelet says', runtime.reason));
  return { kind: 'going', agent: 'running', reason: 'InProgress', message: sentence('the agent runs', beside), podReady: 'Running' };
}

/** A pod that is told to end, or is about to be: no other pod of the run may work in its Workspace before it has. */
function leaving(pod: Pod, look: Observed): Going {
  const { stopping } = look;
  const agent = 'stopping';
  const waited = stopping && waitedUntil(stopping, look);
  const reason = stopping === 'Cancelled' ? 'Cancelling' : isNodeSilent(pod) ? SILENT.reason : 'Terminating';
  if (isNodeSilent(pod)) return { kind: 'going', agent, ...SILENT, reason, message: sentence(stopping === 'Cancelled' ? whyLeaving(look, waited) : undefined, LEFT_BEHIND, waited) };
  return {
    kind: 'going',
    agent,
    reason,
    message: sentence(whyLeaving(look, waited), howLeaving(pod, stopping), quoted('the cluster says', pod.disrupted?.message), waited),
    podReady: agentOf(pod)?.state === 'running' ? 'Running' : 'Pending',
  };
}

function whyLeaving({ stopping, cancelReason }: Observed, waited: string | undefined): string | undefined {
  if (stopping === undefined) return 'somebody has deleted the pod';
  if (stopping === 'Cancelled') return withReason('the run is cancelled', cancelReason);
  return waited === undefined ? 'the run took longer than its timeout' : undefined;
}

/** At the deadline the node that has the pod ends it, and nobody deletes it, so that its log stays. */
function howLeaving(pod: Pod, stopping: Stopping | undefined): string {
  const byNode = stopping === 'DeadlineExceeded' && pod.deletedAt === undefined && pod.startedAt !== undefined;
  if (!hasBegun(pod)) return byNode ? 'its node ends the pod' : 'the pod is told to end';
  return byNode ? 'its node ends the agent, which has the grace period of the pod' : 'the agent has the grace period of the pod to end';
}
