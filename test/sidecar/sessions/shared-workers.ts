import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AskDaemon, httpDaemon } from '../../../sidecar/src/controller/daemon-client';
import { Claim, ClaimedWorker, FoundWorker, ProviderError, WorkerProvider } from '../../../sidecar/src/controller/worker-provider';
import type { PoolEntry } from '../../../src/protocol/session-pools';
import type { SessionWorker } from '../../../src/protocol/session-record';

/** A worker as its folder tells of it. */
export interface Placed {
  readonly podUid: string;
  readonly namespace: string;
  readonly pool: string;
  readonly port: number;
  readonly pid: number;
}

interface ClaimFile {
  readonly sessionId: string;
  readonly claimedBy: number;
}

const WORKER = '.worker';
const CLAIM = '.claim';

/** Milliseconds between two looks for a free worker. */
const PAUSE = 20;

/** Writes a worker into the folder, or where it is by now. */
export function place(folder: string, worker: Placed): void {
  writeFileSync(join(folder, `${worker.podUid}${WORKER}`), JSON.stringify(worker));
}

/**
 * Workers that several controllers have together, as pods are: what says whose a worker is can be written once, and both
 * read it. A file in place of a label, a process in place of a pod.
 */
export class SharedWorkers implements WorkerProvider {
  constructor(private readonly folder: string, private readonly clock: () => number, private readonly around: (ask: AskDaemon) => AskDaemon) {}

  async claim({ namespace, name }: PoolEntry, { sessionId, signal }: Claim): Promise<ClaimedWorker> {
    while (!signal.aborted) {
      const free = this.workers().find((one) => one.namespace === namespace && one.pool === name && this.take(one, sessionId));
      if (free !== undefined) return this.claimedOf(free);
      await sleep(PAUSE);
    }
    throw new ProviderError('PoolEmpty', 'no worker is free');
  }

  async locate(namespace: string, sessionId: string, { podUid }: SessionWorker): Promise<ClaimedWorker | undefined> {
    const found = this.of(namespace, sessionId).find((one) => one.podUid === podUid);
    return found === undefined ? undefined : this.claimedOf(found);
  }

  async release(namespace: string, sessionId: string): Promise<void> {
    for (const { podUid, pid } of this.of(namespace, sessionId)) {
      end(pid);
      for (const kind of [WORKER, CLAIM]) rmSync(join(this.folder, `${podUid}${kind}`), { force: true });
    }
  }

  async claimed(): Promise<readonly FoundWorker[]> {
    return this.workers().flatMap(({ podUid, namespace, pool }) => {
      const claim = this.claimOf(podUid);
      return claim === undefined ? [] : [{ namespace, pool, ...claim }];
    });
  }

  problem(): undefined {}

  async close(): Promise<void> {}

  private take({ podUid }: Placed, sessionId: string): boolean {
    try {
      writeFileSync(join(this.folder, `${podUid}${CLAIM}`), JSON.stringify({ sessionId, claimedBy: this.clock() }), { flag: 'wx' });
      return true;
    } catch {
      return false;
    }
  }

  private of(namespace: string, sessionId: string): Placed[] {
    return this.workers().filter((one) => one.namespace === namespace && this.claimOf(one.podUid)?.sessionId === sessionId);
  }

  private workers(): Placed[] {
    return readdirSync(this.folder).filter((name) => name.endsWith(WORKER)).sort().flatMap((name) => this.read<Placed>(name) ?? []);
  }

  private claimOf(podUid: string): ClaimFile | undefined {
    return this.read(`${podUid}${CLAIM}`);
  }

  /** Undefined for what is gone, or not written to its end. */
  private read<T>(name: string): T | undefined {
    try {
      return JSON.parse(readFileSync(join(this.folder, name), 'utf8'));
    } catch {
      return undefined;
    }
  }

  private claimedOf({ podUid, pool, port }: Placed): ClaimedWorker {
    const worker: SessionWorker = { pool, podName: podUid, podUid, podIP: '127.0.0.1', entryPoints: [{ path: '/', protocol: 'HTTP', port }] };
    return { worker, podIPs: ['127.0.0.1'], ask: this.around(httpDaemon(`http://127.0.0.1:${port}`)) };
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
