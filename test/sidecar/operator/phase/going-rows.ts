import { again, ago, condition, document, Row, running, SCHEDULED, terminated, waiting } from './pod-documents';
import type { Going } from '../../../../sidecar/src/operator/phase/verdict';

type GoingRow = Row & { readonly verdict: Partial<Going> };

const unscheduled = (reason: string, message: string) => document({ startTime: undefined, conditions: [condition('PodScheduled', 'False', { reason, message })] });
const since = (seconds: number) => [condition('PodScheduled', 'True', { lastTransitionTime: ago(seconds) })];
const FENCED = terminated('fence', 0);
const NEXT = (name: string) => waiting(name, 'PodInitializing');

const BEFORE_THE_NODE: readonly GoingRow[] = [
  { name: 'a run that has no pod yet is created', verdict: { kind: 'going', agent: 'created', reason: 'InProgress' }, says: /no pod yet/ },
  {
    name: 'a pod that nobody has looked at is provisioned',
    pod: document({ conditions: [], startTime: undefined }),
    verdict: { agent: 'provisioning', reason: 'InProgress' },
    says: /waits for a node$/,
  },
  {
    name: 'an unschedulable pod waits, as an autoscaler may bring a node, and never ends the run',
    pod: unscheduled('Unschedulable', '0/3 nodes are available: 3 Insufficient memory.'),
    verdict: { kind: 'going', agent: 'provisioning', reason: 'Unschedulable', podReady: 'Pending' },
    says: /autoscaler.*the scheduler says: 0\/3 nodes.*Insufficient memory/,
  },
  {
    name: 'an unschedulable pod whose claim has no volume says so',
    pod: unscheduled('Unschedulable', '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.'),
    verdict: { agent: 'provisioning', reason: 'VolumePending' },
    says: /storage class of the Workspace/,
  },
  {
    name: 'an unschedulable pod whose claim is missing says so',
    pod: unscheduled('Unschedulable', 'persistentvolumeclaim "ws-main" not found'),
    verdict: { reason: 'VolumePending' },
    says: /"ws-main" not found/,
  },
  { name: 'a pod that a queue of jobs holds back waits', pod: unscheduled('SchedulingGated', 'Scheduling is blocked'), verdict: { reason: 'Unschedulable' }, says: /scheduling gates/ },
  { name: 'a failure of the scheduler is no failure of the run', pod: unscheduled('SchedulerError', 'binding rejected'), verdict: { reason: 'Unschedulable' }, says: /tries again/ },
];

