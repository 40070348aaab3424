import { CREDENTIAL, RUNS, writeCatalog, writeDocuments } from './documents';
import { loadOf } from './load';
import { endServer, startBroker } from './servers';
import { usageOf } from './usage';
import { brokerWorks, issue } from './works';

/** Requests of each run, over all works. */
const REQUESTS_PER_RUN = 10;
const CONNECTIONS = 50;
const PATIENCE_MS = 20_000;
const MIB = 1024 * 1024;

/** Generations from which on a slope says more than chance. */
const ENOUGH = 20;

/** Most that the second half may grow, in MiB for 100,000 requests. */
const TARGET = 1;

/** Memory while runs come and go: each generation of 2,000 takes the place of the one before. */
export async function measureMemory(folder: string, compiled: string, generations: number): Promise<string[]> {
  const folders = writeDocuments(folder);
  const broker = await startBroker(compiled, folders);
  try {
    const mib: number[] = [];
    let failed = 0;
    for (let generation = 0; generation < generations; generation++) {
      const firstRun = generation * RUNS;
      writeCatalog(folders, { firstRun });
      await known(broker.url, firstRun);
      const works = await brokerWorks(broker.url, firstRun);
      for (const { requests } of works) failed += await loadOf(broker, requests, CONNECTIONS, Math.floor(RUNS * REQUESTS_PER_RUN / works.length));
      mib.push((await usageOf(broker.child)).rssBytes / MIB);
    }
    const perGeneration = slope(mib.slice(Math.floor(generations / 2)));
    const growth = perGeneration * 100_000 / (RUNS * REQUESTS_PER_RUN);
    const quarters = [0, 0.25, 0.5, 0.75, 1].map((part) => mib[Math.round(part * (generations - 1))].toFixed(0));
    return [
      `memory over ${(generations * RUNS * REQUESTS_PER_RUN).toLocaleString('en')} requests of ${(generations * RUNS).toLocaleString('en')} runs, each in turn`,
      `  growth       ${growth.toFixed(2)} MiB for 100,000 requests in the second half     ${generations < ENOUGH ? 'too short to judge' : `target ${TARGET}: ${growth <= TARGET ? 'reached' : 'missed'}`}`,
      `  resident     ${quarters.join(', ')} MiB from the first to the last`,
      ...(failed > 0 ? [`  ${failed} requests failed: the figures above are not to be relied on`] : []),
    ];
  } finally {
    await endServer(broker);
  }
}

/** Waits until the catalog has a run. */
async function known(url: string, run: number): Promise<void> {
  const start = performance.now();
  while (performance.now() - start < PATIENCE_MS) {
    if ((await issue(url, CREDENTIAL, run)).ok) return;
    await new Promise((wake) => setTimeout(wake, 200));
  }
  throw new Error(`the broker does not know run ${run} after ${PATIENCE_MS / 1000} s`);
}

/** By least squares, for each step. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const rise = values.reduce((sum, value, at) => sum + (at - middle) * (value - mean), 0);
  const run = values.reduce((sum, _, at) => sum + (at - middle) ** 2, 0);
  return rise / run;
}
