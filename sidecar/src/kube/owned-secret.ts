import type { KubeClient, KubeObject } from './client';
import { hasCode, KubeError } from './kube-error';

/** A Secret as it was read. */
export interface SecretContent {
  readonly entries: ReadonlyMap<string, Buffer>;
  /** The whole object, for writing it back with everything that others wrote. */
  readonly object: KubeObject;
}

/**
 * One Secret that a role owns and fills. It is made empty by whoever deploys the platform, so that no key is ever in a
 * repository; writing is by `update` with the version that was read, so that of two writers one wins.
 */
export class OwnedSecret {
  constructor(
    private readonly client: Pick<KubeClient, 'get' | 'update'>,
    private readonly namespace: string,
    private readonly name: string,
    private readonly fieldManager: string,
  ) {}

  async read(): Promise<SecretContent> {
    const object = await this.client.get(this.resource(), this.name);
    const data = object.data ?? {};
    if (typeof data !== 'object' || Array.isArray(data)) throw new KubeError('Unavailable', `Secret ${this.namespace}/${this.name} has no data`);
    return { object, entries: new Map(Object.entries(data).map(([key, text]) => [key, Buffer.from(String(text), 'base64')])) };
  }

  /** Writes these entries in place of those that were seen; false when somebody has written since. */
  async replace({ object }: SecretContent, entries: ReadonlyMap<string, Buffer>): Promise<boolean> {
    const data = Object.fromEntries([...entries].map(([key, content]) => [key, content.toString('base64')]));
    try {
      await this.client.update(this.resource(), { ...object, data }, { fieldManager: this.fieldManager });
      return true;
    } catch (error) {
      if (hasCode(error, 'Conflict')) return false;
      throw error;
    }
  }

  private resource() {
    return { group: '', version: 'v1', plural: 'secrets', namespace: this.namespace };
  }
}
