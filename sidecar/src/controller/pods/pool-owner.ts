import { poolObject } from '../../../../src/protocol/objects';
import type { KubeClient } from '../../kube/client';
import type { Clock } from '../../server/time/clock';

/** Milliseconds. A pool that was deleted and made anew has another owner, and what the one before owns is deleted. */
const KNOWN_FOR = 60_000;

interface Known {
  readonly uid: Promise<string>;
  readonly since: number;
}

/** The UIDs of the ConfigMaps that own claimed workers, each asked for once in a while. */
export class PoolOwners {
  private readonly known = new Map<string, Known>();

  /** `clock` may begin anywhere. */
  constructor(private readonly client: Pick<KubeClient, 'get'>, private readonly clock: Clock) {}

  /** Rejects with a `KubeError`. */
  async uidOf(namespace: string, pool: string): Promise<string> {
    const key = `${namespace}/${pool}`;
    const now = this.clock();
    const known = this.known.get(key);
    if (known !== undefined && now - known.since < KNOWN_FOR) return known.uid;
    const asked = { uid: this.read(namespace, pool), since: now };
    this.known.set(key, asked);
    asked.uid.catch(() => {
      if (this.known.get(key) === asked) this.known.delete(key);
    });
    return asked.uid;
  }

  private async read(namespace: string, pool: string): Promise<string> {
    const { metadata } = await this.client.get({ group: '', version: 'v1', plural: 'configmaps', namespace }, poolObject(pool));
    return metadata.uid ?? '';
  }
}
