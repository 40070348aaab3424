import { ago, condition, deleted, document, overdue, Row, running, SCHEDULED, terminated, waiting } from './pod-documents';
import type { Ended } from '../../../../sidecar/src/operator/phase/verdict';

type EndRow = Row & { readonly verdict: Partial<Ended> };
type Extra = Parameters<typeof terminated>[2];

const FAILED = { kind: 'ended', agent: 'error', stopsPod: false } as const;
const exits = (code: number, extra?: Extra) => document({ phase: code === 0 ? 'Succeeded' : 'Failed', containerStatuses: [terminated('agent', code, extra)] });
const disruption = (reason: string, seconds: number, message = '') => condition('DisruptionTarget', 'True', { reason, message, lastTransitionTime: ago(seconds) });
/** The agent ends 10 s ago. */
const disrupted = (reason: string, code: number, seconds = 15) => document({ phase: 'Failed', conditions: [SCHEDULED, disruption(reason, seconds)], containerStatuses: [terminated('agent', code)] });
/** The kubelet ends the pod of an agent that ends 10 s ago. */
const late = (seconds: number, code: number, extra?: Extra) => document({
  ...overdue(seconds), phase: 'Failed', reason: 'DeadlineExceeded', message: DEADLINE, containerStatuses: [terminated('agent', code, extra)],
});
const DEADLINE = 'Pod was active on the node longer than the specified deadline';
const byPod = (reason: string, code: number, message = '') => document({ phase: 'Failed', reason, message, containerStatuses: [terminated('agent', code)] });

const RUNC = 'failed to create containerd task: OCI runtime create failed: runc create failed: unable to start container process: ';
const MISSING = /^the agent could not be started; the command, or the interpreter that its file names, is not in the image;.*the runtime says: /;
const START_ERRORS: readonly (readonly [what: string, message: string, says: RegExp])[] = [
  ['is not in PATH', `${RUNC}error during container init: exec: "claude": executable file not found in $PATH`, MISSING],
  ['is at no such path', `${RUNC}exec: "/x": stat /x: no such file or directory`, MISSING],
  ['names an interpreter that is not there', `${RUNC}exec /x: no such file or directory`, MISSING],
  ['crun does not find', 'crun: executable file `claude` not found in $PATH: No such file or directory', MISSING],
  ['gVisor does not find', 'starting container: error finding executable "claude" in PATH [/bin]: no such file or directory', MISSING],
  ['may not be executed', `${RUNC}exec: "/x": permission denied`, /the user of the pod may not execute the command/],
  ['is for another machine', `${RUNC}exec /x: exec format error`, /made for other machines/],
  ['is hindered by a mount', `${RUNC}error mounting "/a" to rootfs at "/b": no such file or directory`, /check that its command is in the image; the runtime says/],
];

