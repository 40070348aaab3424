import { resolve } from 'node:path';
import type { DaemonProgram } from './daemon-command';
import { ProcessWorker, WorkerSettings } from './process-worker';
import { runAt, takeWithin } from './waits';
import { WarmPool } from './warm-pool';
import { Workspaces } from './workspaces';
import { PORTS } from '../../../../src/protocol/ports';
import { DEFAULT_ENTRY_POINTS, PoolEntry } from '../../../../src/protocol/session-pools';
import type { SessionWorker } from '../../../../src/protocol/session-record';
import type { Logger } from '../../server/telemetry/log';
import type { Clock } from '../../server/time/clock';
import { after, After } from '../../server/time/timers';
import { httpDaemon } from '../daemon-client';
import { Claim, ClaimedWorker, FoundWorker, ProviderError, WorkerProvider } from '../worker-provider';

export interface ProcessProviderOptions {
  readonly daemon: DaemonProgram;
  /** The pools as they are now; `poolsChanged` tells of others. */
  readonly pools: () => readonly PoolEntry[];
  /** Workspaces are made in a folder of it. */
  readonly stateDir: string;
  /** Folder with the keys that sign init tokens. */
  readonly trustDir: string;
  /** Longest wait for a worker, in milliseconds. */
  readonly longestWait: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** @default - the timers of the machine */
  readonly after?: After;
  /** @default Math.random */
  readonly random?: () => number;
}

/** Workers of a pool that does not say how many it wants. */
const DEFAULT_REPLICAS = 1;

interface Claimed extends FoundWorker {
  readonly worker: ProcessWorker;
  readonly entryPoints: PoolEntry['entryPoints'];
  cancelDeadline(): void;
}

/**
 * Workers as child processes, where there is no cluster. They run as the user of the controller, so one session is kept
 * from another by the manners of its commands alone: it is for development and for machines that one user has.
 */
export class ProcessProvider implements WorkerProvider {
  /** Ends what an earlier controller has left. Rejects while another one uses the folder. */
  static async open(options: ProcessProviderOptions): Promise<ProcessProvider> {
    const provider = new ProcessProvider(options, await Workspaces.open(options.stateDir));
    provider.poolsChanged();
    return provider;
  }

  private readonly pools = new Map<string, WarmPool<ProcessWorker>>();
  private readonly sessions = new Set<Claimed>();
  private readonly settings: WorkerSettings;
  private readonly timer: After;
  private lastFailure = '';

  private constructor(private readonly options: ProcessProviderOptions, private readonly workspaces: Workspaces) {
    this.settings = { daemon: options.daemon, trustDir: resolve(options.trustDir), workspaces };
    this.timer = options.after ?? after;
  }

  /** Keeps as many workers warm as the pools say now. Sessions of a pool that is gone go on. */
  poolsChanged(): void {
    const wanted = new Map(this.options.pools().map((pool) => [keyOf(pool), pool]));
    for (const [key, pool] of this.pools) {
      if (wanted.has(key)) continue;
      this.pools.delete(key);
      void pool.close(empty(key));
    }
    for (const [key, { replicas = DEFAULT_REPLICAS }] of wanted) this.poolOf(key).resize(replicas);
  }

  async claim(pool: PoolEntry, { sessionId, deadline, signal }: Claim): Promise<ClaimedWorker> {
    const key = keyOf(pool);
    const warm = this.pools.get(key);
    if (warm === undefined) throw empty(key);
    const { clock, longestWait } = this.options;
    const bounds = { milliseconds: longestWait, late: empty(key), signal, after: this.timer };
    const worker = await takeWithin(bounds, (waiting) => warm.take(waiting));
    const cancelDeadline = runAt(deadline, { clock, after: this.timer }, () => void this.endInBackground(claimed));
    const { namespace, name, entryPoints } = pool;
    const claimed: Claimed = { worker, sessionId, namespace, pool: name, entryPoints, claimedBy: clock(), cancelDeadline };
    this.sessions.add(claimed);
    return viewOf(claimed);
  }

