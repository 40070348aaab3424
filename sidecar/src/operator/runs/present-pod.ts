import { PODS } from './delete-pod';
import type { RunWork } from './run-work';
import { runPod } from '../../../../src/protocol/runs';
import type { KubeObject } from '../../kube/client';
import { hasCode } from '../../kube/kube-error';
import { Pod, podOf } from '../objects/pod';
import type { Run } from '../objects/run';
import type { OperatorDeps } from '../operator-deps';

/** The present attempt of a run. */
export interface Attempt {
  readonly pod?: Pod;
  /** Whether a pod of it was seen. */
  readonly wasThere: boolean;
  /** Whether the watch tells of the pod. It does not when somebody has taken off the label that it selects by. */
  readonly isWatched: boolean;
}

/** The pod of the present attempt, as far as the watch has told. One of the right name that another object owns is none of the run. */
export function watchedPod({ world }: Pick<OperatorDeps, 'world'>, { run, status }: RunWork): Pod | undefined {
  const { attempt = 0 } = status;
  const pod = world.pods.get(run.namespace, runPod(run.name, attempt));
  return pod !== undefined && isOfAttempt(pod, run, attempt) ? pod : undefined;
}

/** Whether a pod with the name of an attempt is that of the attempt. */
export function isOfAttempt({ ownerUid, attempt }: Pod, { uid }: Run, wanted: number): boolean {
  return ownerUid === uid && attempt === wanted;
}

/**
 * The pod of an attempt that was begun before, and of which neither the status nor the watch tells yet. It was made of the template
 * as that was then, so its Secrets must stay as they are.
 */
export async function untoldPod({ client }: Pick<OperatorDeps, 'client'>, { run, status: { startTime, attempt = 0 } }: RunWork): Promise<Pod | undefined> {
  if (startTime === undefined) return undefined;
  const found = await podNamed(client, run.namespace, runPod(run.name, attempt));
  const pod = found && podOf(found);
  return pod !== undefined && isOfAttempt(pod, run, attempt) ? pod : undefined;
}

/** Asks the API server before a pod counts as gone: the watch may be behind, and two pods of a run must never work at once. */
export async function attemptOf(deps: Pick<OperatorDeps, 'client' | 'world'>, work: RunWork): Promise<Attempt> {
  const { run, status: { podUID, attempt = 0 } } = work;
  const watched = watchedPod(deps, work);
  // Changes of a pod wake the run that its label names, which whoever may write pods can change.
  const isWatched = watched === undefined || watched.run === run.name;
  if (watched !== undefined || podUID === undefined) return { ...(watched && { pod: watched }), wasThere: podUID !== undefined, isWatched };
  const found = await podNamed(deps.client, run.namespace, runPod(run.name, attempt));
  const isIt = found?.metadata.uid === podUID;
  return { ...(isIt ? { pod: podOf(found) } : {}), wasThere: true, isWatched: !isIt };
}

/** Undefined when there is none. */
export async function podNamed(client: Pick<OperatorDeps['client'], 'get'>, namespace: string, name: string): Promise<KubeObject | undefined> {
  try {
    return await client.get({ ...PODS, namespace }, name);
  } catch (error) {
    if (hasCode(error, 'NotFound')) return undefined;
    throw error;
  }
}
