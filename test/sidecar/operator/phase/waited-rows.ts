import { condition, deleted, document, overdue, Row, running, said, terminated, waiting } from './pod-documents';

const SCHEDULER = '0/3 nodes are available: 3 Insufficient nvidia.com/gpu.';
const NO_NODE = document({ startTime: undefined, conditions: [condition('PodScheduled', 'False', { reason: 'Unschedulable', message: SCHEDULER })] });
const UNSCHEDULABLE = said('Unschedulable', undefined, `no node takes the pod now; the scheduler says: ${SCHEDULER}`);
const WAITED = 'its time was over while it waited: Unschedulable: no node takes the pod now; the scheduler says: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.';
const exactly = (text: string) => new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')}$`);
const CREATING = document({ containerStatuses: [waiting('agent', 'ContainerCreating')] });
const MOUNT = said('ContainerCreating', undefined, 'container agent: ContainerCreating; MountVolume.SetUp failed');
const LATE = { kind: 'ended', agent: 'error', reason: 'DeadlineExceeded', retryable: false } as const;
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

const LEFT_BEHIND = 'the pod is to end but its node does not answer; delete the pod by force only when the node is really off';
const TOO_LONG = 'the run took longer than its timeout; raise it or ask for less';
const RETRYING = 'its time was over while it waited: Retrying: attempt 0 ended with Evicted: the kubelet has evicted the pod';

const FOREIGN: readonly Row[] = [
  {
    name: 'what a kubelet says of waiting is no word of the operator',
    pod: CREATING,
    stopping: 'DeadlineExceeded',
    before: said('RunContainerError', undefined, 'container agent: RunContainerError; the kubelet says: exec: "it waited: nothing": not found'),
    verdict: { reason: 'Terminating' },
    says: exactly('its node ends the pod; its time was over while it waited: RunContainerError: container agent: RunContainerError; the kubelet says: exec: "it waited: nothing": not found'),
  },
  {
    name: 'what a webhook says of waiting is none either, though it says it as the operator does',
    stopping: 'DeadlineExceeded',
    before: said('ApiUnavailable', undefined, "the API server refuses pod 'r1-0': no; its time was over while it waited: nothing"),
    verdict: LATE,
    says: exactly("its time was over while it waited: ApiUnavailable: the API server refuses pod 'r1-0': no; its time was over while it waited: nothing"),
  },
  {
    name: 'a reason to cancel that speaks of waiting is repeated without what marks the words of the operator',
    pod: NO_NODE,
    stopping: 'Cancelled',
    cancelReason: 'enough; until then it waited: too long',
    before: said('Terminating', undefined, 'somebody has deleted the pod; the pod is told to end'),
    verdict: { reason: 'Cancelling' },
    says: exactly('the run is cancelled: enough; until then it waited too long; the pod is told to end'),
  },
];

const NOT_KNOWN: readonly Row[] = [
  ...([['ContainerCreating', 'container agent: ContainerCreating'], ['NodeUnreachable', 'the node of the pod does not answer']] as const).map(([reason, message]): Row => ({
    name: `an agent that may have begun since ${reason} was seen has not waited as far as anybody knows`,
    wasThere: true,
    stopping: 'DeadlineExceeded',
    before: said(reason, undefined, message),
    verdict: LATE,
    says: exactly(TOO_LONG),
  })),
  {
    name: 'a run that is cancelled does not say either for what it waited when its pod was gone at once',
    wasThere: true,
    stopping: 'Cancelled',
    before: MOUNT,
    verdict: { reason: 'Cancelled' },
    says: exactly('the run was cancelled'),
  },
  {
    name: 'a pod without a node has waited for one, though it is gone at once',
    wasThere: true,
    stopping: 'DeadlineExceeded',
    before: UNSCHEDULABLE,
    verdict: LATE,
    says: exactly(WAITED),
  },
  {
    name: 'a pod that was to end on a silent node already has not waited for that',
    pod: document({ ...CREATING.status, phase: 'Unknown' }, deleted(5)),
    stopping: 'DeadlineExceeded',
    before: said('NodeUnreachable', undefined, LEFT_BEHIND),
    verdict: { reason: 'NodeUnreachable' },
    says: exactly(LEFT_BEHIND),
  },
];

const TRIED_AGAIN: readonly Row[] = [
  {
    name: 'a run whose time is over between two attempts says what can be done, and of no attempt that does not begin',
    stopping: 'DeadlineExceeded',
    before: { ...said('Retrying', undefined, 'attempt 0 ended with Evicted: the kubelet has evicted the pod; the next one begins at 2026-03-01T12:00:10Z'), isRetry: true },
    verdict: LATE,
    says: exactly(`${TOO_LONG}; ${RETRYING}`),
  },
  {
    name: 'a run whose time is over while the pod stops that comes before the next one says what can be done',
    wasThere: true,
    stopping: 'DeadlineExceeded',
    before: said('Terminating', undefined, `the pod is told to end; ${RETRYING}`),
    verdict: LATE,
    says: exactly(`${TOO_LONG}; ${RETRYING}`),
  },
  {
    name: 'a run whose second attempt waits for a node says what can be done, then what it waited for',
    wasThere: true,
    stopping: 'DeadlineExceeded',
    before: { ...said('Terminating', undefined, `the pod is told to end; ${WAITED}`), isRetry: true },
    verdict: LATE,
    says: exactly(`${TOO_LONG}; ${WAITED}`),
  },
  {
    name: 'a run whose second attempt the kubelet ends before its agent began says so, too',
    pod: document({ ...overdue(15), phase: 'Failed', reason: 'DeadlineExceeded' }),
    before: { ...MOUNT, isRetry: true },
    verdict: LATE,
    says: exactly(`${TOO_LONG}; its time was over while it waited: ContainerCreating: ${MOUNT.message}`),
  },
  {
    name: 'a run that is cancelled between two attempts says which came before',
    stopping: 'Cancelled',
    before: { ...said('Retrying', undefined, 'attempt 0 ended with Evicted; the next one begins at 2026-03-01T12:00:10Z'), isRetry: true },
    verdict: { reason: 'Cancelled' },
    says: exactly('the run was cancelled; until then it waited: Retrying: attempt 0 ended with Evicted'),
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

export const WAITED_ROWS = { GOING, ENDED, FOREIGN, NOT_KNOWN, TRIED_AGAIN };