const EXIT_CODES: readonly EndRow[] = [
  { name: 'exit code 0 is success', pod: exits(0), verdict: { kind: 'ended', agent: 'stopped', reason: 'Succeeded', retryable: false, stopsPod: false }, says: /exit code 0$/ },
  { name: 'exit code 0 is success though a child was killed for its memory', pod: exits(0, { reason: 'OOMKilled' }), verdict: { agent: 'stopped', reason: 'Succeeded' }, says: /code 0/ },
  {
    name: 'another exit code is an error, and what the agent writes of its end is not repeated',
    pod: exits(1, { message: 'TOKEN=pdk-secret' }),
    verdict: { ...FAILED, reason: 'AgentFailed', retryable: true },
    says: /^the agent has ended with exit code 1$/,
  },
  { name: 'exit code 10 is an error that another attempt would meet again', pod: exits(10), verdict: { ...FAILED, reason: 'AgentFailed', retryable: false }, says: /its own limits/ },
  { name: 'exit code 126 is that of a shell which may not execute a program', pod: exits(126), verdict: { ...FAILED, reason: 'AgentFailed', retryable: false }, says: /a shell .* may not execute/ },
  { name: 'exit code 127 is that of a shell which finds no such program, and never of the command of the template', pod: exits(127), verdict: { ...FAILED, reason: 'AgentFailed', retryable: false }, says: /^(?!.*command).*a shell .* does not find a program/ },
  { name: 'exit code 143 says that somebody told the agent to end', pod: exits(143), verdict: { ...FAILED, reason: 'AgentFailed', retryable: true }, says: /SIGTERM/ },
  { name: 'an agent that has crashed says so', pod: exits(139, { signal: 11 }), verdict: { ...FAILED, reason: 'AgentFailed' }, says: /\(signal 11\).*SIGSEGV/ },
  { name: 'an agent that ran out of memory says which limit to raise', pod: exits(137, { reason: 'OOMKilled' }), verdict: { ...FAILED, reason: 'OOMKilled', retryable: true }, says: /limits\.memory/ },
  { name: 'an agent that was killed for nobody knows what is not said to lack memory', pod: exits(137), verdict: { ...FAILED, reason: 'AgentFailed' }, says: /SIGKILL.*if that was/ },
  ...START_ERRORS.map(([what, message, says]): EndRow => (
    { name: `a command that ${what} cannot be run`, pod: exits(128, { reason: 'StartError', message }), verdict: { ...FAILED, reason: 'RunContainerError', retryable: false }, says }
  )),
  { name: 'a command that Docker does not find cannot be run', pod: exits(127, { reason: 'ContainerCannotRun' }), verdict: { ...FAILED, reason: 'RunContainerError' }, says: /could not be started; check that its command is in the image$/ },
  {
    name: 'an agent that its node does not know any more is lost with the node',
    pod: exits(137, { reason: 'ContainerStatusUnknown', message: 'The container could not be located', finishedAt: null }),
    verdict: { ...FAILED, reason: 'NodeLost', retryable: true },
    says: /could not be located/,
  },
  { name: 'a pod that has succeeded without a word of its agent has succeeded', pod: document({ phase: 'Succeeded' }), verdict: { agent: 'stopped', reason: 'Succeeded' }, says: /all containers/ },
];

const BESIDE: readonly EndRow[] = [
  {
    name: 'an agent that has ended ends the run though a sidecar keeps the pod running; the pod is stopped',
    pod: document({ phase: 'Running', containerStatuses: [running('istio-proxy'), terminated('agent', 0)] }),
    verdict: { kind: 'ended', agent: 'stopped', reason: 'Succeeded', stopsPod: true },
    says: /code 0/,
  },
  {
    name: 'an agent that has failed beside a running sidecar has failed',
    pod: document({ phase: 'Running', containerStatuses: [running('istio-proxy'), terminated('agent', 3)] }),
    verdict: { kind: 'ended', agent: 'error', reason: 'AgentFailed', stopsPod: true },
    says: /code 3; another container keeps the pod running; the log goes with the pod, which is deleted; kubectl get events -n team --field-selector involvedObject\.name=fix-0 shows/,
  },
  {
    name: 'a pod that is deleted already is not stopped again, though a sidecar still runs in it',
    pod: document({ phase: 'Running', containerStatuses: [running('istio-proxy'), terminated('agent', 0)] }, deleted(5)),
    verdict: { reason: 'Succeeded', stopsPod: false },
    says: /code 0/,
  },
  {
    name: 'a pod that is over is left for its logs, though a sidecar in it never began',
    pod: document({ phase: 'Failed', containerStatuses: [waiting('istio-proxy', 'ErrImagePull'), terminated('agent', 1)] }),
    verdict: { reason: 'AgentFailed', stopsPod: false },
    says: /code 1/,
  },
  {
    name: 'the runtime has the time to report that the kubelet gives it',
    pod: document({ phase: 'Running', initContainerStatuses: [running('runtime')], containerStatuses: [terminated('agent', 0)] }),
    verdict: { reason: 'Succeeded', stopsPod: false },
    says: /code 0/,
  },
  {
    name: 'a failed sidecar does not make a success a failure',
    pod: document({ phase: 'Failed', containerStatuses: [terminated('agent', 0), terminated('istio-proxy', 1)] }),
    verdict: { agent: 'stopped', reason: 'Succeeded' },
    says: /code 0/,
  },
];

