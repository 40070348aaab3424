import { setTimeout as sleep } from 'node:timers/promises';
import type { BareClient, BareRun } from './bare';
import { atOnce, Cluster, objectsIn, runNamed } from './cluster';
import { follow } from './followed';
import { startKubelet } from './kubelet';
import { Counted, settled } from './metrics';
import type { Operator } from './servers';
import { RUN_FINALIZER, runPod } from '../../src/protocol/runs';
import { usageOf } from '../broker/usage';

/** Runs that are submitted together. Times in milliseconds. */
export interface Burst {
  readonly runs: number;
  /** From the first submission until everything was written. */
  readonly took: number;
  /** From the submission of each run until its pod was there. */
  readonly toPod: readonly number[];
}

export interface OperatorBurst extends Burst {
  readonly counted: Counted;
  readonly cpuMicros: number;
  readonly peakBytes: number;
}

export interface BareBurst extends Burst {
  /** Of the call alone that makes each pod. */
  readonly podCall: readonly number[];
}

export interface BurstOptions {
  readonly namespace: string;
  readonly runs: number;
  /** What their names begin with. */
  readonly names: string;
  /** How many people submit at the same time; the runs of one come one after the other. */
  readonly submitters: number;
  /** Waits for each run to be over before the next is submitted. */
  readonly oneByOne?: boolean;
  /** Milliseconds between two states of a pod. */
  readonly pause: number;
}

/** Longest time in which nothing comes of a burst. */
const PATIENCE = 120_000;

/** Runs that the operator sees to. */
export async function operatorBurst({ admin }: Cluster, operator: Operator, options: BurstOptions): Promise<OperatorBurst> {
  const { namespace, runs: count, names, submitters, oneByOne = false, pause } = options;
  const runs = objectsIn(namespace, 'harnessruns');
  const over = new Set<string>();
  const watch = follow(admin, runs, ({ metadata, status }) => {
    if (!metadata.name.startsWith(`${names}-`)) return;
    const { finalizers = [] } = metadata as { readonly finalizers?: readonly string[] };
    const { completionTime } = (status ?? {}) as { readonly completionTime?: string };
    if (completionTime !== undefined && !finalizers.includes(RUN_FINALIZER)) over.add(metadata.name);
  });
  const kubelet = startKubelet(admin, namespace, pause);
  const before = await settled(operator);
  const used = await usageOf(operator.child);
  const submitted = new Map<string, number>();
  const start = performance.now();
  await atOnce(submitters, namesOf(names, count), async (name) => {
    submitted.set(name, performance.now());
    await admin.create(runs, runNamed(namespace, name));
    if (oneByOne) await until(() => Number(over.has(name)), 1, 'over');
  });
  await until(() => over.size, count, 'over');
  const took = performance.now() - start;
  const after = await settled(operator);
  const { cpuMicros, peakBytes } = await usageOf(operator.child);
  await watch.close();
  await kubelet.close();
  const toPod = [...submitted].map(([name, at]) => kubelet.seen.get(runPod(name, 0))! - at);
  return { runs: count, took, toPod, counted: since(before, after), cpuMicros: cpuMicros - used.cpuMicros, peakBytes };
}

/** The same runs, served by a client that makes the same calls, as many at a time. */
export async function bareBurst({ admin }: Cluster, client: BareClient, parallel: number, options: BurstOptions): Promise<BareBurst> {
  const { namespace, runs: count, names, submitters, oneByOne = false, pause } = options;
  const kubelet = startKubelet(admin, namespace, pause);
  const served: (BareRun & { readonly submitted: number })[] = [];
  const due: (() => Promise<unknown>)[] = [];
  let working = 0;
  const work = async (): Promise<void> => {
    working++;
    for (let next = due.shift(); next !== undefined; next = due.shift()) await next();
    working--;
  };
  const start = performance.now();
  await atOnce(submitters, namesOf(names, count), async (name) => {
    const submitted = performance.now();
    const run = await admin.create(objectsIn(namespace, 'harnessruns'), runNamed(namespace, name));
    const serving = new Promise((done, failed) => {
      due.push(() => client.serve(run).then((one) => done(served.push({ ...one, submitted })), failed));
    });
    if (working < parallel) void work();
    if (oneByOne) await serving;
    else serving.catch((error: Error) => console.error(`the bare client: ${error.message}`));
  });
  await until(() => Math.min(served.length, kubelet.ended), count, 'served');
  const took = performance.now() - start;
  await kubelet.close();
  return { runs: count, took, toPod: served.map((one) => one.podMade - one.submitted), podCall: served.map((one) => one.podMade - one.podBegan) };
}

function namesOf(names: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${names}-${String(index).padStart(5, '0')}`);
}

/** What was counted between two looks. */
function since(before: Counted, after: Counted): Counted {
  const more = [...after.calls].map(([call, count]) => [call, count - (before.calls.get(call) ?? 0)] as const);
  return {
    ...after,
    calls: new Map(more.filter(([, count]) => count > 0)),
    reconciles: after.reconciles - before.reconciles,
    runReconciles: after.runReconciles - before.runReconciles,
  };
}

/** Waits until as many are done; rejects when for long no more have come. */
async function until(done: () => number, wanted: number, what: string): Promise<void> {
  let [seen, end] = [-1, 0];
  for (let now = done(); now < wanted; now = done()) {
    if (now !== seen) [seen, end] = [now, performance.now() + PATIENCE];
    if (performance.now() > end) throw new Error(`${now} of ${wanted} are ${what}, and for ${PATIENCE / 1000} s no other is`);
    await sleep(1);
  }
}
