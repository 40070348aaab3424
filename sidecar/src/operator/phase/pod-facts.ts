import { RUN_CONTAINERS } from '../../../../src/protocol/runs';
import type { ContainerState, Pod } from '../objects/pod';

/** The container whose state says what the run does; undefined before the kubelet has told of it. */
export function agentOf(pod: Pod): ContainerState | undefined {
  return pod.containers.find(({ name }) => name === RUN_CONTAINERS.agent);
}

/** Whether the agent of the pod runs, or has run. One that never began has no time of its start, or the first of all. */
export function hasBegun(pod: Pod): boolean {
  const { state, startedAt = 0 } = agentOf(pod) ?? {};
  return state === 'running' || (state === 'terminated' && startedAt > 0);
}

/** Whether the pod as a whole is over, as the kubelet or the pod garbage collector says. */
export function isPodOver({ phase }: Pod): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

export function isScheduled({ scheduled, startedAt, inits, containers }: Pod): boolean {
  if (scheduled !== undefined) return scheduled.status === 'True';
  return startedAt !== undefined || inits.length + containers.length > 0;
}

/**
 * Reasons of a pod that is not ready because its node does not answer. The node lifecycle controller takes the condition
 * back without a reason; the kubelet always gives one.
 */
const NODE_REASONS: readonly (string | undefined)[] = [undefined, '', 'NodeNotReady', 'NodeLost'];

/** Whether what is known of the pod may be old, as its node does not answer. */
export function isNodeSilent({ phase, reason, ready }: Pod): boolean {
  if (phase === 'Unknown' || reason === 'NodeLost' || ready?.status === 'Unknown') return true;
  return ready?.status === 'False' && NODE_REASONS.includes(ready.reason);
}

/**
 * When the kubelet ends the pod by itself, in milliseconds since 1970; undefined when it does not, or nobody knows when.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#lifecycle
 */
function deadlineOf({ startedAt, activeDeadlineSeconds }: Pod): number | undefined {
  return startedAt === undefined || activeDeadlineSeconds === undefined ? undefined : startedAt + activeDeadlineSeconds * 1000;
}

/** Whether the kubelet has ended the pod at its deadline. It says so only once nothing runs in the pod; before, the time tells at which the agent has ended. */
export function isOverdue(pod: Pod): boolean {
  const deadline = deadlineOf(pod);
  const finishedAt = agentOf(pod)?.finishedAt;
  return pod.reason === 'DeadlineExceeded' || (deadline !== undefined && finishedAt !== undefined && finishedAt >= deadline);
}

/** When somebody told the pod to end, in milliseconds since 1970; undefined when nobody has, or nobody knows when. */
export function toldAt(pod: Pod): number | undefined {
  const { deletedAt, graceSeconds, disrupted } = pod;
  // The time of deletion of a pod is that at which its grace is over.
  const deletion = deletedAt === undefined ? undefined : deletedAt - graceSeconds * 1000;
  const disruption = disrupted?.status === 'True' ? disrupted.since : undefined;
  // Nothing counts as done before a deadline that has passed at a time that nobody knows.
  const deadline = isOverdue(pod) ? deadlineOf(pod) ?? 0 : undefined;
  const times = [deletion, disruption, deadline].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Whether the agent of the pod works, or may begin to. */
export function mayWork(pod: Pod): boolean {
  return !isPodOver(pod) && agentOf(pod)?.state !== 'terminated';
}

const PREPARING: readonly string[] = [RUN_CONTAINERS.fence, RUN_CONTAINERS.seed];

/** Whether everything has ended that comes before the images of the template: the fence, and the cloning of a Workspace. */
export function isPrepared({ inits }: Pod): boolean {
  const preparing = inits.filter(({ name }) => PREPARING.includes(name));
  return preparing.length > 0 && preparing.every(({ state }) => state === 'terminated');
}

/** The container that the start of the pod has come to: the last one of which the kubelet says more than that it waits for others. */
export function reached(pod: Pod): ContainerState | undefined {
  const agent = agentOf(pod);
  return [...pod.inits, ...(agent ? [agent] : [])].reverse().find((container) => !waitsForOthers(container));
}

function waitsForOthers({ state, reason = 'PodInitializing' }: ContainerState): boolean {
  return state === 'waiting' && reason === 'PodInitializing';
}

/** Since when a container is awaited, as far as the API tells: a waiting one has no time of its own. Milliseconds since 1970. */
export function dueSince(pod: Pod, container?: ContainerState): number {
  // One that is begun again and again says nothing of the others.
  const others = pod.inits.filter((init) => init !== container && init.restarts === 0);
  return Math.max(pod.scheduled?.since ?? pod.startedAt ?? pod.createdAt, ...others.map(({ startedAt, finishedAt }) => finishedAt ?? startedAt ?? 0));
}

/** Whether a container beside the agent keeps the pod running; the kubelet itself ends those that start before the agent. */
export function isHeldOpen(pod: Pod): boolean {
  return pod.containers.some(({ name, state }) => name !== RUN_CONTAINERS.agent && state !== 'terminated');
}
