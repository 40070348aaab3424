import { configHint, pullHint, startHint } from './hints';
import type { EndReason, WaitingReason } from '../../../../src/protocol/runs';

const MINUTE = 60_000;

/** What a run does about a container that waits. Times in milliseconds. */
export type Decision = Wait | Bear | Refuse;

/** Waits for as long as the run may take: it is the usual course. */
export interface Wait {
  readonly kind: 'wait';
  readonly reason: WaitingReason;
  /** For people, once it takes longer than `hintAfter`. */
  readonly hint: string;
  readonly hintAfter: number;
}

/** Waits for a while, as it may go away: registries come back, Secrets are applied in any order. */
export interface Bear {
  readonly kind: 'bear';
  readonly reason: WaitingReason;
  readonly patience: number;
  /** Whether the container works in between, so that no look tells which failure was the first: its patience counts from when the container was due. */
  readonly recurs?: boolean;
  /** Where people can look as long as the pod is there. */
  readonly meanwhile?: string;
  readonly end: EndReason;
  readonly retryable: boolean;
  readonly hint: (message: string, container: string) => string;
}

/** Gives up at once: it stays as it is until the template is changed. */
export interface Refuse {
  readonly kind: 'refuse';
  readonly end: EndReason;
  readonly hint: string;
}

const SLOW_START = 'if this lasts, look at the events of the pod: a volume, a Secret or the network of the node may be missing';
const creating = (reason: WaitingReason): Wait => ({ kind: 'wait', reason, hint: SLOW_START, hintAfter: MINUTE });

const image = (reason: WaitingReason, hint: Bear['hint']): Bear => (
  { kind: 'bear', reason, patience: 5 * MINUTE, end: 'ErrImagePull', retryable: true, hint }
);
const pulling = (reason: WaitingReason): Bear => image(reason, (_, container) => pullHint(container));

const making = (reason: 'CreateContainerError' | 'RunContainerError', hint: Bear['hint']): Bear => (
  { kind: 'bear', reason, patience: 2 * MINUTE, end: reason, retryable: true, hint }
);

/** Between two containers: nothing hinders. */
export const BETWEEN: Wait = creating('PodInitializing');

/**
 * Each reason for which the kubelet lets a container wait, decided by itself. `Unschedulable` is none of them: it is a
 * reason of the condition PodScheduled.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-states
 */
export const WAITING: ReadonlyMap<string, Decision> = new Map<string, Decision>([
  ['ContainerCreating', creating('ContainerCreating')],
  ['PodInitializing', BETWEEN],
  ['ErrImagePull', pulling('ErrImagePull')],
  ['ImagePullBackOff', pulling('ImagePullBackOff')],
  ['RegistryUnavailable', image('RegistryUnavailable', () => 'the registry does not answer the node')],
  ['ImageInspectError', image('ImageInspectError', () => 'the container runtime cannot read the image; it may be broken on this node')],
  ['SignatureValidationFailed', image('SignatureValidationFailed', () => 'the node takes signed images only; sign the image or use one that is signed')],
  ['InvalidImageName', { kind: 'refuse', end: 'InvalidImageName', hint: 'the template names an image that cannot be: it must be <registry>/<name>:<tag> or <registry>/<name>@<digest>' }],
  ['ErrImageNeverPull', { kind: 'refuse', end: 'ErrImageNeverPull', hint: 'the node does not have the image and imagePullPolicy Never forbids to pull it; set IfNotPresent or load the image onto the nodes' }],
  ['CreateContainerConfigError', {
    kind: 'bear', reason: 'CreateContainerConfigError', patience: 2 * MINUTE, end: 'CreateContainerConfigError', retryable: false, hint: configHint,
  }],
  ['CreateContainerError', making('CreateContainerError', () => 'the container runtime of the node cannot make the container')],
  ['RunContainerError', making('RunContainerError', (message) => `the container runtime of the node cannot start the container; ${startHint(message)}`)],
  ['CrashLoopBackOff', {
    kind: 'bear',
    reason: 'CrashLoopBackOff',
    patience: 2 * MINUTE,
    recurs: true,
    end: 'InitFailed',
    retryable: true,
    meanwhile: 'its log says why',
    hint: () => 'the container ends as often as it is begun',
  }],
]);

/** A reason that is not in the table is waited for: the time-out of the run bounds it. */
export const UNKNOWN: Wait = creating('ContainerCreating');
