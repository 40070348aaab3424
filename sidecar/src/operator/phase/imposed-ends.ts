import { evictionHint } from './hints';
import { isOverdue } from './pod-facts';
import { quoted, sentence } from './sentence';
import type { EndReason } from '../../../../src/protocol/runs';
import type { Pod } from '../objects/pod';

/** An end that is not of the agent's making. */
export interface ImposedEnd {
  readonly reason: EndReason;
  readonly message: string;
  readonly retryable: boolean;
}

interface Row {
  readonly reason: EndReason;
  readonly text: string;
  readonly final?: boolean;
}

/** Of a run whose agent has begun. */
export const TOO_LONG = 'the run took longer than its timeout; raise it or ask for less';

const NODE_DOWN: Row = { reason: 'NodeShutdown', text: 'the node of the pod shuts down' };
const REFUSED: Row = { reason: 'NodeRefused', text: 'the node did not take the pod that was given to it' };
const OVERDUE: Row = { reason: 'DeadlineExceeded', text: TOO_LONG, final: true };

/** Reasons that the status of a pod itself names. https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/ */
const BY_POD: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['Evicted', { reason: 'Evicted', text: 'the kubelet has evicted the pod' }],
  ['Preempting', { reason: 'Preempted', text: 'the pod had to make room for one that the node needs' }],
  ['Terminated', NODE_DOWN],
  ['NodeShutdown', NODE_DOWN],
  ['Shutdown', NODE_DOWN],
  ['NodeLost', { reason: 'NodeLost', text: 'the node of the pod is lost' }],
  ['DeadlineExceeded', OVERDUE],
  ['NodeAffinity', REFUSED],
  ['UnexpectedAdmissionError', REFUSED],
]);

/** Begins the reason of a pod for which its node lacks a resource, whose name follows: `OutOfcpu`, `OutOfnvidia.com/gpu`. https://kubernetes.io/docs/concepts/scheduling-eviction/ */
const LACKS = 'OutOf';

/** Reasons of the condition DisruptionTarget. https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions */
const BY_DISRUPTION: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['PreemptionByScheduler', { reason: 'Preempted', text: 'the pod had to make room for one of a higher priority' }],
  ['DeletionByTaintManager', { reason: 'Evicted', text: 'the pod does not tolerate a taint that its node was given' }],
  ['EvictionByEvictionAPI', { reason: 'Evicted', text: 'the pod was evicted, such as by a drain of its node' }],
  ['DeletionByPodGC', { reason: 'NodeLost', text: 'the node of the pod is gone' }],
  ['TerminationByKubelet', { reason: 'Evicted', text: 'the kubelet has ended the pod for the good of its node' }],
]);

const DELETED: Row = { reason: 'PodLost', text: 'somebody has deleted the pod of the run' };

/** Why others than the agent have ended a pod; undefined when nothing says that they have. The pod knows best, then who disrupted it. */
export function imposedEnd(pod: Pod): ImposedEnd | undefined {
  const { reason = '', message, disrupted, deletedAt } = pod;
  const own = reason.startsWith(LACKS) ? REFUSED : BY_POD.get(reason);
  if (own !== undefined) return told(own, message);
  if (disrupted?.status === 'True') return told(BY_DISRUPTION.get(disrupted.reason ?? '') ?? DELETED, disrupted.message);
  if (deletedAt !== undefined) return told(DELETED, undefined);
  return isOverdue(pod) ? told(OVERDUE, undefined) : undefined;
}

function told({ reason, text, final = false }: Row, message: string | undefined): ImposedEnd {
  return { reason, message: sentence(text, reason === 'Evicted' ? evictionHint(message ?? '') : undefined, quoted('the cluster says', message)), retryable: !final };
}
