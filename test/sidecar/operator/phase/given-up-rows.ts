import { again, ago, condition, document, Row, running, said, terminated, waiting } from './pod-documents';
import type { Ended } from '../../../../sidecar/src/operator/phase/verdict';

type EndRow = Row & { readonly verdict: Partial<Ended> };

const waits = (reason: string, message = '') => document({ initContainerStatuses: [terminated('fence', 0)], containerStatuses: [waiting('agent', reason, message)] });
const config = (message: string) => ({ pod: waits('CreateContainerConfigError', message), before: said('CreateContainerConfigError', 0) });
const FAILED = { kind: 'ended', agent: 'error' } as const;
const GIVEN_UP = { ...FAILED, stopsPod: true } as const;
const NEXT = waiting('agent', 'PodInitializing');

const OUT_OF_PATIENCE: readonly EndRow[] = [
  ...['ErrImagePull', 'ImagePullBackOff', 'RegistryUnavailable', 'ImageInspectError', 'SignatureValidationFailed'].map((reason): EndRow => ({
    name: `${reason} ends the attempt after five minutes, and another may have a better registry`,
    pod: waits(reason, 'manifest unknown'),
    before: said('ErrImagePull', 0),
    verdict: { ...GIVEN_UP, reason: 'ErrImagePull', retryable: true },
    says: new RegExp(`^container agent: ${reason};.*given up after 5 min; the kubelet says: manifest unknown$`),
  })),
  {
    name: 'an image of the platform that never comes is given up with its own hint',
    pod: document({ initContainerStatuses: [waiting('fence', 'ImagePullBackOff', 'unauthorized')], containerStatuses: [NEXT] }),
    before: said('ErrImagePull', 0),
    verdict: { ...GIVEN_UP, reason: 'ErrImagePull' },
    says: /^(?!.*imagePullSecrets of the template)container fence: ImagePullBackOff; it is the image of the platform.*given up after 5 min; the kubelet says: unauthorized$/,
  },
  {
    name: 'a Secret that is missing for two minutes ends the run',
    ...config('secret "fix-broker-creds" not found'),
    verdict: { ...GIVEN_UP, reason: 'CreateContainerConfigError', retryable: false },
    says: /Secret or ConfigMap.*not in the namespace/,
  },
  {
    name: 'a ConfigMap that is missing for two minutes ends the run',
    ...config('configmap "agent-trust" not found'),
    verdict: { reason: 'CreateContainerConfigError' },
    says: /not in the namespace/,
  },
  {
    name: 'a key that a Secret lacks for two minutes ends the run',
    ...config("couldn't find key token in Secret team/github"),
    verdict: { reason: 'CreateContainerConfigError' },
    says: /lacks a key/,
  },
  {
    name: 'a path in a volume that cannot be mounted ends the run',
    ...config('failed to prepare subPath for volumeMount "work"'),
    verdict: { reason: 'CreateContainerConfigError' },
    says: /check the mounts/,
  },
  {
    name: 'a fault of the configuration that nobody knows ends the run',
    ...config('services have not yet been read at least once'),
    verdict: { reason: 'CreateContainerConfigError' },
    says: /check Secrets, ConfigMaps and mounts/,
  },
  ...(['CreateContainerError', 'RunContainerError'] as const).map((reason): EndRow => ({
    name: `${reason} ends the attempt after two minutes`,
    pod: waits(reason, 'device busy'),
    before: said(reason, 0),
    verdict: { ...GIVEN_UP, reason, retryable: true },
    says: /given up after 2 min/,
  })),
  {
    name: 'a command that is not in the image says so',
    pod: waits('RunContainerError', 'exec: "claude": executable file not found in $PATH'),
    before: said('RunContainerError', 0),
    verdict: { ...GIVEN_UP, reason: 'RunContainerError' },
    says: /is not in the image; check the command of the template and PATH; given up/,
  },
  {
    name: 'a runtime that crashes for two minutes ends the attempt, as the agent would never begin',
    pod: document({
      conditions: [condition('PodScheduled', 'True', { lastTransitionTime: ago(120) })],
      initContainerStatuses: [{ ...again(waiting('runtime', 'CrashLoopBackOff', 'back-off 40s restarting'), 4), lastState: terminated('runtime', 3, { message: 'token=x' }).state }],
      containerStatuses: [NEXT],
    }),
    verdict: { ...GIVEN_UP, reason: 'InitFailed', retryable: true },
    says: /^container runtime: CrashLoopBackOff(?!.*(log says why|token)).*it ended with exit code 3; the log goes with the pod.*involvedObject\.name=fix-0 shows what is left; the kubelet says: back-off/,
  },
  {
    name: 'a runtime that is given up in the moment in which it ends says how it did',
    pod: document({ conditions: [condition('PodScheduled', 'True', { lastTransitionTime: ago(120) })], initContainerStatuses: [again(terminated('runtime', 4), 4)], containerStatuses: [NEXT] }),
    verdict: { ...GIVEN_UP, reason: 'InitFailed' },
    says: /it ended with exit code 4; the log goes with the pod/,
  },
  {
    name: 'an attempt that was given up stays so until its pod has stopped',
    pod: waits('ImagePullBackOff'),
    before: said('Retrying', -5),
    verdict: { ...GIVEN_UP, reason: 'ErrImagePull' },
    says: /given up/,
  },
  {
    name: 'a silent node does not prolong the patience',
    pod: document({ phase: 'Unknown', containerStatuses: [waiting('agent', 'ErrImagePull')] }),
    before: said('NodeUnreachable', 0),
    verdict: { ...GIVEN_UP, reason: 'ErrImagePull' },
    says: /given up/,
  },
];

