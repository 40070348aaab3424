import { randomUUID } from 'node:crypto';
import { httpDaemon } from '../../../sidecar/src/controller/daemon-client';
import type { Claim, ClaimedWorker, FoundWorker, WorkerProvider } from '../../../sidecar/src/controller/worker-provider';
import type { PoolEntry } from '../../../src/protocol/session-pools';
import type { SessionWorker } from '../../../src/protocol/session-record';
import { realDaemon, RunningDaemon } from '../gateway/daemon';

interface LocalWorker {
  readonly namespace: string;
  readonly pool: string;
  readonly podUid: string;
  readonly sessionId: string;
  readonly claimedBy: number;
  daemon: Promise<RunningDaemon>;
}

/** Workers in this process, as many as are wanted. The next one gets the address of the last that was released, as with pods. */
export class LocalWorkers implements WorkerProvider {
  private readonly workers = new Set<LocalWorker>();
  private readonly ports: number[] = [];

  async claim({ namespace, name }: PoolEntry, { sessionId }: Claim): Promise<ClaimedWorker> {
    const podUid = randomUUID();
    const worker = { namespace, pool: name, podUid, sessionId, claimedBy: Date.now(), daemon: realDaemon(this.ports.pop(), podUid) };
    this.workers.add(worker);
    return viewOf(worker);
  }

  async locate(namespace: string, sessionId: string, { podUid }: SessionWorker): Promise<ClaimedWorker | undefined> {
    const worker = this.of(sessionId).find((one) => one.namespace === namespace && one.podUid === podUid);
    return worker === undefined ? undefined : viewOf(worker);
  }

  async release(_namespace: string, sessionId: string): Promise<void> {
    for (const worker of this.of(sessionId)) {
      this.workers.delete(worker);
      const { port, kill } = await worker.daemon;
      await kill();
      this.ports.push(port);
    }
  }

  async claimed(): Promise<readonly FoundWorker[]> {
    return [...this.workers];
  }

  /** The daemon of the session begins anew, at the same address. */
  async restart(sessionId: string): Promise<void> {
    for (const worker of this.of(sessionId)) {
      const before = worker.daemon;
      worker.daemon = before.then(async ({ port, kill }) => {
        await kill();
        return realDaemon(port, worker.podUid);
      });
      await worker.daemon;
    }
  }

  problem(): undefined {}

  async close(): Promise<void> {
    await Promise.all([...this.workers].map(async ({ daemon }) => (await daemon).kill()));
    this.workers.clear();
  }

  private of(sessionId: string): LocalWorker[] {
    return [...this.workers].filter((one) => one.sessionId === sessionId);
  }
}

async function viewOf({ pool, podUid, daemon }: LocalWorker): Promise<ClaimedWorker> {
  const { port } = await daemon;
  const worker: SessionWorker = { pool, podName: podUid, podUid, podIP: '127.0.0.1', entryPoints: [{ path: '/', protocol: 'HTTP', port }] };
  return { worker, podIPs: ['127.0.0.1'], ask: httpDaemon(`http://127.0.0.1:${port}`) };
}
