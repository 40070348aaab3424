import { buildConnector } from 'undici';
import { isWithin, type Clock } from '../../server/time/clock';
import type { After } from '../../server/time/timers';
import { UpstreamConnection } from '../../server/wire/upstream-connection';

/** Milliseconds. */
const DIAL_TIMEOUT = 5_000;

/** Certificates of workers name no address, and are not what a worker is known by. */
const dial = buildConnector({ timeout: DIAL_TIMEOUT, rejectUnauthorized: false });

/** Milliseconds after which connections to a worker that nobody asks are given up. It is looked for as often. */
const IDLE_POOL = 30_000;

/** Pools beyond that are closed as soon as they are idle. */
const MAX_POOLS = 4_096;

interface Pool {
  readonly all: Set<UpstreamConnection>;
  readonly idle: UpstreamConnection[];
  usedAt: number;
}

export interface WorkerPoolsOptions {
  /** Never set back. */
  readonly clock: Clock;
  readonly after: After;
  readonly maxPools?: number;
}

/**
 * Connections to workers, of one session and address each: no request of a session is ever sent over a connection that
 * was opened for another, whatever address its worker has.
 */
export class WorkerPools {
  /** By session, then by origin. */
  private readonly pools = new Map<string, Map<string, Pool>>();
  private count = 0;
  private cancel: (() => void) | undefined;

  constructor(private readonly options: WorkerPoolsOptions) {}

  /** Pools that are open. */
  get size(): number {
    return this.count;
  }

  /** A connection for one request, which gives it back. `origin` as `http://address:port`. */
  take(sessionId: string, origin: string): UpstreamConnection {
    const pool = this.pools.get(sessionId)?.get(origin) ?? this.open(sessionId, origin);
    pool.usedAt = this.options.clock();
    return pool.idle.pop() ?? this.connection(pool, origin);
  }

  /** The session has ended: what is open may come to its end, and nothing new begins. */
  end(sessionId: string): void {
    for (const origin of [...this.pools.get(sessionId)?.keys() ?? []]) this.drop(sessionId, origin);
  }

  async close(): Promise<void> {
    this.cancel?.();
    const pools = [...this.pools.values()].flatMap((origins) => [...origins.values()]);
    this.pools.clear();
    this.count = 0;
    await Promise.all(pools.flatMap(({ all }) => [...all].map((connection) => connection.destroy())));
  }

  private connection(pool: Pool, origin: string): UpstreamConnection {
    const free = (connection: UpstreamConnection): void => {
      pool.usedAt = this.options.clock();
      pool.idle.push(connection);
    };
    const made = new UpstreamConnection({ origin, dial, free });
    pool.all.add(made);
    return made;
  }

  private open(sessionId: string, origin: string): Pool {
    if (this.count >= (this.options.maxPools ?? MAX_POOLS)) this.sweep(0);
    const pool: Pool = { all: new Set(), idle: [], usedAt: 0 };
    const origins = this.pools.get(sessionId) ?? new Map<string, Pool>();
    this.pools.set(sessionId, origins.set(origin, pool));
    this.count++;
    this.cancel ??= this.options.after(IDLE_POOL, () => this.sweepAgain());
    return pool;
  }

  private sweepAgain(): void {
    this.sweep(IDLE_POOL);
    this.cancel = this.count === 0 ? undefined : this.options.after(IDLE_POOL, () => this.sweepAgain());
  }

  private sweep(idleFor: number): void {
    const now = this.options.clock();
    for (const [sessionId, origins] of this.pools) {
      for (const [origin, { all, idle, usedAt }] of origins) {
        if (idle.length === all.size && !isWithin(now, usedAt, idleFor)) this.drop(sessionId, origin);
      }
    }
  }

  private drop(sessionId: string, origin: string): void {
    const origins = this.pools.get(sessionId)!;
    origins.get(origin)!.all.forEach((connection) => connection.close());
    origins.delete(origin);
    this.count--;
    if (origins.size === 0) this.pools.delete(sessionId);
  }
}
