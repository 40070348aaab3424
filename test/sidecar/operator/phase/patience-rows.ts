import { again, ago, condition, document, NOW, Row, running, said, terminated, waiting } from './pod-documents';
import type { Going } from '../../../../sidecar/src/operator/phase/verdict';

type GoingRow = Row & { readonly verdict: Partial<Going> };

const since = (seconds: number) => [condition('PodScheduled', 'True', { lastTransitionTime: ago(seconds) })];
const FENCED = terminated('fence', 0);
const NEXT = (name: string) => waiting(name, 'PodInitializing');
const agentWaits = (reason: string, message: string) => document({ initContainerStatuses: [FENCED, running('runtime', 9)], containerStatuses: [waiting('agent', reason, message)] });
const IN = (seconds: number) => ({ againAfter: seconds * 1000, giveUpAt: NOW + seconds * 1000 });
const NO_IMAGE = agentWaits('ErrImagePull', 'manifest unknown');

const FIRST_LOOK: readonly GoingRow[] = [
  ...(['ErrImagePull', 'ImagePullBackOff', 'RegistryUnavailable', 'ImageInspectError', 'SignatureValidationFailed'] as const).map((reason): GoingRow => ({
    name: `an agent with ${reason} is borne for five minutes`,
    pod: agentWaits(reason, 'registry.example: 503'),
    verdict: { kind: 'going', agent: 'starting', reason, ...IN(300) },
    says: /the kubelet says: registry.example: 503/,
  })),
  {
    name: 'the first image that cannot be pulled keeps a pod provisioning',
    pod: document({ initContainerStatuses: [waiting('fence', 'ErrImagePull', 'timeout')] }),
    verdict: { kind: 'going', agent: 'provisioning', reason: 'ErrImagePull', ...IN(300) },
    says: /^container fence: ErrImagePull; it is the image of the platform itself, not of the template: who adds the namespace .*imagePullSecrets.*timeout$/,
  },
  {
    name: 'the image of a runtime that cannot be pulled is one of the template',
    pod: document({ initContainerStatuses: [FENCED, waiting('runtime', 'ImagePullBackOff', 'Back-off')], containerStatuses: [NEXT('agent')] }),
    verdict: { kind: 'going', agent: 'starting', reason: 'ImagePullBackOff', ...IN(300) },
    says: /^container runtime: ImagePullBackOff; check the name and the tag of the image, the imagePullSecrets of the template/,
  },
  {
    name: 'a missing Secret is waited for, as it may be applied later',
    pod: agentWaits('CreateContainerConfigError', 'secret "fix-broker-creds" not found'),
    verdict: { kind: 'going', agent: 'starting', reason: 'CreateContainerConfigError', ...IN(120) },
    says: /not in the namespace; create it/,
  },
  ...(['CreateContainerError', 'RunContainerError'] as const).map((reason): GoingRow => ({
    name: `an agent with ${reason} is borne for two minutes`,
    pod: agentWaits(reason, 'context deadline exceeded'),
    verdict: { kind: 'going', agent: 'starting', reason, ...IN(120) },
    says: /the container runtime of the node/,
  })),
  {
    name: 'an agent that cannot be made for the first time is starting',
    pod: document({ initContainerStatuses: [FENCED], containerStatuses: [waiting('agent', 'CreateContainerError')] }),
    verdict: { kind: 'going', agent: 'starting', reason: 'CreateContainerError', ...IN(120) },
    says: /cannot make the container/,
  },
  {
    name: 'a pull that took seven minutes and fails once is borne like one that fails at once',
    pod: document({ conditions: since(440), initContainerStatuses: [terminated('fence', 0, { finishedAt: ago(420) })], containerStatuses: [waiting('agent', 'ErrImagePull', 'EOF')] }),
    verdict: { kind: 'going', agent: 'starting', reason: 'ErrImagePull', ...IN(300) },
    says: /EOF/,
  },
];

