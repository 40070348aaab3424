import { isReadyWorker, Pod } from './pod';
import type { WatchSink } from '../../kube/watch';

/** Somebody who waits for a worker. */
interface Waiter {
  readonly turn: number;
  readonly take: (pod: Pod) => void;
}

/**
 * The warm pods of one namespace, and who of this process has one in hand. Nobody gets a pod that somebody else tries to
 * claim; of those who wait, who came first is first.
 */
export class WarmIndex implements WatchSink<Pod> {
  private pods = new Map<string, Pod>();
  /** UIDs of the pods that somebody has in hand. They stay until the pod is warm no more, or is given back. */
  private readonly inHand = new Set<string>();
  private readonly waiting = new Map<string, Waiter[]>();

  constructor(private readonly random: () => number) {}

  replaced(items: ReadonlyMap<string, Pod>): void {
    this.pods = new Map(items);
    const there = new Set([...items.values()].map(({ uid }) => uid));
    for (const uid of this.inHand) if (!there.has(uid)) this.inHand.delete(uid);
    for (const pool of this.waiting.keys()) this.handOut(pool);
  }

  changed(key: string, pod: Pod | undefined): void {
    const before = this.pods.get(key);
    if (before !== undefined && before.uid !== pod?.uid) this.inHand.delete(before.uid);
    if (pod === undefined) {
      this.pods.delete(key);
    } else {
      this.pods.set(key, pod);
      this.handOut(pod.pool);
    }
  }

  /** All warm pods of a pool that nobody has in hand. */
  idle(pool: string): readonly Pod[] {
    return [...this.pods.values()].filter((pod) => pod.pool === pool && !this.inHand.has(pod.uid));
  }

  isAwaited(pool: string): boolean {
    return this.waiting.has(pool);
  }

  /** A ready pod, at once when there is one. `turn` is the place in the queue; rejects when the signal aborts. */
  take(pool: string, turn: number, signal: AbortSignal): Promise<Pod> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        turn,
        take: (pod) => {
          signal.removeEventListener('abort', leave);
          resolve(pod);
        },
      };
      const leave = () => {
        this.leave(pool, waiter);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave);
      this.enter(pool, waiter);
      this.handOut(pool);
      if (signal.aborted) leave();
    });
  }

  /** Puts a pod into somebody's hand; false when somebody else has it, or when it is warm no more. */
  hold({ namespace, name, uid }: Pod): boolean {
    if (this.inHand.has(uid) || this.pods.get(`${namespace}/${name}`)?.uid !== uid) return false;
    this.inHand.add(uid);
    return true;
  }

  /** It is still warm, as far as its holder knows. */
  giveBack({ uid, pool }: Pod): void {
    this.inHand.delete(uid);
    this.handOut(pool);
  }

  private handOut(pool: string): void {
    const waiters = this.waiting.get(pool);
    if (waiters === undefined) return;
    const ready = this.idle(pool).filter(isReadyWorker).sort((a, b) => a.createdAt - b.createdAt);
    while (waiters.length > 0 && ready.length > 0) {
      const [pod] = ready.splice(this.choice(ready.length), 1);
      this.inHand.add(pod.uid);
      waiters.shift()!.take(pod);
    }
    if (waiters.length === 0) this.waiting.delete(pool);
  }

  /** Any of the older half: old workers go first, and replicas of the controller seldom choose the same. */
  private choice(count: number): number {
    return Math.floor(this.random() * Math.ceil(count / 2));
  }

  private enter(pool: string, waiter: Waiter): void {
    const waiters = this.waiting.get(pool) ?? [];
    const place = waiters.findIndex(({ turn }) => turn > waiter.turn);
    waiters.splice(place < 0 ? waiters.length : place, 0, waiter);
    this.waiting.set(pool, waiters);
  }

  private leave(pool: string, waiter: Waiter): void {
    const waiters = (this.waiting.get(pool) ?? []).filter((one) => one !== waiter);
    if (waiters.length === 0) this.waiting.delete(pool);
    else this.waiting.set(pool, waiters);
  }
}
