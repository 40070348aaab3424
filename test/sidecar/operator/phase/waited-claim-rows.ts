import { deleted, document, overdue, Row, said } from './pod-documents';
import { CREATING, exactly, LATE, MOUNT, NO_NODE, UNSCHEDULABLE, WAITED } from './waited-looks';

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

export const WAITED_CLAIM_ROWS = { FOREIGN, NOT_KNOWN, TRIED_AGAIN };
