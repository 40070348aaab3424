import { CLAIMED_PODS, Pod, podOf, podsOf, podsOfSession, RECYCLED } from './pod';
import type { KubeClient, Resource } from '../../kube/client';
import { hasCode } from '../../kube/kube-error';
import type { Clock } from '../../server/time/clock';
import type { FoundWorker } from '../worker-provider';

/** Seconds that what runs in a worker has to end. With none the address could be given away while it still runs. */
const GRACE_SECONDS = 5;

const PAGE = 250;

const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** The pods that sessions have, as the API server knows them. */
export class ClaimedPods {
  /** When each was seen first, by UID. */
  private seen = new Map<string, number>();

  constructor(private readonly client: Pick<KubeClient, 'list' | 'delete'>, private readonly clock: Clock) {}

  /** A pod without session label is not ours: somebody has taken it out of its pool by hand. */
  async find(namespaces: Iterable<string>): Promise<readonly FoundWorker[]> {
    const pods: Pod[] = [];
    for (const namespace of namespaces) pods.push(...await this.list(podsOf(namespace, CLAIMED_PODS)));
    const now = this.clock();
    this.seen = new Map(pods.map(({ uid }) => [uid, this.seen.get(uid) ?? now]));
    return pods.flatMap(({ namespace, pool, sessionId, uid }) => sessionId === undefined || sessionId === RECYCLED
      ? [] : [{ namespace, pool, sessionId, claimedBy: this.seen.get(uid) ?? now }]);
  }

  /** Deletes all pods of the session, even if one of them cannot be deleted; rejects with the first failure. */
  async end(namespace: string, sessionId: string): Promise<void> {
    // No pod can have it, and it would select others.
    if (!LABEL_VALUE.test(sessionId)) return;
    const pods = await this.list(podsOfSession(namespace, sessionId));
    const results = await Promise.allSettled(pods.map((pod) => this.delete(pod)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Another pod under the same name stays. */
  async delete({ namespace, name, uid }: Pod): Promise<void> {
    try {
      await this.client.delete(podsOf(namespace), name, { uid, gracePeriodSeconds: GRACE_SECONDS });
    } catch (error) {
      if (!hasCode(error, 'NotFound', 'Conflict')) throw error;
    }
  }

  private async list(resource: Resource): Promise<readonly Pod[]> {
    const pods: Pod[] = [];
    let next: string | undefined;
    do {
      const page = await this.client.list(resource, { limit: PAGE, continue: next });
      pods.push(...page.items.flatMap((object) => podOf(object) ?? []));
      next = page.continue;
    } while (next !== undefined);
    return pods;
  }
}
