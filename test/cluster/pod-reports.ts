/* eslint-disable @typescript-eslint/no-explicit-any */

/** What the scheduler and the kubelet report of the pod of a run, as its status. */

const now = () => new Date().toISOString().replace(/\.\d+Z$/, 'Z');

const IPS = { podIP: '10.0.0.9', podIPs: [{ ip: '10.0.0.9' }] };

const waiting = (containers: any[] = [], reason: string, message?: string) => containers.map(({ name, image }) => (
  { name, image, imageID: '', ready: false, restartCount: 0, state: { waiting: { reason, message } } }));

const withState = (containers: any[] = [], state: object) => waiting(containers, '').map((one) => ({ ...one, ready: true, state }));

const completed = (exitCode = 0, reason = 'Completed') => ({ terminated: { exitCode, reason, startedAt: now(), finishedAt: now() } });

const condition = (type: string, status: string, reason?: string, message?: string) => ({ type, status, reason, message, lastTransitionTime: now() });

/** The scheduler has found no node. */
export const unscheduled = (message: string) => () => ({ phase: 'Pending', conditions: [condition('PodScheduled', 'False', 'Unschedulable', message)] });

export function scheduled({ spec }: any) {
  return {
    phase: 'Pending',
    conditions: [condition('PodScheduled', 'True')],
    containerStatuses: waiting(spec.containers, 'PodInitializing'),
    initContainerStatuses: waiting(spec.initContainers, 'PodInitializing'),
  };
}

export function fencing(pod: any) {
  const [first, ...others] = waiting(pod.spec.initContainers, 'PodInitializing');
  return { ...scheduled(pod), ...IPS, startTime: now(), initContainerStatuses: [{ ...first, state: { running: { startedAt: now() } } }, ...others] };
}

/** The second init container works. */
export function seeding(pod: any) {
  const [fence, seed, ...others] = waiting(pod.spec.initContainers, 'PodInitializing');
  const done = [{ ...fence, ready: true, state: completed() }, { ...seed, state: { running: { startedAt: now() } } }];
  return { ...scheduled(pod), ...IPS, initContainerStatuses: [...done, ...others] };
}

/** Everything before the agent is done, and the agent waits. */
export const agentWaits = (reason: string, message?: string) => ({ spec }: any) => ({
  phase: 'Pending', ...IPS, containerStatuses: waiting(spec.containers, reason, message), initContainerStatuses: withState(spec.initContainers, completed()),
});

export function running({ spec }: any) {
  return {
    phase: 'Running', ...IPS, containerStatuses: withState(spec.containers, { running: { startedAt: now() } }), initContainerStatuses: withState(spec.initContainers, completed()),
  };
}

export const ended = (exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error') => ({ spec }: any) => ({
  phase: exitCode === 0 ? 'Succeeded' : 'Failed',
  containerStatuses: withState(spec.containers, completed(exitCode, reason)),
  initContainerStatuses: withState(spec.initContainers, completed()),
});

export const evicted = (message: string) => (pod: any) => ({ ...ended(137)(pod), reason: 'Evicted', message });

/** The node does not answer any more; its lifecycle controller says so, not the kubelet. */
export function silent({ status }: any) {
  return { conditions: [...status.conditions, condition('Ready', 'Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.')] };
}

/** What the garbage collector of pods writes before it takes away the pod of a node that is gone. */
export function collected({ status }: any) {
  return { phase: 'Failed', conditions: [...status.conditions, condition('DisruptionTarget', 'True', 'DeletionByPodGC', 'PodGC: node no longer exists')] };
}