  async locate(namespace: string, sessionId: string, { podUid }: SessionWorker): Promise<ClaimedWorker | undefined> {
    const claimed = this.of(namespace, sessionId).find(({ worker }) => worker.podUid === podUid);
    if (claimed === undefined) return undefined;
    await claimed.worker.revive().catch((error: Error) => {
      throw new ProviderError('Unavailable', error.message, error);
    });
    return claimed.worker.isEnding ? undefined : viewOf(claimed);
  }

  async release(namespace: string, sessionId: string): Promise<void> {
    await Promise.all(this.of(namespace, sessionId).map((claimed) => this.end(claimed)));
  }

  claimed(): Promise<readonly FoundWorker[]> {
    return Promise.resolve([...this.sessions].map(({ namespace, pool, sessionId, claimedBy }) => ({ namespace, pool, sessionId, claimedBy })));
  }

  problem(): string | undefined {
    const failing = [...this.pools].find(([, pool]) => pool.isFailing);
    return failing === undefined ? undefined : `the workers of pool ${failing[0]} do not start: ${this.lastFailure}`;
  }

  async close(): Promise<void> {
    const stopping = new ProviderError('Unavailable', 'the controller is stopping');
    await Promise.all([...[...this.pools.values()].map((pool) => pool.close(stopping)), ...[...this.sessions].map((claimed) => this.end(claimed))]);
    this.pools.clear();
    await this.workspaces.close();
  }

  private poolOf(key: string): WarmPool<ProcessWorker> {
    const pool = this.pools.get(key) ?? new WarmPool({
      start: () => ProcessWorker.start(this.settings),
      after: this.timer,
      random: this.options.random ?? Math.random,
      failed: (err) => this.failed(key, err),
    });
    this.pools.set(key, pool);
    return pool;
  }

  private failed(pool: string, err: unknown): void {
    this.lastFailure = err instanceof Error ? err.message : String(err);
    this.options.log.warn({ err, pool }, 'a worker is missing, or does not end');
  }

  private of(namespace: string, sessionId: string): readonly Claimed[] {
    return [...this.sessions].filter((claimed) => claimed.namespace === namespace && claimed.sessionId === sessionId);
  }

  /** It counts as claimed until nothing of it is left. */
  private async end(claimed: Claimed): Promise<void> {
    claimed.cancelDeadline();
    try {
      await claimed.worker.end();
    } catch (error) {
      throw new ProviderError('Unavailable', `the worker of session ${claimed.sessionId} does not end`, error);
    }
    this.sessions.delete(claimed);
  }

  private endInBackground(claimed: Claimed): Promise<void> {
    this.options.log.info({ sessionId: claimed.sessionId }, 'a worker has reached its deadline');
    return this.end(claimed).catch((err: unknown) => this.options.log.error({ err, sessionId: claimed.sessionId }, 'a worker does not end'));
  }
}

function keyOf({ namespace, name }: PoolEntry): string {
  return `${namespace}/${name}`;
}

function empty(pool: string): ProviderError {
  return new ProviderError('PoolEmpty', `no worker of pool ${pool} became free in time`);
}

const LOOPBACK = '127.0.0.1';

function viewOf({ worker: { podUid, port }, pool, entryPoints = DEFAULT_ENTRY_POINTS }: Claimed): ClaimedWorker {
  // What a pool says about the port of the daemon is meant for pods, which have it to themselves.
  const points = entryPoints.map((point) => point.port === PORTS['session-api'] ? { ...point, port } : point);
  const worker: SessionWorker = { pool, podName: podUid, podUid, podIP: LOOPBACK, entryPoints: points };
  return { worker, podIPs: [LOOPBACK], ask: httpDaemon(`http://${LOOPBACK}:${port}`) };
}
