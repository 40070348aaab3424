import { claimPod, podNow } from './claim';
import { ClaimedPods } from './claimed-pods';
import { isOf, isOver, isServing, Pod, RECYCLED } from './pod';
import { PoolOwners } from './pool-owner';
import { toRecycle } from './recycle';
import type { WarmIndex } from './warm-index';
import { WarmWorkers, WarmWorkersOptions } from './warm-workers';
import { workerOf } from './worker';
import type { PoolEntry } from '../../../../src/protocol/session-pools';
import type { SessionWorker } from '../../../../src/protocol/session-record';
import type { Clock } from '../../server/time/clock';
import type { After } from '../../server/time/timers';
import { Claim, ClaimedWorker, FoundWorker, ProviderError, WorkerProvider } from '../worker-provider';

export interface PodsProviderOptions extends WarmWorkersOptions {
  /** The pools as they are now. */
  readonly pools: () => readonly PoolEntry[];
  /** Longest wait for a worker of an empty pool, in milliseconds. */
  readonly longestWait: number;
  /** Age after which a warm worker is replaced, in milliseconds; a day when left out. */
  readonly maxAge?: number;
  readonly clock: Clock;
  readonly after: After;
}

const MAX_AGE = 24 * 60 * 60 * 1000;

/** Milliseconds after which a worker that is recycled ends even if nobody deletes it. */
const RECYCLED_WITHIN = 60_000;

/** Workers are warm pods of Deployments. The provider makes none: it takes them out of their pools, and deletes them. */
export class PodsProvider implements WorkerProvider {
  private readonly warm: WarmWorkers;
  private readonly owners: PoolOwners;
  private readonly claimedPods: ClaimedPods;
  private turns = 0;

  constructor(private readonly options: PodsProviderOptions) {
    this.warm = new WarmWorkers(options);
    this.owners = new PoolOwners(options.client, options.steady);
    this.claimedPods = new ClaimedPods(options.client, options.clock);
    this.warm.follow(this.namespaces());
  }

  claim(pool: PoolEntry, { sessionId, deadline, signal }: Claim): Promise<ClaimedWorker> {
    return coded(`no worker of pool ${nameOf(pool)}`, async () => {
      const index = this.indexOf(pool.namespace);
      const turn = this.turns += 1;
      const late = new AbortController();
      const cancel = this.options.after(this.options.longestWait, () => late.abort());
      const waiting = AbortSignal.any([signal, late.signal]);
      try {
        for (;;) {
          if (signal.aborted) throw this.nothingFree(pool);
          // Whatever ends the wait, none was free until then.
          const candidate = await index.take(pool.name, turn, waiting).catch(() => { throw this.nothingFree(pool); });
          const pod = await this.take(index, candidate, sessionId, deadline);
          if (pod !== undefined && await this.isOfUse(pod)) return workerOf(pod, pool.entryPoints);
        }
      } finally {
        cancel();
      }
    });
  }

  locate(namespace: string, sessionId: string, { podName, podUid, entryPoints }: SessionWorker): Promise<ClaimedWorker | undefined> {
    return coded(`the worker of session ${sessionId} is not known`, async () => {
      const pod = await podNow(this.options.client, { namespace, name: podName, uid: podUid });
      return pod === undefined || !isOf(pod, sessionId) || pod.terminating || isOver(pod) ? undefined : workerOf(pod, entryPoints);
    });
  }

  release(namespace: string, sessionId: string): Promise<void> {
    return coded(`the workers of session ${sessionId} were not released`, () => this.claimedPods.end(namespace, sessionId));
  }

  claimed(): Promise<readonly FoundWorker[]> {
    return coded('claimed workers are not known', () => this.claimedPods.find(this.namespaces()));
  }

  /** What fails in one pool keeps no other from being looked at. */
  async recycle(): Promise<void> {
    const leftOver = [...this.namespaces()].map((namespace) => this.release(namespace, RECYCLED));
    const pools = this.options.pools().map((pool) => coded(`pool ${nameOf(pool)} was not recycled`, () => this.recycleOf(pool)));
    const failed = (await Promise.allSettled([...leftOver, ...pools])).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  problem(): string | undefined {
    this.warm.follow(this.namespaces());
    const stale = this.warm.stale();
    return stale.length === 0 ? undefined : `the API server does not say which workers are warm in ${stale.join(', ')}`;
  }

  close(): Promise<void> {
    return this.warm.close();
  }

  /** Takes a pod that is in hand out of its pool; undefined when somebody else was first. */
  private async take(index: WarmIndex, pod: Pod, sessionId: string, deadline: number): Promise<Pod | undefined> {
    try {
      const ownerUid = await this.owners.uidOf(pod.namespace, pod.pool);
      return await claimPod(this.options, pod, { sessionId, ownerUid, deadline, now: this.options.clock() });
    } catch (error) {
      index.giveBack(pod);
      throw error;
    }
  }

  /** A pod may have ended just before it was claimed. */
  private async isOfUse(pod: Pod): Promise<boolean> {
    if (isServing(pod)) return true;
    await this.claimedPods.delete(pod);
    return false;
  }

  private async recycleOf({ namespace, name }: PoolEntry): Promise<void> {
    const index = this.indexOf(namespace);
    const { clock, maxAge = MAX_AGE } = this.options;
    const chosen = toRecycle(index.idle(name), { now: clock(), maxAge, awaited: index.isAwaited(name) });
    for (const pod of chosen) {
      if (!index.hold(pod)) continue;
      const taken = await this.take(index, pod, RECYCLED, clock() + RECYCLED_WITHIN);
      if (taken !== undefined) await this.claimedPods.delete(taken);
    }
  }

  private indexOf(namespace: string): WarmIndex {
    this.warm.follow(this.namespaces());
    const index = this.warm.in(namespace);
    if (index === undefined) throw this.unheard(namespace);
    return index;
  }

  private nothingFree(pool: PoolEntry): ProviderError {
    if (this.warm.in(pool.namespace) === undefined) return this.unheard(pool.namespace);
    return new ProviderError('PoolEmpty', `no worker of pool ${nameOf(pool)} became free in time`);
  }

  private unheard(namespace: string): ProviderError {
    return new ProviderError('Unavailable', `the API server does not say which workers are warm in ${namespace}`);
  }

  private namespaces(): ReadonlySet<string> {
    return new Set(this.options.pools().map(({ namespace }) => namespace));
  }
}

function nameOf({ namespace, name }: PoolEntry): string {
  return `${namespace}/${name}`;
}

async function coded<T>(problem: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    throw new ProviderError('Unavailable', `${problem}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}
