import { asking } from './handshake-world';
import type { AskDaemon } from '../../../sidecar/src/controller/daemon-client';
import { Claim, ClaimedWorker, FoundWorker, ProviderError, WorkerProvider } from '../../../sidecar/src/controller/worker-provider';
import type { PoolEntry } from '../../../src/protocol/session-pools';
import type { SessionWorker } from '../../../src/protocol/session-record';
import { daemon, Daemon } from '../session/build-session';

export interface FakeWorker {
  readonly namespace: string;
  readonly pool: string;
  readonly worker: SessionWorker;
  daemon: Daemon;
  sessionId?: string;
  claimedBy: number;
}

/** Pools in memory, whose workers are real session daemons in this process. */
export class FakeWorkers implements WorkerProvider {
  readonly workers: FakeWorker[] = [];
  readonly claims: Claim[] = [];
  releases = 0;
  recycled = 0;
  /** In place of a claim, for once. */
  nextClaim?: (claim: Claim) => Promise<ClaimedWorker>;
  /** In place of the daemons. */
  ask?: AskDaemon;
  private made = 0;

  constructor(private readonly clock: () => number) {}

  add(namespace: string, pool: string, count = 1): void {
    for (let i = 0; i < count; i += 1) {
      const podUid = `00000000-0000-4000-8000-${String(this.made += 1).padStart(12, '0')}`;
      const worker = { pool, podName: `${pool}-${this.made}`, podUid, podIP: `10.0.0.${this.made % 250}`, entryPoints: [{ path: '/', protocol: 'HTTP' as const, port: 8080 }] };
      this.workers.push({ namespace, pool, worker, daemon: this.start(podUid), claimedBy: 0 });
    }
  }

  /** The daemon in it begins anew. */
  restart(one: FakeWorker): void {
    one.daemon = this.start(one.worker.podUid);
  }

  of(sessionId: string): FakeWorker[] {
    return this.workers.filter((one) => one.sessionId === sessionId);
  }

  busy(): FakeWorker[] {
    return this.workers.filter(({ sessionId }) => sessionId !== undefined);
  }

  async claim(pool: PoolEntry, claim: Claim): Promise<ClaimedWorker> {
    this.claims.push(claim);
    const { nextClaim } = this;
    this.nextClaim = undefined;
    if (nextClaim !== undefined) return nextClaim(claim);
    const free = this.workers.find((one) => one.sessionId === undefined && one.namespace === pool.namespace && one.pool === pool.name);
    if (free === undefined) throw new ProviderError('PoolEmpty', 'no worker is warm');
    free.sessionId = claim.sessionId;
    free.claimedBy = this.clock();
    return this.claimedOf(free);
  }

  async locate(namespace: string, sessionId: string, { podUid }: SessionWorker): Promise<ClaimedWorker | undefined> {
    const one = this.workers.find((other) => other.namespace === namespace && other.sessionId === sessionId && other.worker.podUid === podUid);
    return one === undefined ? undefined : this.claimedOf(one);
  }

  async release(namespace: string, sessionId: string): Promise<void> {
    this.releases += 1;
    for (const one of this.of(sessionId).filter((other) => other.namespace === namespace)) this.workers.splice(this.workers.indexOf(one), 1);
  }

  async claimed(): Promise<readonly FoundWorker[]> {
    return this.busy().map(({ namespace, pool, sessionId, claimedBy }) => ({ namespace, pool, sessionId: sessionId!, claimedBy }));
  }

  async recycle(): Promise<void> {
    this.recycled += 1;
  }

  problem(): undefined {}

  async close(): Promise<void> {}

  private claimedOf(one: FakeWorker): ClaimedWorker {
    const ask = this.ask ?? ((request) => asking(() => one.daemon)(request));
    return { worker: one.worker, podIPs: [one.worker.podIP], ask };
  }

  private start(podUid: string): Daemon {
    return daemon({ podUid, requireBootId: true, clock: this.clock });
  }
}
