import type { KubeObject } from './client';
import { codeOfStatus, type KubeCode } from './kube-error';
import { Fields, fieldsOf, isFields } from '../server/text/fields';

/** One line of a watch. https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes */
export type WatchEvent =
  | { readonly type: 'put'; readonly object: KubeObject; readonly version: string }
  | { readonly type: 'removed'; readonly object: KubeObject; readonly version: string }
  /** Nothing has happened up to this version. */
  | { readonly type: 'bookmark'; readonly version: string }
  | { readonly type: 'error'; readonly code: KubeCode };

const TYPES: Readonly<Record<string, 'put' | 'removed' | 'bookmark'>> = { ADDED: 'put', MODIFIED: 'put', DELETED: 'removed', BOOKMARK: 'bookmark' };

/** The event of a line; undefined when the line is not one. */
export function watchEvent(line: string): WatchEvent | undefined {
  const event = fieldsOf(line);
  const object = event?.object;
  if (event === undefined || typeof event.type !== 'string' || !isFields(object)) return undefined;
  if (event.type === 'ERROR') return { type: 'error', code: typeof object.code === 'number' ? codeOfStatus(object.code) : 'Unavailable' };
  const type = Object.hasOwn(TYPES, event.type) ? TYPES[event.type] : undefined;
  const version = isFields(object.metadata) ? object.metadata.resourceVersion : undefined;
  if (type === undefined || typeof version !== 'string' || version === '') return undefined;
  if (type === 'bookmark') return { type, version };
  return hasName(object) ? { type, object, version } : undefined;
}

/** Name of an object within what is watched: `namespace/name`, or the name of one that has no namespace. */
export function keyOf({ metadata: { namespace, name } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Whether an object has what makes it one. */
export function hasName(object: Fields): object is KubeObject {
  const { metadata } = object;
  if (!isFields(metadata) || typeof metadata.name !== 'string' || metadata.name === '') return false;
  return metadata.namespace === undefined || typeof metadata.namespace === 'string';
}
