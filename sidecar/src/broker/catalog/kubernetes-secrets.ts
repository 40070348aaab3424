import { isFields } from './fields';
import { secretData } from './secret-object';
import type { KubeClient } from '../../kube/client';
import { hasCode } from '../../kube/kube-error';
import type { Clock } from '../../server/clock';
import { ExpiringMap } from '../../server/lru';

/** Milliseconds for which a Secret is used without another look: the bound within which a changed one is in use. */
const REMEMBERED = 2_000;
/** The same for one that is not there. */
const MISSING = 1_000;

/** Secrets in memory at once; each has at most 1 MiB. */
const MAX_SECRETS = 64;

type SecretData = ReadonlyMap<string, Buffer>;

/** Reads Secrets one by one, never all of a namespace: the broker may `get` exactly those that policies name. */
export class KubernetesSecrets {
  private readonly known: ExpiringMap<string, { readonly data?: SecretData }>;
  private readonly reading = new Map<string, Promise<SecretData | undefined>>();

  constructor(private readonly client: Pick<KubeClient, 'get'>, private readonly clock: Clock) {
    this.known = new ExpiringMap({ max: MAX_SECRETS, clock });
  }

  async value(namespace: string, name: string, key: string): Promise<Buffer | undefined> {
    const place = `${namespace}/${name}`;
    const known = this.known.get(place);
    return (known === undefined ? await this.read(place, namespace, name) : known.data)?.get(key);
  }

  private read(place: string, namespace: string, name: string): Promise<SecretData | undefined> {
    const under = this.reading.get(place);
    if (under !== undefined) return under;
    const reading = this.load(place, namespace, name).finally(() => this.reading.delete(place));
    this.reading.set(place, reading);
    return reading;
  }

  private async load(place: string, namespace: string, name: string): Promise<SecretData | undefined> {
    // The time before the question: the answer may be as old as that.
    const now = this.clock();
    const object = await this.client.get({ group: '', version: 'v1', plural: 'secrets', namespace }, name).catch((error: unknown) => {
      if (hasCode(error, 'NotFound')) return undefined;
      throw error;
    });
    const data = object === undefined ? undefined : secretData(`Secret ${place}`, { apiVersion: 'v1', data: isFields(object.data) ? object.data : {} });
    this.known.set(place, { data }, now + (data === undefined ? MISSING : REMEMBERED));
    return data;
  }
}
