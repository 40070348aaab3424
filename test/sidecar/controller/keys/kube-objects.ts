import type { KubeClient, KubeObject, Resource } from '../../../../sidecar/src/kube/client';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';

type Plural = 'secrets' | 'configmaps';

/** Secrets and ConfigMaps as an API server keeps them: a write counts only over the version that was read. */
export class KubeObjects implements Pick<KubeClient, 'get' | 'update'> {
  /** Names of objects that were written, in that order. */
  public readonly writes: string[] = [];
  public reads = 0;
  private readonly objects = new Map<string, KubeObject>();
  /** Says which call fails, and how. */
  public fault: (verb: 'get' | 'update', where: string) => KubeError | undefined = () => undefined;
  /** Runs before a write is looked at. */
  public beforeUpdate: (where: string) => void = () => undefined;

  add(plural: Plural, namespace: string, name: string, entries: Readonly<Record<string, string>> = {}): this {
    return this.set(plural, namespace, name, new Map(Object.entries(entries)));
  }

  /** Puts other entries in the place of those before, as somebody else would. */
  set(plural: Plural, namespace: string, name: string, entries: ReadonlyMap<string, string>): this {
    const where = `${plural}/${namespace}/${name}`;
    const data = Object.fromEntries([...entries].map(([key, text]) => [key, plural === 'secrets' ? Buffer.from(text).toString('base64') : text]));
    const metadata = { name, namespace, uid: where, resourceVersion: this.nextVersion(where) };
    this.objects.set(where, { metadata, ...(entries.size === 0 ? {} : { data }) });
    return this;
  }

  entries(plural: Plural, namespace: string, name: string): ReadonlyMap<string, string> {
    const data = (this.objects.get(`${plural}/${namespace}/${name}`)?.data ?? {}) as Record<string, string>;
    return new Map(Object.entries(data).map(([key, text]) => [key, plural === 'secrets' ? Buffer.from(text, 'base64').toString() : text]));
  }

  async get({ plural, namespace }: Resource, name: string): Promise<KubeObject> {
    const where = `${plural}/${namespace}/${name}`;
    this.reads += 1;
    this.fail('get', where);
    return structuredClone(this.found(where));
  }

  async update({ plural, namespace }: Resource, object: KubeObject): Promise<KubeObject> {
    const where = `${plural}/${namespace}/${object.metadata.name}`;
    this.beforeUpdate(where);
    this.fail('update', where);
    if (this.found(where).metadata.resourceVersion !== object.metadata.resourceVersion) throw new KubeError('Conflict', `PUT ${where}: Conflict`);
    this.writes.push(where);
    this.objects.set(where, { ...structuredClone(object), metadata: { ...object.metadata, resourceVersion: this.nextVersion(where) } });
    return this.found(where);
  }

  private fail(verb: 'get' | 'update', where: string): void {
    const fault = this.fault(verb, where);
    if (fault !== undefined) throw fault;
  }

  private found(where: string): KubeObject {
    const object = this.objects.get(where);
    if (object === undefined) throw new KubeError('NotFound', `${where}: NotFound`);
    return object;
  }

  private nextVersion(where: string): string {
    return String(Number(this.objects.get(where)?.metadata.resourceVersion ?? 0) + 1);
  }
}

export function unavailable(): KubeError {
  return new KubeError('Unavailable', 'the API server does not answer');
}