const ON_THE_NODE: readonly GoingRow[] = [
  {
    name: 'a pod that has just got its node is provisioned',
    pod: document({ startTime: undefined }),
    verdict: { agent: 'provisioning', reason: 'PodInitializing', againAfter: 30_000 },
    says: /^the pod is getting ready$/,
  },
  {
    name: 'a pod whose images are pulled is provisioned',
    pod: document({ initContainerStatuses: [NEXT('fence'), NEXT('seed')], containerStatuses: [NEXT('agent')] }),
    verdict: { agent: 'provisioning', reason: 'PodInitializing' },
    says: /^the pod is getting ready$/,
  },
  {
    name: 'a pod that gets ready for more than a minute says what may be missing',
    pod: document({ conditions: since(60), initContainerStatuses: [NEXT('fence')] }),
    verdict: { kind: 'going', agent: 'provisioning', reason: 'PodInitializing' },
    says: /a volume, a Secret or the network/,
  },
  {
    name: 'a pod without init containers whose containers are made is provisioned',
    pod: document({ containerStatuses: [waiting('agent', 'ContainerCreating')] }),
    verdict: { agent: 'provisioning', reason: 'ContainerCreating', againAfter: 30_000 },
    says: /^container agent: ContainerCreating$/,
  },
  {
    name: 'a container that is made for hours goes on, with the hint',
    pod: document({ conditions: since(7200), containerStatuses: [waiting('agent', 'ContainerCreating')] }),
    verdict: { kind: 'going', reason: 'ContainerCreating' },
    says: /events of the pod/,
  },
  {
    name: 'a reason that no kubelet has today is waited for and shown',
    pod: document({ containerStatuses: [waiting('agent', 'ResizingSomething')] }),
    verdict: { kind: 'going', reason: 'ContainerCreating' },
    says: /^container agent: ResizingSomething$/,
  },
  {
    name: 'a reason with the name of a member of every object is no reason of the table',
    pod: document({ containerStatuses: [waiting('agent', 'constructor')] }),
    verdict: { kind: 'going', reason: 'ContainerCreating' },
    says: /constructor/,
  },
  {
    name: 'a container that waits without saying why is waited for',
    pod: document({ containerStatuses: [waiting('agent', '')] }),
    verdict: { kind: 'going', reason: 'ContainerCreating' },
    says: /^container agent waits$/,
  },
  {
    name: 'a pod whose fence waits is provisioned',
    pod: document({ initContainerStatuses: [running('fence'), NEXT('seed')], containerStatuses: [NEXT('agent')] }),
    verdict: { agent: 'provisioning', reason: 'FenceWaiting' },
    says: /until its NetworkPolicy holds/,
  },
  {
    name: 'a sidecar that others begin before the fence does not hide it',
    pod: document({ initContainerStatuses: [running('istio-proxy'), running('fence'), NEXT('seed')], containerStatuses: [NEXT('agent')] }),
    verdict: { agent: 'provisioning', reason: 'FenceWaiting' },
    says: /NetworkPolicy/,
  },
  {
    name: 'a pod between fence and seed is provisioned',
    pod: document({ initContainerStatuses: [FENCED, NEXT('seed')], containerStatuses: [NEXT('agent')] }),
    verdict: { agent: 'provisioning', reason: 'PodInitializing', againAfter: 50_000 },
    says: /getting ready/,
  },
  {
    name: 'a pod that seeds its Workspace is cloning',
    pod: document({ initContainerStatuses: [FENCED, running('seed')], containerStatuses: [NEXT('agent')] }),
    verdict: { agent: 'cloning', reason: 'Cloning' },
    says: /being cloned/,
  },
  {
    name: 'a pod between seed and agent is starting',
    pod: document({ initContainerStatuses: [FENCED, terminated('seed', 0)], containerStatuses: [NEXT('agent')] }),
    verdict: { agent: 'starting', reason: 'PodInitializing' },
    says: /getting ready/,
  },
  {
    name: 'a pod whose seed has no image yet is provisioned, though its fence had one',
    pod: document({ initContainerStatuses: [FENCED, waiting('seed', 'ErrImagePull', 'timeout')], containerStatuses: [NEXT('agent')] }),
    verdict: { agent: 'provisioning', reason: 'ErrImagePull' },
    says: /^container seed: ErrImagePull; (?!.*imagePullSecrets of the template)it is the image by which the platform clones/,
  },
  {
    name: 'a pod whose runtime runs and whose agent does not yet is starting',
    pod: document({ initContainerStatuses: [FENCED, running('runtime')], containerStatuses: [NEXT('agent')] }),
    verdict: { agent: 'starting', reason: 'PodInitializing' },
    says: /getting ready/,
  },
];

const RUNNING: readonly GoingRow[] = [
  {
    name: 'an agent that runs is running',
    pod: document({ phase: 'Running', initContainerStatuses: [FENCED, running('runtime')], containerStatuses: [running('agent')] }),
    verdict: { kind: 'going', agent: 'running', reason: 'InProgress', podReady: 'Running' },
    says: /^the agent runs$/,
  },
  {
    name: 'an agent whose image came after a back-off is running',
    pod: document({ phase: 'Running', conditions: since(900), containerStatuses: [running('agent', 1)] }),
    verdict: { kind: 'going', agent: 'running' },
    says: /^the agent runs$/,
  },
  {
    name: 'an agent that is not ready is running all the same',
    pod: document({ phase: 'Running', conditions: [SCHEDULED, condition('Ready', 'False', { reason: 'ContainersNotReady' })], containerStatuses: [running('agent')] }),
    verdict: { agent: 'running', podReady: 'Running' },
    says: /^the agent runs$/,
  },
  {
    name: 'an agent runs on though the runtime beside it crashes',
    pod: document({ phase: 'Running', initContainerStatuses: [again(waiting('runtime', 'CrashLoopBackOff'), 4)], containerStatuses: [running('agent')] }),
    verdict: { kind: 'going', agent: 'running', reason: 'InProgress' },
    says: /reports may be missing.*CrashLoopBackOff/,
  },
];

export const GOING_ROWS = { BEFORE_THE_NODE, ON_THE_NODE, RUNNING };
