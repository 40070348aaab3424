import { condition, deleted, document, overdue, Row, running, SCHEDULED, terminated, waiting } from './pod-documents';

const GOES = { kind: 'going', agent: 'stopping' } as const;
const ALIVE = { phase: 'Running', containerStatuses: [running('agent')] };
const ended = (code: number, metadata = deleted(15)) => document({ phase: 'Running', containerStatuses: [terminated('agent', code)] }, metadata);
const NOT_READY = condition('Ready', 'False');

const STOPPING: readonly Row[] = [
  { name: 'a run that is cancelled is stopping while its agent runs', pod: document(ALIVE), stopping: 'Cancelled', verdict: { ...GOES, reason: 'Cancelling', podReady: 'Running' }, says: /cancelled; the agent has/ },
  {
    name: 'a run that is cancelled for a reason says which while it stops',
    pod: document(ALIVE),
    stopping: 'Cancelled',
    cancelReason: 'not needed any more',
    verdict: { ...GOES, reason: 'Cancelling' },
    says: /^the run is cancelled: not needed any more; the agent has the grace/,
  },
  {
    name: 'a run whose time is up waits until its node ends the agent, as nobody deletes its pod',
    pod: document(ALIVE),
    stopping: 'DeadlineExceeded',
    verdict: { ...GOES, reason: 'Terminating', podReady: 'Running' },
    says: /^the run took longer than its timeout; its node ends the agent, which has the grace period/,
  },
  {
    name: 'a run whose time is up is stopping while its agent runs, though somebody deletes its pod',
    pod: document(ALIVE, deleted(5)),
    stopping: 'DeadlineExceeded',
    verdict: { ...GOES, reason: 'Terminating' },
    says: /timeout; the agent has the grace period/,
  },
  {
    name: 'a run that is cancelled is stopping until a pod that never began is gone',
    pod: document({ containerStatuses: [waiting('agent', 'ErrImageNeverPull')] }, deleted(5)),
    stopping: 'Cancelled',
    verdict: { ...GOES, podReady: 'Pending' },
    says: /cancelled/,
  },
  { name: 'a pod that somebody deletes is stopping while its agent runs', pod: document(ALIVE, deleted(5)), verdict: { ...GOES, reason: 'Terminating' }, says: /somebody has deleted/ },
  {
    name: 'a pod that is preempted says so while it stops',
    pod: document({ ...ALIVE, conditions: [SCHEDULED, condition('DisruptionTarget', 'True', { reason: 'PreemptionByScheduler', message: 'preempting to accommodate' })] }, deleted(5)),
    verdict: { ...GOES, reason: 'Terminating' },
    says: /preempting to accommodate/,
  },
];

const STOPPED: readonly Row[] = [
  { name: 'an agent that obeys a cancellation is stopped', pod: ended(0), stopping: 'Cancelled', verdict: { kind: 'ended', agent: 'stopped', reason: 'Cancelled', retryable: false }, says: /code 0/ },
  {
    name: 'a run that was cancelled for a reason says which for good', pod: ended(143), stopping: 'Cancelled', cancelReason: 'not needed', verdict: { reason: 'Cancelled' }, says: /^the run was cancelled: not needed; the agent/,
  },
  { name: 'an agent that is ended by a cancellation is an error of the run that was cancelled', pod: ended(143), stopping: 'Cancelled', verdict: { agent: 'error', reason: 'Cancelled' }, says: /code 143/ },
  { name: 'an agent that is killed at the end of its grace is no want of memory', pod: ended(137), stopping: 'Cancelled', verdict: { reason: 'Cancelled', retryable: false }, says: /^(?!.*memory)/ },
  { name: 'an agent that obeys the deadline has not succeeded', pod: ended(0), stopping: 'DeadlineExceeded', verdict: { agent: 'stopped', reason: 'DeadlineExceeded', retryable: false }, says: /timeout/ },
  {
    name: 'an agent that its node ends at the deadline is late',
    pod: document({ ...overdue(15), phase: 'Failed', reason: 'DeadlineExceeded', containerStatuses: [terminated('agent', 0)] }),
    stopping: 'DeadlineExceeded',
    verdict: { kind: 'ended', agent: 'stopped', reason: 'DeadlineExceeded', retryable: false, stopsPod: false },
    says: /timeout.*code 0$/,
  },
  {
    name: 'an agent that has succeeded in time has succeeded though its pod is late',
    pod: document({ ...overdue(5), phase: 'Failed', reason: 'DeadlineExceeded', containerStatuses: [terminated('agent', 0)] }),
    stopping: 'DeadlineExceeded',
    verdict: { kind: 'ended', agent: 'stopped', reason: 'Succeeded' },
    says: /code 0$/,
  },
  { name: 'a pod that is gone by a cancellation is stopped', wasThere: true, stopping: 'Cancelled', verdict: { agent: 'stopped', reason: 'Cancelled', stopsPod: false }, says: /cancelled/ },
  { name: 'a run that is cancelled before it has a pod is stopped', stopping: 'Cancelled', verdict: { agent: 'stopped', reason: 'Cancelled', retryable: false }, says: /cancelled/ },
  { name: 'a pod that is gone by the deadline is an error', wasThere: true, stopping: 'DeadlineExceeded', verdict: { agent: 'error', reason: 'DeadlineExceeded', retryable: false }, says: /timeout/ },
  { name: 'a pod that has failed while it was cancelled is cancelled', pod: document({ phase: 'Failed', reason: 'Evicted' }, deleted(5)), stopping: 'Cancelled', verdict: { reason: 'Cancelled' }, says: /cancelled/ },
  { name: 'an agent that has succeeded before its pod was told has succeeded', pod: ended(0, {}), stopping: 'Cancelled', verdict: { agent: 'stopped', reason: 'Succeeded' }, says: /code 0/ },
  { name: 'an agent that has succeeded in time has succeeded though it is looked at late', pod: ended(0, deleted(5)), stopping: 'DeadlineExceeded', verdict: { reason: 'Succeeded' }, says: /code 0/ },
  { name: 'an agent that has failed before a cancellation has failed, and no attempt follows', pod: ended(3, {}), stopping: 'Cancelled', verdict: { reason: 'AgentFailed', retryable: false }, says: /code 3/ },
];