const NEXT_LOOK: readonly GoingRow[] = [
  { name: 'what goes on is given up when the first look has said', pod: NO_IMAGE, before: said('ErrImagePull', 100), verdict: { reason: 'ErrImagePull', ...IN(100) }, says: /check/ },
  {
    name: 'an image is the same fault by each of its names',
    pod: agentWaits('ImagePullBackOff', 'Back-off'),
    before: said('RegistryUnavailable', 100),
    verdict: { reason: 'ImagePullBackOff', ...IN(100) },
    says: /Back-off/,
  },
  { name: 'another fault begins anew', pod: NO_IMAGE, before: said('CreateContainerConfigError', 1), verdict: IN(300), says: /check/ },
  {
    name: 'a fault of the container begins anew after one of the image',
    pod: agentWaits('CreateContainerError', 'device busy'),
    before: said('ImagePullBackOff', -1),
    verdict: { kind: 'going', ...IN(120) },
    says: /device busy/,
  },
  { name: 'a fault after it was mended begins anew, whatever is left in the status', pod: NO_IMAGE, before: said('PodInitializing', 1), verdict: IN(300), says: /check/ },
  { name: 'a reason that nobody knows begins anew', pod: NO_IMAGE, before: said('constructor', 1), verdict: IN(300), says: /check/ },
  { name: 'a status that has lost the time begins anew', pod: NO_IMAGE, before: said('ErrImagePull'), verdict: IN(300), says: /check/ },
  { name: 'a time that is too late, by a clock that was set, is brought forward', pod: NO_IMAGE, before: said('ErrImagePull', 9999), verdict: IN(300), says: /check/ },
  {
    name: 'a node that falls silent tells nothing new: the patience goes on',
    pod: document({ phase: 'Unknown', initContainerStatuses: [FENCED], containerStatuses: [waiting('agent', 'ErrImagePull')] }),
    before: said('ErrImagePull', 100),
    verdict: { kind: 'going', reason: 'NodeUnreachable', ...IN(100) },
    says: /does not answer/,
  },
  { name: 'a node that answers again finds it as it was', pod: NO_IMAGE, before: said('NodeUnreachable', 100), verdict: { reason: 'ErrImagePull', ...IN(100) }, says: /check/ },
  { name: 'a fault that a node comes back with begins anew when there was none before', pod: NO_IMAGE, before: said('NodeUnreachable'), verdict: IN(300), says: /check/ },
];

const RECURRING: readonly GoingRow[] = [
  {
    name: 'a runtime that crashes is waited for, and its own restarts do not prolong that',
    pod: document({ initContainerStatuses: [FENCED, again(waiting('runtime', 'CrashLoopBackOff', 'back-off 20s'), 2)], containerStatuses: [NEXT('agent')] }),
    verdict: { kind: 'going', agent: 'starting', reason: 'CrashLoopBackOff', ...IN(110) },
    says: /^container runtime: CrashLoopBackOff/,
  },
  {
    name: 'a runtime that has just crashed is the same',
    pod: document({ initContainerStatuses: [FENCED, terminated('runtime', 1, { finishedAt: ago(1) })], containerStatuses: [NEXT('agent')] }),
    verdict: { kind: 'going', agent: 'starting', reason: 'CrashLoopBackOff', ...IN(110) },
    says: /^container runtime: CrashLoopBackOff/,
  },
  {
    name: 'a runtime that crashes again counts from when it was due, as it worked in between',
    pod: document({ initContainerStatuses: [FENCED, again(waiting('runtime', 'CrashLoopBackOff', 'back-off 40s'), 3)], containerStatuses: [NEXT('agent')] }),
    before: said('PodInitializing'),
    verdict: { kind: 'going', reason: 'CrashLoopBackOff', ...IN(110) },
    says: /back-off 40s/,
  },
  {
    name: 'a runtime that crashes on a node whose clock is ahead has its patience and no more',
    pod: document({ conditions: since(-600), initContainerStatuses: [again(waiting('runtime', 'CrashLoopBackOff'), 1)], containerStatuses: [NEXT('agent')] }),
    verdict: { kind: 'going', reason: 'CrashLoopBackOff', ...IN(120) },
    says: /its log says why/,
  },
];

export const PATIENCE_ROWS = { FIRST_LOOK, NEXT_LOOK, RECURRING };