const IMPOSED: readonly EndRow[] = [
  {
    name: 'an agent that its node evicts for disk says what to raise',
    pod: byPod('Evicted', 137, 'Usage of EmptyDir volume "tmp" exceeds the limit "1Gi".'),
    verdict: { ...FAILED, reason: 'Evicted', retryable: true },
    says: /more ephemeral storage.*EmptyDir volume "tmp"/,
  },
  { name: 'an agent that its node evicts for processes says so', pod: byPod('Evicted', 137, 'The node was low on resource: pids.'), verdict: { reason: 'Evicted' }, says: /fewer processes/ },
  { name: 'an agent that its node needs the room of is preempted', pod: byPod('Preempting', 143), verdict: { ...FAILED, reason: 'Preempted', retryable: true }, says: /make room/ },
  {
    name: 'an agent whose node shuts down gracefully may run elsewhere',
    pod: byPod('Terminated', 143, 'Pod was terminated in response to imminent node shutdown.'),
    verdict: { ...FAILED, reason: 'NodeShutdown', retryable: true },
    says: /imminent node shutdown/,
  },
  { name: 'an agent whose node is lost may run elsewhere', pod: byPod('NodeLost', 137), verdict: { ...FAILED, reason: 'NodeLost', retryable: true }, says: /is lost/ },
  { name: 'an agent that a more important pod drives out is preempted', pod: disrupted('PreemptionByScheduler', 143), verdict: { reason: 'Preempted', retryable: true }, says: /higher priority/ },
  { name: 'an agent that a drain drives out is evicted', pod: disrupted('EvictionByEvictionAPI', 143), verdict: { reason: 'Evicted', retryable: true }, says: /drain/ },
  { name: 'an agent that a taint drives out is evicted', pod: disrupted('DeletionByTaintManager', 143), verdict: { reason: 'Evicted', retryable: true }, says: /taint/ },
  { name: 'an agent that the kubelet ends for the node is evicted', pod: disrupted('TerminationByKubelet', 137), verdict: { reason: 'Evicted' }, says: /for the good of its node/ },
  { name: 'a disruption that nobody knows counts as a deletion', pod: disrupted('DeletionByNewController', 143), verdict: { reason: 'PodLost', retryable: true }, says: /deleted/ },
  {
    name: 'an agent that says 0 when a drain tells it to end has not succeeded',
    pod: disrupted('EvictionByEvictionAPI', 0),
    verdict: { kind: 'ended', agent: 'stopped', reason: 'Evicted', retryable: true },
    says: /drain/,
  },
  { name: 'an agent that has succeeded before a drain has succeeded', pod: disrupted('EvictionByEvictionAPI', 0, 5), verdict: { agent: 'stopped', reason: 'Succeeded' }, says: /code 0/ },
  { name: 'an agent that has failed before a drain has failed', pod: disrupted('EvictionByEvictionAPI', 2, 5), verdict: { agent: 'error', reason: 'AgentFailed' }, says: /code 2/ },
  {
    name: 'an agent whose pod somebody deletes is lost',
    pod: document({ phase: 'Running', containerStatuses: [terminated('agent', 143)] }, deleted(15)),
    verdict: { ...FAILED, reason: 'PodLost', retryable: true },
    says: /somebody has deleted/,
  },
  {
    name: 'an agent that has succeeded before somebody deletes its pod has succeeded',
    pod: document({ phase: 'Running', containerStatuses: [terminated('agent', 0)] }, deleted(5)),
    verdict: { agent: 'stopped', reason: 'Succeeded', stopsPod: false },
    says: /code 0/,
  },
  {
    name: 'an agent that says 0 in the second in which it is told to end has not succeeded',
    pod: disrupted('EvictionByEvictionAPI', 0, 10),
    verdict: { agent: 'stopped', reason: 'Evicted' },
    says: /drain/,
  },
  {
    name: 'an agent between the word of its eviction and the deletion of its pod was told',
    pod: document({ phase: 'Running', conditions: [disruption('EvictionByEvictionAPI', 15)], containerStatuses: [terminated('agent', 0)] }, deleted(5)),
    verdict: { agent: 'stopped', reason: 'Evicted' },
    says: /drain/,
  },
  {
    name: 'a disruption that was called off is none',
    pod: document({
      phase: 'Failed',
      conditions: [condition('DisruptionTarget', 'False', { reason: 'PreemptionByScheduler', lastTransitionTime: ago(15) })],
      containerStatuses: [terminated('agent', 1)],
    }),
    verdict: { reason: 'AgentFailed' },
    says: /code 1/,
  },
  {
    name: 'a disruption that was called off does not spoil a success',
    pod: document({
      phase: 'Succeeded',
      conditions: [condition('DisruptionTarget', 'False', { reason: 'PreemptionByScheduler', lastTransitionTime: ago(15) })],
      containerStatuses: [terminated('agent', 0)],
    }),
    verdict: { reason: 'Succeeded' },
    says: /code 0/,
  },
];

