import type { KubeObject } from '../../kube/client';

/** What the operator keeps of the metadata of any object. Times in milliseconds since 1970. */
export interface Meta {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly createdAt: number;
  /** When its deletion was asked for; of a pod, the end of its grace period. */
  readonly deletedAt?: number;
}

export function metaOf({ metadata }: KubeObject): Meta {
  const { namespace = '', name, uid = '', resourceVersion = '', generation, creationTimestamp, deletionTimestamp } = metadata;
  return {
    namespace,
    name,
    uid,
    resourceVersion,
    generation: typeof generation === 'number' ? generation : 0,
    createdAt: timeOf(creationTimestamp) ?? 0,
    ...(deletionTimestamp === undefined ? {} : { deletedAt: timeOf(deletionTimestamp) ?? 0 }),
  };
}

/** A time of the API; undefined for what is none. */
export function timeOf(text: unknown): number | undefined {
  const time = typeof text === 'string' ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? undefined : time;
}
