import type { Pod } from './pod';
import { LABELS, WORKER_STATES } from '../../../../src/protocol/names';
import { poolObject } from '../../../../src/protocol/objects';
import type { PatchStep } from '../../kube/client';

export interface ClaimPatch {
  /** Value of the session label. */
  readonly sessionId: string;
  /** UID of the pool's ConfigMap, which owns the pod from now on. */
  readonly ownerUid: string;
  /** When the pod is to be gone, in milliseconds since 1970. */
  readonly deadline: number;
  readonly now: number;
}

/**
 * Takes a pod out of its pool and gives it to a session, all at once or not at all. The API server compares UID and state
 * with what is there, so of many that try one wins; the ReplicaSet lets the pod go and makes another.
 */
export function claimPatch(pod: Pod, { sessionId, ownerUid, deadline, now }: ClaimPatch): readonly PatchStep[] {
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: poolObject(pod.pool), uid: ownerUid, controller: false, blockOwnerDeletion: false };
  return [
    { op: 'test', path: '/metadata/uid', value: pod.uid },
    { op: 'test', path: pathOfLabel(LABELS.state), value: WORKER_STATES.warm },
    { op: 'replace', path: pathOfLabel(LABELS.state), value: WORKER_STATES.claimed },
    { op: 'add', path: pathOfLabel(LABELS.session), value: sessionId },
    { op: 'add', path: '/metadata/ownerReferences/-', value: owner },
    { op: 'add', path: '/spec/activeDeadlineSeconds', value: secondsUntil(deadline, pod.startedAt ?? now) },
  ];
}

/** The kubelet counts from when it took the pod. It takes whole seconds, and at least one. */
function secondsUntil(deadline: number, startedAt: number): number {
  return Math.max(1, Math.ceil((deadline - startedAt) / 1000));
}

/** https://www.rfc-editor.org/rfc/rfc6901#section-3 */
function pathOfLabel(label: string): string {
  return `/metadata/labels/${label.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