const LATE = { kind: 'ended', reason: 'DeadlineExceeded', retryable: false, stopsPod: false } as const;

const AT_THE_DEADLINE: readonly EndRow[] = [
  { name: 'an agent whose pod the kubelet ends at its deadline is late for good', pod: late(15, 137), verdict: { ...LATE, agent: 'error' }, says: /timeout.*longer than the specified deadline/ },
  { name: 'an agent that says 0 when the kubelet ends its pod at the deadline has not succeeded', pod: late(15, 0), verdict: { ...LATE, agent: 'stopped' }, says: /timeout/ },
  { name: 'an agent that says 0 in the second of the deadline has not succeeded', pod: late(10, 0), verdict: LATE, says: /timeout/ },
  {
    name: 'an agent that has succeeded before the deadline has succeeded, though what ends beside it makes the kubelet say that the pod is late',
    pod: late(5, 0),
    verdict: { kind: 'ended', agent: 'stopped', reason: 'Succeeded' },
    says: /code 0$/,
  },
  { name: 'an agent that has failed before the deadline has failed, and may be tried again', pod: late(5, 3), verdict: { ...FAILED, reason: 'AgentFailed', retryable: true }, says: /code 3$/ },
  { name: 'an agent that ran out of memory before the deadline says so', pod: late(5, 137, { reason: 'OOMKilled' }), verdict: { reason: 'OOMKilled', retryable: true }, says: /limits\.memory/ },
  {
    name: 'an agent that says 0 at a deadline that nobody knows has not succeeded: its pod may have been told before',
    pod: document({ startTime: undefined, phase: 'Failed', reason: 'DeadlineExceeded', containerStatuses: [terminated('agent', 0)] }),
    verdict: LATE,
    says: /timeout/,
  },
  { name: 'an agent that says 0 at a time that nobody knows has not succeeded when its pod is late', pod: late(5, 0, { finishedAt: null }), verdict: LATE, says: /timeout/ },
  {
    name: 'an agent that says 0 from the deadline on has not succeeded, though what still ends beside it keeps the kubelet from saying so',
    pod: document({ ...overdue(10), phase: 'Running', initContainerStatuses: [running('runtime')], containerStatuses: [terminated('agent', 0)] }),
    verdict: LATE,
    says: /timeout/,
  },
  {
    name: 'a pod that the kubelet ends at its deadline is left for its logs, though a sidecar in it has yet to end',
    pod: document({ ...overdue(15), phase: 'Running', containerStatuses: [running('istio-proxy'), terminated('agent', 143)] }),
    verdict: LATE,
    says: /timeout/,
  },
  {
    name: 'an agent that says 0 in the grace of a deletion is lost though the deadline passes meanwhile',
    pod: document({ ...overdue(12), phase: 'Running', containerStatuses: [terminated('agent', 0)] }, deleted(15)),
    verdict: { reason: 'PodLost', retryable: true },
    says: /somebody has deleted/,
  },
  {
    name: 'a pod at its deadline that never got to its agent is late for good',
    pod: document({ ...overdue(15), phase: 'Failed', reason: 'DeadlineExceeded', message: DEADLINE }),
    verdict: { ...LATE, agent: 'error' },
    says: /specified deadline/,
  },
];

export const AGENT_END_ROWS = { EXIT_CODES, BESIDE, IMPOSED, AT_THE_DEADLINE };
