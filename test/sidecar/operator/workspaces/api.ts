import type { KubeObject, Resource } from '../../../../sidecar/src/kube/client';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';
import type { Meta } from '../../../../sidecar/src/operator/objects/meta';
import type { Kept, OperatorDeps } from '../../../../sidecar/src/operator/operator-deps';

export const NAMESPACE = 'team';

export type Plural = 'workspaces' | 'harnessruns' | 'pods' | 'persistentvolumeclaims';

/** An object, and what kind it is of. */
export interface Stored extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly uid: string; readonly resourceVersion: string };
  readonly status?: Readonly<Record<string, unknown>>;
}

interface Event {
  readonly version: number;
  readonly name: string;
  /** Undefined for an object that is gone. */
  readonly object: Stored | undefined;
}

/** The part of the API server that Workspaces depend on, with everything that has ever happened in it. */
export class Api {
  /** Milliseconds since 1970. */
  now = Date.UTC(2030, 0, 1);
  readonly calls: string[] = [];
  readonly refusals = new Map<string, KubeError>();
  private readonly objects = new Map<string, Stored>();
  private readonly events = new Map<Plural, Event[]>();
  private version = 0;

  get(plural: Plural, name: string): Stored | undefined {
    return this.objects.get(`${plural}/${name}`);
  }

  all(plural: Plural): Stored[] {
    return [...this.objects].filter(([key]) => key.startsWith(`${plural}/`)).map(([, object]) => object);
  }

  eventsOf(plural: Plural): readonly Event[] {
    return this.events.get(plural) ?? [];
  }

  /** Makes an object, or another version of it; without one it goes. */
  put(plural: Plural, name: string, object: (before: Stored | undefined) => object | undefined): Stored | undefined {
    const before = this.get(plural, name);
    const wanted = object(before) as KubeObject | undefined;
    this.version += 1;
    const stored = wanted === undefined ? undefined : {
      ...wanted,
      metadata: {
        generation: 1,
        creationTimestamp: new Date(this.now).toISOString().replace(/\.\d+/, ''),
        ...wanted.metadata,
        name,
        namespace: NAMESPACE,
        uid: wanted.metadata.uid ?? `${plural}-${this.version}`,
        resourceVersion: `${this.version}`,
      },
    };
    if (stored === undefined) this.objects.delete(`${plural}/${name}`);
    else this.objects.set(`${plural}/${name}`, stored);
    this.events.set(plural, [...this.eventsOf(plural), { version: this.version, name, object: stored }]);
    return stored;
  }

  client(): OperatorDeps['client'] {
    const call = <T>(verb: string, { plural }: Resource, name: string, answer: (plural: Plural) => T): Promise<T> => {
      const text = `${verb} ${plural}${name === '' ? '' : `/${name}`}`;
      this.calls.push(text);
      const refusal = this.refusals.get(text);
      return refusal === undefined ? new Promise((resolve) => resolve(answer(plural as Plural))) : Promise.reject(refusal);
    };
    return {
      get: (resource, name) => call('get', resource, name, (plural) => this.get(plural, name) ?? failed('NotFound')),
      list: (resource) => call('list', resource, '', (plural) => ({ items: this.all(plural).filter((one) => selected(one, resource)), resourceVersion: `${this.version}` })),
      create: (resource, object) => {
        const { name } = (object as KubeObject).metadata;
        return call('create', resource, name, (plural) => this.put(plural, name, (before) => (before === undefined ? object : failed('Conflict')))!);
      },
      apply: (resource, object, { subresource }) => {
        if (subresource !== 'status') throw new Error('only the status is applied here');
        const { metadata: { name, uid, resourceVersion }, status } = object as Stored;
        return call('apply', resource, name, (plural) => this.put(plural, name, (before) => {
          if (before === undefined) return failed('NotFound');
          if (uid !== before.metadata.uid || (resourceVersion ?? before.metadata.resourceVersion) !== before.metadata.resourceVersion) return failed('Conflict');
          return { ...before, status };
        })!);
      },
      replace: () => Promise.reject(new Error('nothing is replaced here')),
      delete: () => Promise.reject(new Error('nothing is deleted here')),
      jsonPatch: () => Promise.reject(new Error('nothing is patched here')),
    };
  }
}

/** What one replica knows of a kind. It lags behind until it is told to catch up. */
export class LaggingCache<T extends Meta> implements Kept<T> {
  private readonly shown = new Map<string, T>();
  private readonly written = new Map<string, number>();
  private position = 0;

  constructor(private readonly api: Api, readonly plural: Plural, private readonly keep: (object: KubeObject) => T) {
    this.catchUp(Infinity);
  }

  get(_namespace: string, name: string): T | undefined {
    return this.shown.get(name);
  }

  of(): Iterable<T> {
    return this.shown.values();
  }

  /** A write was answered. */
  answered(object: KubeObject): void {
    const { name, resourceVersion } = object.metadata;
    this.shown.set(name, this.keep(object));
    this.written.set(name, Number(resourceVersion));
  }

  catchUp(events: number): void {
    for (const { version, name, object } of this.api.eventsOf(this.plural).slice(this.position, this.position + events)) {
      this.position += 1;
      if (version < (this.written.get(name) ?? 0)) continue;
      if (object === undefined) this.shown.delete(name);
      else this.shown.set(name, this.keep(object));
    }
  }
}

function selected({ metadata }: Stored, { labels = '' }: Resource): boolean {
  const [key, value] = labels.split('=');
  return labels === '' || (metadata as { labels?: Record<string, string> }).labels?.[key] === value;
}

function failed(code: 'NotFound' | 'Conflict'): never {
  throw new KubeError(code, `the test says ${code}`);
}
