import type { KubeObject, Resource } from '../../../../sidecar/src/kube/client';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';
import type { Meta } from '../../../../sidecar/src/operator/objects/meta';
import type { OperatorDeps } from '../../../../sidecar/src/operator/operator-deps';
import { API_GROUP_VERSION } from '../../../../src/protocol/names';
import { HarnessRunStatus, problemsWith } from '../../../../src/protocol/resources';
import { OPERATOR_MANAGER, RUN_FINALIZER } from '../../../../src/protocol/runs';

const NAMESPACE = 'team-a';

/** An API server as far as one run needs it. Everything that is there can be seen at once. */
export class RunApi {
  now = 0;
  /** What was asked for and done that changes something, here or at the broker. */
  readonly journal: string[] = [];
  /** The statuses of the run, as they were written. */
  readonly statuses: HarnessRunStatus[] = [];
  /** Objects of which no watch tells. */
  readonly hidden = new Set<string>();
  /** What a replica knows of others, where its watch is behind. */
  readonly behind = new Map<string, KubeObject>();
  private readonly objects = new Map<string, KubeObject>();
  private version = 0;

  /** Throws what keeps a call from being done. */
  before: (call: string) => void = () => undefined;
  /** Throws what keeps a pod from being read. */
  reading: () => void = () => undefined;
  /** Throws for a call that was done all the same. */
  after: (call: string) => void = () => undefined;

  get(plural: string, name: string): any {
    return this.objects.get(`${plural}/${name}`);
  }

  names(plural: string): string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith(`${plural}/`)).map((key) => key.slice(plural.length + 1));
  }

  put(plural: string, name: string, object: object): KubeObject {
    const { metadata, ...rest } = object as KubeObject;
    this.version += 1;
    const stored = {
      ...rest,
      metadata: {
        generation: 1, creationTimestamp: new Date(this.now).toISOString(), ...metadata, name, namespace: NAMESPACE, uid: metadata?.uid ?? `${plural}-${this.version}`, resourceVersion: `${this.version}`,
      },
    };
    this.objects.set(`${plural}/${name}`, stored);
    return stored;
  }

  remove(plural: string, name: string): void {
    this.objects.delete(`${plural}/${name}`);
  }

  async call<T>(text: string, work: () => T | Promise<T>): Promise<T> {
    this.before(text);
    this.journal.push(text);
    const answer = await work();
    this.after(text);
    return answer;
  }

  /** What a replica knows of the objects of a kind. */
  kept<T extends Meta>(plural: string, keep: (object: KubeObject) => T) {
    return {
      get: (_namespace: string, name: string): T | undefined => {
        const object = this.hidden.has(`${plural}/${name}`) ? undefined : this.behind.get(`${plural}/${name}`) ?? this.get(plural, name);
        return object && keep(object);
      },
      of: (): Iterable<T> => this.names(plural).map((name) => keep(this.get(plural, name))),
    };
  }

  client(): OperatorDeps['client'] {
    return {
      get: async (resource, name) => {
        if (resource.plural === 'pods') this.reading();
        return this.there(resource, name);
      },
      list: async () => ({ items: [], resourceVersion: '1' }),
      create: (resource, object) => {
        const { name } = (object as KubeObject).metadata;
        return this.call(`create ${resource.plural}/${name}`, () => {
          if (this.get(resource.plural, name) !== undefined) throw new KubeError('Conflict', `POST ${resource.plural}: 409 AlreadyExists`);
          return this.put(resource.plural, name, object);
        });
      },
      jsonPatch: () => Promise.reject(new Error('nothing is patched here')),
      replace: (resource, object) => this.call(`replace ${resource.plural}/${object.metadata.name}`, () => this.put(resource.plural, object.metadata.name, object)),
      apply: (resource, object, { fieldManager, subresource }) => {
        if (resource.plural !== 'harnessruns' || fieldManager !== OPERATOR_MANAGER) throw new Error('only runs are applied here, by the operator');
        return subresource === 'status' ? this.call('status', () => this.applyStatus(resource, object as KubeObject)) : this.applyRun(resource, object as KubeObject);
      },
      delete: (resource, name, { uid }) => this.call(`delete ${resource.plural}/${name}`, () => {
        const object = this.there(resource, name, uid);
        if (resource.plural === 'harnessruns' && !hasFinalizer(object)) return this.remove(resource.plural, name);
        this.askDeletion(resource.plural, name);
      }),
    };
  }

  askDeletion(plural: string, name: string): void {
    const object = this.get(plural, name);
    const grace = object.spec?.terminationGracePeriodSeconds ?? 0;
    const deletion = { deletionTimestamp: new Date(this.now + grace * 1000).toISOString(), deletionGracePeriodSeconds: grace };
    this.put(plural, name, { ...object, metadata: { ...object.metadata, ...deletion } });
  }

  /** What a field manager applied and does not name any more goes. */
  private applyRun(resource: Resource, { metadata }: KubeObject): Promise<KubeObject> {
    const { name, uid, finalizers = [] } = metadata as KubeObject['metadata'] & { readonly finalizers?: readonly string[] };
    return this.call(finalizers.length > 0 ? 'finalizer on' : 'finalizer off', () => {
      const before = this.there(resource, name, uid);
      const stored = this.put(resource.plural, name, { ...before, metadata: { ...before.metadata, finalizers } });
      if (finalizers.length === 0 && before.metadata.deletionTimestamp !== undefined) this.remove(resource.plural, name);
      return stored;
    });
  }

  /** Fields of others stay. What breaks the rules of the kind is refused. */
  private applyStatus(resource: Resource, { metadata, status }: KubeObject): KubeObject {
    const before = this.there(resource, metadata.name);
    // A UID in it is not looked at, as by the API server.
    if (metadata.resourceVersion !== before.metadata.resourceVersion) throw new KubeError('Conflict', `${metadata.name}: 409 Conflict`);
    const { revokedLeases } = (before.status ?? {}) as HarnessRunStatus;
    const wanted = { ...before, status: { ...(revokedLeases === undefined ? {} : { revokedLeases }), ...(status as HarnessRunStatus) } };
    expect(problemsWith('HarnessRun', { apiVersion: API_GROUP_VERSION, kind: 'HarnessRun', ...wanted })).toEqual([]);
    this.statuses.push(status as HarnessRunStatus);
    return this.put(resource.plural, metadata.name, wanted);
  }

  private there({ plural }: Resource, name: string, uid?: string): KubeObject {
    const object = this.get(plural, name) as KubeObject | undefined;
    if (object === undefined) throw new KubeError('NotFound', `${plural}/${name}: 404 NotFound`);
    if (uid !== undefined && uid !== object.metadata.uid) throw new KubeError('Conflict', `${plural}/${name}: 409 Conflict`);
    return object;
  }
}

function hasFinalizer({ metadata: { finalizers = [] } }: KubeObject): boolean {
  return (finalizers as readonly string[]).includes(RUN_FINALIZER);
}