const LOGS: readonly Row[] = [
  {
    name: 'an agent that its node did not end at the deadline has lost its log with its pod',
    pod: ended(137),
    stopping: 'DeadlineExceeded',
    verdict: { reason: 'DeadlineExceeded' },
    says: /^the run took longer than its timeout; raise it or ask for less; the agent has ended with exit code 137; the log goes with the pod/,
  },
  { name: 'who cancels a run is not told where its log was', pod: ended(143), stopping: 'Cancelled', cancelReason: 'done', verdict: { reason: 'Cancelled' }, says: /^the run was cancelled: done; .*143$/ },
];

const SILENT: readonly Row[] = [
  {
    name: 'an agent whose node does not answer runs on as far as anybody knows',
    pod: document({ ...ALIVE, phase: 'Unknown' }),
    verdict: { kind: 'going', agent: 'running', reason: 'NodeUnreachable', podReady: 'NodeUnreachable' },
    says: /does not answer/,
  },
  { name: 'a pod that is not ready without a reason has a silent node', pod: document({ ...ALIVE, conditions: [SCHEDULED, NOT_READY] }), verdict: { agent: 'running', reason: 'NodeUnreachable' }, says: /goes on when/ },
  { name: 'a pod of which nothing is known any more has a silent node', pod: document({ ...ALIVE, conditions: [condition('Ready', 'Unknown')] }), verdict: { agent: 'running', reason: 'NodeUnreachable' }, says: /answer/ },
  {
    name: 'a pod that seeds on a silent node is still cloning',
    pod: document({ phase: 'Unknown', initContainerStatuses: [running('seed')] }),
    verdict: { agent: 'cloning', reason: 'NodeUnreachable' },
    says: /answer/,
  },
  {
    name: 'a pod that is to end on a silent node is stopping, and nobody is told to delete it lightly',
    pod: document({ ...ALIVE, reason: 'NodeLost', conditions: [SCHEDULED, NOT_READY] }, deleted(300)),
    verdict: { ...GOES, reason: 'NodeUnreachable' },
    says: /only when the node is really off/,
  },
  {
    name: 'a run that is cancelled on a silent node stays one that is cancelled',
    pod: document({ ...ALIVE, reason: 'NodeLost', conditions: [SCHEDULED, NOT_READY] }),
    stopping: 'Cancelled',
    verdict: { kind: 'going', agent: 'stopping', reason: 'Cancelling', podReady: 'NodeUnreachable' },
    says: /^the run is cancelled; the pod is to end but its node does not answer/,
  },
  {
    name: 'an agent that has ended on a node that is silent now has ended',
    pod: document({ phase: 'Unknown', containerStatuses: [terminated('agent', 0)] }),
    verdict: { kind: 'ended', reason: 'Succeeded' },
    says: /code 0/,
  },
];

export const LEAVING_ROWS = { STOPPING, STOPPED, LOGS, SILENT };
