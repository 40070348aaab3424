import { deleted, document, overdue, Row, running, said, terminated } from './pod-documents';
import { CREATING, exactly, LATE, MOUNT, NO_NODE, UNSCHEDULABLE, WAITED } from './waited-looks';

const UNKNOWN = { reason: 'ContainerStatusUnknown', startedAt: null, finishedAt: null };
const ALIVE = { phase: 'Running', containerStatuses: [running('agent')] };

const GOING: readonly Row[] = [
  {
    name: 'a pod without a node is not ended by one, and says what it has waited for',
    pod: NO_NODE,
    stopping: 'DeadlineExceeded',
    before: UNSCHEDULABLE,
    verdict: { kind: 'going', agent: 'stopping', reason: 'Terminating', podReady: 'Pending' },
    says: exactly(`the pod is told to end; ${WAITED}`),
  },
  {
    name: 'a pod that is on its way out still says what it has waited for, though it is the second look',
    pod: document({ ...NO_NODE.status, startTime: undefined }, deleted(5)),
    stopping: 'DeadlineExceeded',
    before: said('Terminating', undefined, `the pod is told to end; ${WAITED}`),
    verdict: { reason: 'Terminating' },
    says: exactly(`the pod is told to end; ${WAITED}`),
  },
  {
    name: 'a pod that has a node and never began is ended by it at the deadline',
    pod: CREATING,
    stopping: 'DeadlineExceeded',
    before: MOUNT,
    verdict: { reason: 'Terminating' },
    says: /^its node ends the pod; its time was over while it waited: ContainerCreating: container agent: ContainerCreating; MountVolume\.SetUp failed$/,
  },
  {
    name: 'a run that is cancelled while it waits says for what',
    pod: NO_NODE,
    stopping: 'Cancelled',
    before: UNSCHEDULABLE,
    verdict: { reason: 'Cancelling' },
    says: /^the run is cancelled; the pod is told to end; until then it waited: Unschedulable: no node.*gpu\.$/,
  },
  {
    name: 'a pod that never began on a node that is silent keeps both',
    pod: document({ ...CREATING.status, phase: 'Unknown' }),
    stopping: 'DeadlineExceeded',
    before: MOUNT,
    verdict: { reason: 'NodeUnreachable' },
    says: /really off; its time was over while it waited: ContainerCreating: .*MountVolume/,
  },
  {
    name: 'an agent that runs at the deadline waits for nothing, though nobody saw it begin',
    pod: document(ALIVE),
    stopping: 'DeadlineExceeded',
    before: MOUNT,
    verdict: { reason: 'Terminating' },
    says: /^the run took longer than its timeout; its node ends the agent[^:]*$/,
  },
];

const ENDED: readonly Row[] = [
  ...([['QuotaExceeded', "the API server refuses pod 'r1-0': exceeded quota: gpus"], ['BrokerUnavailable', 'no route to the broker'],
    ['Terminating', "the API server refuses pod 'r1-0': namespaces \"team\" is being terminated"]] as const).map(([reason, message]): Row => ({
    name: `a run without a pod whose time is over while it waits with ${reason} says so`,
    stopping: 'DeadlineExceeded',
    before: said(reason, undefined, message),
    verdict: LATE,
    says: exactly(`its time was over while it waited: ${reason}: ${message}`),
  })),
  {
    name: 'a pod without a node that is gone by the deadline has waited for one',
    wasThere: true,
    stopping: 'DeadlineExceeded',
    before: said('Terminating', undefined, `the pod is told to end; ${WAITED}`),
    verdict: LATE,
    says: exactly(WAITED),
  },
  {
    name: 'a run that is cancelled after its time was over says what it has waited for once',
    wasThere: true,
    stopping: 'Cancelled',
    before: said('Terminating', undefined, `the pod is told to end; ${WAITED}`),
    verdict: { reason: 'Cancelled' },
    says: /^the run was cancelled; until then it waited: Unschedulable: (?!.*it waited)/,
  },
  {
    name: 'a pod that the kubelet ends at its deadline before its agent began says what it has waited for',
    pod: document({ ...overdue(15), phase: 'Failed', reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' }),
    before: MOUNT,
    verdict: LATE,
    says: /^its time was over while it waited: ContainerCreating: .*MountVolume/,
  },
  {
    name: 'an agent of which the kubelet says at the deadline that it does not know it has waited',
    pod: document({ ...overdue(15), phase: 'Failed', reason: 'DeadlineExceeded', containerStatuses: [terminated('agent', 137, UNKNOWN)] }),
    stopping: 'DeadlineExceeded',
    before: said('Terminating', undefined, 'its node ends the pod; its time was over while it waited: ContainerCreating: MountVolume'),
    verdict: LATE,
    says: /^its time was over while it waited: ContainerCreating: MountVolume$/,
  },
  {
    name: 'an agent that was seen to run has not waited, whatever the status said since',
    wasThere: true,
    stopping: 'DeadlineExceeded',
    before: { ...said('NodeUnreachable', undefined, 'the node of the pod does not answer'), hasBegun: true },
    verdict: LATE,
    says: /^the run took longer than its timeout; raise it or ask for less$/,
  },
  {
    name: 'a run that was seen only when it was to end does not say that it has waited',
    wasThere: true,
    stopping: 'DeadlineExceeded',
    before: said('Terminating', undefined, 'the run took longer than its timeout; its node ends the agent'),
    verdict: LATE,
    says: /^the run took longer than its timeout; raise it or ask for less$/,
  },
];

export const WAITED_ROWS = { GOING, ENDED };
