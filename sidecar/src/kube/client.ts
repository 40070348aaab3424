import type { IncomingMessage } from 'node:http';
import type { Connection } from './connection';
import { KubeError } from './kube-error';
import { linesOf } from './lines';
import { METADATA_LIST, MetadataPage, metadataPageOf } from './metadata-page';
import type { ObjectMeta } from './object-meta';
import { bodyOf, Call, name as nameOf, Transport } from './transport';
import { isFields } from '../server/text/fields';

/** Objects of one kind, in a namespace or of the whole cluster. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** Without it all namespaces, or objects that have none. */
  readonly namespace?: string;
  /** Lists and watches see only the object of this name; a right to watch may be for one object. */
  readonly only?: string;
  /** Lists and watches see only objects with these fields. https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/ */
  readonly fields?: string;
  /** Lists and watches see only objects whose labels this selects. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
  readonly labels?: string;
}

/** An object as the API server has it; its content is for the caller to check. */
export interface KubeObject {
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

export interface KubeList {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** Where the next page begins; undefined on the last one. */
  readonly continue?: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds until the answer begins. */
  readonly timeout?: number;
}

export interface WriteOptions extends CallOptions {
  /** https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers */
  readonly fieldManager?: string;
  readonly subresource?: 'status';
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/delete-options/ */
export interface DeleteOptions extends CallOptions {
  /** Another object under the same name is left alone: `Conflict`. */
  readonly uid: string;
  readonly gracePeriodSeconds?: number;
}

/** One step of a JSON patch: https://www.rfc-editor.org/rfc/rfc6902 */
export interface PatchStep {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  readonly path: string;
  readonly value?: unknown;
}

const TIMEOUT = 10_000;

/** An object has at most 1.5 MiB; what is larger is a page of a list, which can be asked for in parts. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Seconds after which the API server ends a watch; each watch another, so that not all begin anew at once. */
const WATCH_SECONDS = [240, 300] as const;

/**
 * Milliseconds after which a silent watch ends: longer than the minute between bookmarks, which API servers leave out while
 * the version stays the same. https://kubernetes.io/docs/reference/using-api/api-concepts/#watch-bookmarks
 */
const WATCH_SILENCE = 70_000;

/** Access to the API server. Every call rejects with a `KubeError`, or with the reason of its signal. */
export class KubeClient {
  private readonly transport: Transport;

  constructor(connection: Connection, private readonly random: () => number = Math.random) {
    this.transport = new Transport(connection);
  }

  async get(resource: Resource, name: string, options?: CallOptions): Promise<KubeObject> {
    return asObject(await this.json({ method: 'GET', path: pathOf(resource, name), repeatable: true }, options));
  }

  /** One page: https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks */
  async list(resource: Resource, page: { readonly limit: number; readonly continue?: string }, options?: CallOptions): Promise<KubeList> {
    const path = `${pathOf(resource)}${queryOf({ limit: String(page.limit), continue: page.continue, ...selectorsOf(resource) })}`;
    return asList(await this.json({ method: 'GET', path, repeatable: true }, options));
  }

  /** One page, without the content of the objects. It has what it takes to go on where the list has become too old. */
  async listMetadata(resource: Resource, page: { readonly limit: number; readonly continue?: string }, options?: CallOptions): Promise<MetadataPage> {
    const path = `${pathOf(resource)}${queryOf({ limit: String(page.limit), continue: page.continue, ...selectorsOf(resource) })}`;
    const { body, date } = await this.answered({ method: 'GET', path, accept: METADATA_LIST, repeatable: true }, options);
    return metadataPageOf(body, date);
  }

  /** Reviews are made the same way; they change nothing, so they may be `repeatable`. */
  async create(resource: Resource, object: object, options: WriteOptions & { readonly repeatable?: boolean } = {}): Promise<KubeObject> {
    const { repeatable = false } = options;
    return asObject(await this.write('POST', pathOf(resource), 'application/json', object, options, repeatable));
  }

  /** https://www.rfc-editor.org/rfc/rfc7386 */
  async mergePatch(resource: Resource, name: string, patch: object, options: WriteOptions = {}): Promise<KubeObject> {
    return asObject(await this.write('PATCH', pathOf(resource, name, options.subresource), 'application/merge-patch+json', patch, options));
  }

  /**
   * Makes the object, or makes the fields of the field manager what is given; those that it had and are not given go. Fields of
   * others are taken over. https://kubernetes.io/docs/reference/using-api/server-side-apply/
   */
  async apply(
    resource: Resource,
    object: KubeObject | { readonly metadata: { readonly name: string } },
    options: WriteOptions & { readonly fieldManager: string },
  ): Promise<KubeObject> {
    const { signal, timeout, fieldManager, subresource } = options;
    const path = `${pathOf(resource, object.metadata.name, subresource)}${queryOf({ fieldManager, force: 'true' })}`;
    const call = { method: 'PATCH', path, contentType: 'application/apply-patch+yaml', body: JSON.stringify(object), repeatable: true } as const;
    return asObject(await this.json(call, { signal, timeout }));
  }

  /** A `test` that fails is `Invalid`. */
  async jsonPatch(resource: Resource, name: string, steps: readonly PatchStep[], options: WriteOptions = {}): Promise<KubeObject> {
    return asObject(await this.write('PATCH', pathOf(resource, name, options.subresource), 'application/json-patch+json', steps, options));
  }

