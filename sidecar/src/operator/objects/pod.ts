import type { ContainerStatus, Pod as ApiPod } from 'kubernetes-types/core/v1';
import { defined } from './defined';
import { Meta, metaOf, timeOf } from './meta';
import { ANNOTATIONS, LABELS } from '../../../../src/protocol/names';
import type { TemplateIdentity } from '../../../../src/protocol/policy';
import { templateIdentity } from '../../../../src/protocol/resources/harness-run-status';
import { problemsOf } from '../../../../src/protocol/schema/validate';
import type { KubeObject } from '../../kube/client';
import { fieldsOf } from '../../server/text/fields';

/** A pod of a run, as far as the run's phase depends on it. Times in milliseconds since 1970. */
export interface Pod extends Meta {
  /** Name of the run that the pod says it is of. */
  readonly run: string;
  /** Name of the Workspace that the run works in; undefined for one without. */
  readonly workspace?: string;
  /** UID of the run that owns it; undefined for a pod that somebody else has made. */
  readonly ownerUid?: string;
  readonly attempt: number;
  /** What it was made of; undefined where the pod does not say so. */
  readonly template?: TemplateIdentity;
  /** UID of its containers; undefined where only their images say it, which no pod of ours leaves to them. */
  readonly userId?: number;
  readonly graceSeconds: number;
  /** Time from `startedAt` after which the kubelet ends it, in seconds; undefined when it never does. */
  readonly activeDeadlineSeconds?: number;
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  /** Of the pod as a whole, such as `Evicted` or `NodeLost`. */
  readonly reason?: string;
  readonly message?: string;
  readonly startedAt?: number;
  readonly scheduled?: PodCondition;
  /** https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions */
  readonly disrupted?: PodCondition;
  readonly ready?: PodCondition;
  readonly ips: readonly string[];
  /** In their order; those that have not begun may be missing. */
  readonly inits: readonly ContainerState[];
  readonly containers: readonly ContainerState[];
}

export interface PodCondition {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly since?: number;
}

export interface ContainerState {
  readonly name: string;
  readonly state: 'waiting' | 'running' | 'terminated';
  readonly reason?: string;
  readonly message?: string;
  /** Of a container that has ended. */
  readonly exitCode?: number;
  /** Of one that waits to be begun again. */
  readonly lastExitCode?: number;
  readonly signal?: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly restarts: number;
}

export function podOf(object: KubeObject): Pod {
  const meta = metaOf(object);
  const { metadata, spec, status = {} } = object as unknown as ApiPod;
  const { labels = {}, annotations = {}, ownerReferences = [], deletionGracePeriodSeconds } = metadata ?? {};
  const condition = (type: string): PodCondition | undefined => {
    const found = status.conditions?.find((one) => one.type === type);
    if (found === undefined) return undefined;
    return defined({ status: found.status as PodCondition['status'], reason: found.reason, message: found.message, since: timeOf(found.lastTransitionTime) });
  };
  return defined({
    ...meta,
    run: labels[LABELS.run] ?? '',
    workspace: labels[LABELS.runWorkspace],
    ownerUid: ownerReferences.find(({ kind, controller }) => kind === 'HarnessRun' && controller === true)?.uid,
    attempt: Number(labels[LABELS.attempt] ?? NaN),
    template: templateIn(annotations[ANNOTATIONS.template]),
    userId: spec?.securityContext?.runAsUser,
    graceSeconds: deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? 30,
    activeDeadlineSeconds: spec?.activeDeadlineSeconds,
    phase: (status.phase ?? 'Pending') as Pod['phase'],
    reason: status.reason,
    message: status.message,
    startedAt: timeOf(status.startTime),
    scheduled: condition('PodScheduled'),
    disrupted: condition('DisruptionTarget'),
    ready: condition('Ready'),
    ips: (status.podIPs ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip])),
    inits: (status.initContainerStatuses ?? []).map(stateOf),
    containers: (status.containerStatuses ?? []).map(stateOf),
  });
}

function templateIn(text = ''): TemplateIdentity | undefined {
  const value = fieldsOf(text);
  return value === undefined || problemsOf(templateIdentity, value, '').length > 0 ? undefined : value as unknown as TemplateIdentity;
}

function stateOf({ name, state = {}, lastState = {}, restartCount }: ContainerStatus): ContainerState {
  const { waiting, running, terminated } = state;
  if (terminated !== undefined) {
    const { reason, message, exitCode, signal, startedAt, finishedAt } = terminated;
    return defined({ name, state: 'terminated', reason, message, exitCode, signal, startedAt: timeOf(startedAt), finishedAt: timeOf(finishedAt), restarts: restartCount });
  }
  if (running !== undefined) return defined({ name, state: 'running', startedAt: timeOf(running.startedAt), restarts: restartCount });
  return defined({ name, state: 'waiting', reason: waiting?.reason, message: waiting?.message, lastExitCode: lastState.terminated?.exitCode, restarts: restartCount });
}