const AT_ONCE: readonly EndRow[] = [
  {
    name: 'a name that no image can have ends the run at once',
    pod: waits('InvalidImageName', 'couldn\'t parse image name "Agent:::1"'),
    verdict: { ...GIVEN_UP, reason: 'InvalidImageName', retryable: false },
    says: /it must be .*couldn't parse/,
  },
  {
    name: 'an image that may not be pulled and is not there ends the run at once',
    pod: waits('ErrImageNeverPull', 'Container image "agent:1" is not present with pull policy of Never'),
    verdict: { ...GIVEN_UP, reason: 'ErrImageNeverPull', retryable: false },
    says: /imagePullPolicy Never/,
  },
  {
    name: 'a fence that has failed is not the fault of the agent, and says itself what it saw',
    pod: document({ phase: 'Failed', initContainerStatuses: [terminated('fence', 1, { message: 'fence: 10.0.0.7 TCP 15003: answers' })], containerStatuses: [NEXT] }),
    verdict: { ...FAILED, reason: 'FenceFailed', retryable: true, stopsPod: false },
    says: /enforces NetworkPolicies.*it says: fence: 10\.0\.0\.7 TCP 15003/,
  },
  {
    name: 'a fence that has failed ends the attempt before the kubelet ends the pod',
    pod: document({ initContainerStatuses: [terminated('fence', 1)], containerStatuses: [NEXT] }),
    verdict: { ...FAILED, reason: 'FenceFailed', stopsPod: false },
    says: /exit code 1/,
  },
  {
    name: 'a seed that has failed says where its log is and never what git has said',
    pod: document({ phase: 'Failed', initContainerStatuses: [terminated('fence', 0), terminated('seed', 128, { message: 'https://x:surrogate@git.example' })], containerStatuses: [NEXT] }),
    verdict: { ...FAILED, reason: 'SeedFailed', retryable: true },
    says: /^(?!.*surrogate).*exit code 128.*kubectl logs -n team fix-0 -c seed/,
  },
  {
    name: 'an init container of others that has failed ends the attempt with the pod',
    pod: document({ phase: 'Failed', initContainerStatuses: [terminated('vault-agent', 2)], containerStatuses: [NEXT] }),
    verdict: { ...FAILED, reason: 'InitFailed', retryable: true },
    says: /vault-agent has failed with exit code 2; the agent never began/,
  },
  ...['OutOfcpu', 'OutOfpods', 'OutOfephemeral-storage', 'OutOfhugepages-2Mi', 'OutOfnvidia.com/gpu', 'NodeAffinity', 'UnexpectedAdmissionError'].map((reason): EndRow => ({
    name: `a pod that its node refuses with ${reason} ends the attempt`,
    pod: document({ phase: 'Failed', reason, message: 'Node did not have enough resource' }),
    verdict: { ...FAILED, reason: 'NodeRefused', retryable: true, stopsPod: false },
    says: /the node did not take the pod.*enough resource/,
  })),
  {
    name: 'a pod that a node refuses as it shuts down ends the attempt',
    pod: document({ phase: 'Failed', reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' }),
    verdict: { reason: 'NodeShutdown', retryable: true },
    says: /shuts down/,
  },
  {
    name: 'a pod that has failed for a reason nobody knows says that reason',
    pod: document({ phase: 'Failed', reason: 'SysctlForbidden', message: 'forbidden sysctl' }),
    verdict: { ...FAILED, reason: 'PodFailed', retryable: true },
    says: /its reason: SysctlForbidden; the cluster says: forbidden sysctl/,
  },
  { name: 'a pod that has failed without a word has failed', pod: document({ phase: 'Failed' }), verdict: { reason: 'PodFailed' }, says: /^the pod has failed before the agent ended$/ },
  {
    name: 'a pod that is garbage of a node that is gone ends the attempt though its agent is said to run',
    pod: document({ phase: 'Failed', conditions: [condition('DisruptionTarget', 'True', { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' })], containerStatuses: [running('agent')] }),
    verdict: { ...FAILED, reason: 'NodeLost', retryable: true },
    says: /node no longer exists/,
  },
  {
    name: 'a pod that was evicted while it seeded was evicted, whatever the seed made of it',
    pod: document({ phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.', initContainerStatuses: [terminated('seed', 143)] }),
    verdict: { reason: 'Evicted', retryable: true },
    says: /short of memory/,
  },
  {
    name: 'a pod that is gone without an end is lost', wasThere: true, verdict: { ...FAILED, reason: 'PodLost', retryable: true, stopsPod: false }, says: /is gone/,
  },
];

export const GIVEN_UP_ROWS = { OUT_OF_PATIENCE, AT_ONCE };
