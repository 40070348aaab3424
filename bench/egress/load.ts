import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunClient } from './servers';
import type { Way } from './wire';
import type { Work, Worker } from './works';
import type { Sample } from '../broker/load';
import { usageOf } from '../broker/usage';

/** Who is loaded. */
export interface Loaded {
  readonly way: Way;
  readonly child: ChildProcess;
  /** Another process that the work needs, whose time is told apart. */
  readonly beside?: ChildProcess;
}

export interface EgressSample extends Sample {
  /** Of the process beside. */
  readonly besideMicrosPerRequest: number;
}

const PAUSE_MS = 20;

/** Lets all connections do the work over and over for a time. */
export async function load({ way, child, beside }: Loaded, work: Work, clients: readonly RunClient[], seconds: number): Promise<EgressSample> {
  const workers = await openAll(way, work, clients);
  const times: number[] = [];
  let failed = 0;
  const used = async () => ({ own: (await usageOf(child)).cpuMicros, beside: beside === undefined ? 0 : (await usageOf(beside)).cpuMicros });
  const before = await used();
  const start = performance.now();
  const end = start + seconds * 1000;
  await Promise.all(workers.map(async (worker) => {
    try {
      for (let now = performance.now(); now < end;) {
        await worker.once();
        const after = performance.now();
        times.push(after - now);
        now = after;
      }
    } catch {
      failed++;
    }
  }));
  const elapsed = performance.now() - start;
  const after = await used();
  workers.forEach((worker) => worker.close());
  times.sort((a, b) => a - b);
  return {
    perSecond: times.length / elapsed * 1000,
    cpuMicrosPerRequest: (after.own - before.own) / times.length,
    besideMicrosPerRequest: (after.beside - before.beside) / times.length,
    p50: part(times, 0.5),
    p99: part(times, 0.99),
    failed,
  };
}

/** So many times altogether, until code is compiled. */
export async function warmUp({ way }: Loaded, work: Work, clients: readonly RunClient[], times: number): Promise<void> {
  const workers = await openAll(way, work, clients);
  let left = times;
  await Promise.all(workers.map(async (worker) => {
    while (left-- > 0) await worker.once();
  }));
  workers.forEach((worker) => worker.close());
}

/** Milliseconds of the work over one connection that has pauses, in ascending order. */
export async function calmTimes(way: Way, work: Work, client: RunClient, count: number): Promise<number[]> {
  const worker = await work.open(way, client);
  const times: number[] = [];
  for (let at = 0; at < count; at++) {
    await sleep(PAUSE_MS);
    const start = performance.now();
    await worker.once();
    times.push(performance.now() - start);
  }
  worker.close();
  return times;
}

export function part(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

function openAll(way: Way, { connections, open }: Work, clients: readonly RunClient[]): Promise<Worker[]> {
  return Promise.all(Array.from({ length: connections }, (_, index) => open(way, clients[index % clients.length])));
}
