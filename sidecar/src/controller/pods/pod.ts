import { LABELS, WORKER_STATES } from '../../../../src/protocol/names';
import type { KubeObject, Resource } from '../../kube/client';

/** What the controller needs to know of a worker's pod. Times in milliseconds since 1970. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly pool: string;
  readonly state: string | undefined;
  readonly sessionId: string | undefined;
  readonly createdAt: number;
  /** When the kubelet took it. */
  readonly startedAt: number | undefined;
  readonly phase: string | undefined;
  readonly ready: boolean;
  readonly terminating: boolean;
  /** What a Deployment made has an owner. */
  readonly owned: boolean;
  readonly ip: string | undefined;
  readonly ips: readonly string[];
}

/** Value of the session label of pods that are taken from their pool because nobody should get them. */
export const RECYCLED = 'recycle';

const WORKERS = `${LABELS.role}=session,${LABELS.pool}`;

/** Every worker that may be claimed, whether or not it is ready. */
export const WARM_PODS = `${WORKERS},${LABELS.state}=${WORKER_STATES.warm}`;

export const CLAIMED_PODS = `${WORKERS},${LABELS.state}=${WORKER_STATES.claimed}`;

export function podsOf(namespace: string, labels?: string): Resource {
  return { group: '', version: 'v1', plural: 'pods', namespace, labels };
}

/** The pods of one session, or those that are being recycled. */
export function podsOfSession(namespace: string, sessionId: string): Resource {
  return podsOf(namespace, `${CLAIMED_PODS},${LABELS.session}=${sessionId}`);
}

/** The pod in an object; undefined when that is not the pod of a pool. */
export function podOf({ metadata, status }: KubeObject): Pod | undefined {
  const { namespace, name, uid } = metadata;
  const labels = fieldsOf(metadata.labels);
  const pool = text(labels[LABELS.pool]);
  if (namespace === undefined || uid === undefined || pool === undefined) return undefined;
  const { phase, podIP, podIPs, startTime, conditions } = fieldsOf(status);
  const ip = text(podIP);
  const ips = listOf(podIPs).flatMap((one) => text(one.ip) ?? []);
  return {
    namespace,
    name,
    uid,
    pool,
    state: text(labels[LABELS.state]),
    sessionId: text(labels[LABELS.session]),
    createdAt: timeOf(metadata.creationTimestamp) ?? 0,
    startedAt: timeOf(startTime),
    phase: text(phase),
    ready: listOf(conditions).some(({ type, status: holds }) => type === 'Ready' && holds === 'True'),
    terminating: metadata.deletionTimestamp !== undefined,
    owned: listOf(metadata.ownerReferences).length > 0,
    ip,
    ips: ips.length > 0 || ip === undefined ? ips : [ip],
  };
}

/** Whether it can be given to a session. */
export function isReadyWorker(pod: Pod): boolean {
  return pod.ready && pod.owned && pod.startedAt !== undefined && isServing(pod);
}

/** Whether there is, or may be, somebody at its address. */
export function isServing({ terminating, phase, ip }: Pod): boolean {
  return !terminating && phase === 'Running' && ip !== undefined;
}

/** Whether it will never run again. */
export function isOver({ phase }: Pod): boolean {
  return phase === 'Failed' || phase === 'Succeeded';
}

/** Whether it belongs to the session. */
export function isOf({ state, sessionId }: Pod, session: string): boolean {
  return state === WORKER_STATES.claimed && sessionId === session;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? value as Fields : {};
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function timeOf(value: unknown): number | undefined {
  const time = Date.parse(text(value) ?? '');
  return Number.isNaN(time) ? undefined : time;
}