  /** Replaces the object, if it still has the `resourceVersion` that is in it; else `Conflict`. */
  async update(resource: Resource, object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    const { name, resourceVersion } = object.metadata;
    if (resourceVersion === undefined || resourceVersion === '') throw new KubeError('Invalid', `PUT ${pathOf(resource, name)}: without resourceVersion it would undo what others wrote`);
    return asObject(await this.write('PUT', pathOf(resource, name, options.subresource), 'application/json', object, options));
  }

  /** Puts the object in place of the one of its name, whatever that is. The answer has nothing of what was there. */
  async replace(resource: Resource, object: { readonly metadata: { readonly name: string } }, options: WriteOptions = {}): Promise<KubeObject> {
    return asObject(await this.write('PUT', pathOf(resource, object.metadata.name, options.subresource), 'application/json', object, options, true));
  }

  /** Resolves when the object is going; it may still be there until its grace period is over. */
  async delete(resource: Resource, name: string, { uid, gracePeriodSeconds, ...options }: DeleteOptions): Promise<void> {
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid }, gracePeriodSeconds });
    await this.json({ method: 'DELETE', path: pathOf(resource, name), contentType: 'application/json', body, repeatable: true }, options);
  }

  /** The events after a version, one JSON text each. Resolves when the API server has accepted the watch. */
  async watch(resource: Resource, version: string, signal?: AbortSignal): Promise<AsyncIterable<string>> {
    const [least, most] = WATCH_SECONDS;
    const timeoutSeconds = String(Math.round(least + this.random() * (most - least)));
    const path = `${pathOf(resource)}${queryOf({ watch: 'true', allowWatchBookmarks: 'true', resourceVersion: version, timeoutSeconds, ...selectorsOf(resource) })}`;
    const call: Call = { method: 'GET', path, repeatable: true, timeout: TIMEOUT, signal };
    return linesOf(call, await this.transport.send(call), WATCH_SILENCE, signal);
  }

  close(): void {
    this.transport.close();
  }

  private write(method: Call['method'], path: string, contentType: string, body: object, options: WriteOptions, repeatable = false): Promise<unknown> {
    const query = queryOf({ fieldManager: options.fieldManager });
    return this.json({ method, path: `${path}${query}`, contentType, body: JSON.stringify(body), repeatable }, options);
  }

  private async json(call: Omit<Call, 'timeout' | 'signal'>, options?: CallOptions): Promise<unknown> {
    return (await this.answered(call, options)).body;
  }

  private async answered(call: Omit<Call, 'timeout' | 'signal'>, { signal, timeout = TIMEOUT }: CallOptions = {}): Promise<{ readonly body: unknown; readonly date?: string }> {
    const answer = await this.transport.send({ ...call, timeout, signal });
    return { body: parsed(call, await this.whole(call, answer, timeout, signal)), date: answer.headers.date };
  }

  /** The body gets as much time again as the headers had. */
  private async whole(call: Pick<Call, 'method' | 'path'>, answer: IncomingMessage, timeout: number, signal?: AbortSignal): Promise<Buffer> {
    const timer = setTimeout(() => answer.destroy(new KubeError('Unavailable', `${nameOf(call)}: the answer took longer than ${timeout} ms`)), timeout);
    const abort = () => answer.destroy(signal?.reason);
    signal?.addEventListener('abort', abort);
    try {
      return await bodyOf(call, answer, MAX_BODY_BYTES);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      signal?.throwIfAborted();
    }
  }
}

function pathOf({ group, version, plural, namespace }: Resource, ...rest: readonly (string | undefined)[]): string {
  const parts = [
    ...(group === '' ? ['api'] : ['apis', group]), version, ...(namespace === undefined ? [] : ['namespaces', namespace]), plural,
    ...rest.filter((part) => part !== undefined),
  ];
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

function selectorsOf({ only, fields, labels }: Resource): Readonly<Record<string, string | undefined>> {
  return { fieldSelector: only === undefined ? fields : `metadata.name=${only}`, labelSelector: labels };
}

function queryOf(fields: Readonly<Record<string, string | undefined>>): string {
  const set = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined);
  return set.length === 0 ? '' : `?${new URLSearchParams(set).toString()}`;
}

function parsed(call: Pick<Call, 'method' | 'path'>, body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // The parser's own message quotes the text.
    throw new KubeError('Unavailable', `${nameOf(call)}: the answer is not JSON`);
  }
}

/** A review has no name; everything else is checked by whoever uses it. */
function asObject(value: unknown): KubeObject {
  if (!isFields(value) || !isFields(value.metadata)) throw new KubeError('Unavailable', 'the answer is not an object of Kubernetes');
  return value as unknown as KubeObject;
}

function asList(value: unknown): KubeList {
  if (!isFields(value) || !isFields(value.metadata) || !Array.isArray(value.items)) throw new KubeError('Unavailable', 'the answer is not a list of Kubernetes');
  const { resourceVersion, continue: next } = value.metadata;
  if (typeof resourceVersion !== 'string') throw new KubeError('Unavailable', 'the list has no resourceVersion');
  return { items: value.items.map(asObject), resourceVersion, ...(typeof next === 'string' && next !== '' ? { continue: next } : {}) };
}
