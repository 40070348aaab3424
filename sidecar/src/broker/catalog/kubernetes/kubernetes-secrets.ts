import type { KubeClient } from '../../../kube/client';
import { hasCode, KubeError } from '../../../kube/kube-error';
import { ExpiringMap } from '../../../server/bounds/lru';
import { isFields } from '../../../server/text/fields';
import { Clock, isWithin } from '../../../server/time/clock';
import { secretData } from '../secret-object';

/** Milliseconds for which a Secret is used without another look: the bound within which a changed one is in use. */
const REMEMBERED = 2_000;
/** The same for one that is not there. */
const MISSING = 1_000;
/** The same while the API server does not answer, as for verdicts about tokens. Runs that work go on working. */
const DURING_OUTAGE = 75_000;
/** After a failure nobody is asked for so long, so that an outage costs a request no time. */
const PAUSE = 1_000;
const TIMEOUT = 4_000;

/** Secrets in memory at once, and what their values may take of it. Most have some hundred bytes; one has at most 1 MiB. */
const MAX_SECRETS = 1024;
const MAX_BYTES = 32 * 1024 * 1024;

type SecretData = ReadonlyMap<string, Buffer>;

/** What a look has found. */
interface Seen {
  readonly data?: SecretData;
  readonly readAt: number;
}

/** Reads Secrets one by one, never all of a namespace: the broker may `get` exactly those that policies name. */
export class KubernetesSecrets {
  private readonly known: ExpiringMap<string, Seen>;
  private readonly reading = new Map<string, Promise<SecretData | undefined>>();
  private failedAt = -Infinity;

  constructor(private readonly client: Pick<KubeClient, 'get'>, private readonly clock: Clock) {
    this.known = new ExpiringMap({ max: MAX_SECRETS, clock, weight: { max: MAX_BYTES, of: bytesOf } });
  }

  async value(namespace: string, name: string, key: string): Promise<Buffer | undefined> {
    const place = `${namespace}/${name}`;
    const known = this.known.get(place);
    if (known !== undefined && isWithin(this.clock(), known.readAt, known.data === undefined ? MISSING : REMEMBERED)) return known.data?.get(key);
    const reading = this.read(place, namespace, name);
    // Who has the Secret does not wait for an API server that did not answer the last time.
    if (known?.data !== undefined && this.failedAt !== -Infinity) {
      reading.catch(() => undefined);
      return known.data.get(key);
    }
    const data = await reading.catch((error: unknown) => {
      if (known?.data !== undefined && isOutage(error)) return known.data;
      throw error;
    });
    return data?.get(key);
  }

  private read(place: string, namespace: string, name: string): Promise<SecretData | undefined> {
    const under = this.reading.get(place);
    if (under !== undefined) return under;
    if (isWithin(this.clock(), this.failedAt, PAUSE)) return Promise.reject(new KubeError('Unavailable', 'the API server did not answer a moment ago'));
    const reading = this.load(place, namespace, name).finally(() => this.reading.delete(place));
    this.reading.set(place, reading);
    return reading;
  }

  private async load(place: string, namespace: string, name: string): Promise<SecretData | undefined> {
    // The time before the question: the answer may be as old as that.
    const readAt = this.clock();
    const object = await this.client.get({ group: '', version: 'v1', plural: 'secrets', namespace }, name, { timeout: TIMEOUT }).catch((error: unknown) => {
      if (hasCode(error, 'NotFound')) return undefined;
      if (isOutage(error)) this.failedAt = this.clock();
      else this.known.delete(place);
      throw error;
    });
    this.failedAt = -Infinity;
    const data = object === undefined ? undefined : secretData(`Secret ${place}`, { apiVersion: 'v1', data: isFields(object.data) ? object.data : {} });
    this.known.set(place, { data, readAt }, readAt + DURING_OUTAGE);
    return data;
  }
}

function bytesOf({ data }: Seen): number {
  return [...data?.values() ?? []].reduce((sum, { length }) => sum + length, 0);
}

/** Anything else is an answer, and the Secret is not ours to use any more. */
function isOutage(error: unknown): boolean {
  return hasCode(error, 'Unavailable', 'Throttled');
}
