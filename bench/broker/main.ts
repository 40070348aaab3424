import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ApiServer, startApiServer } from './api-server';
import { writeDocuments } from './documents';
import { measureLeases } from './leases';
import { load, Sample } from './load';
import { measureMemory } from './memory';
import { describe, describeProcess, Measured } from './report';
import { compileChildren, endServer, PINNED, Server, startBroker, startClusterBroker, startEcho } from './servers';
import { usageOf } from './usage';
import { brokerWorks, ECHO, Work } from './works';

/*
 * What a request costs the bundled broker, in units of a bare node:http echo measured beside it in the same run.
 * The audit log is real: every issue and substitution is on disk before its answer.
 * `main.ts [--long] [rounds] [seconds]`; --long looks at memory over 1,000,000 requests of 100,000 runs in place of a tenth of them.
 */
const { values: { long }, positionals } = parseArgs({ options: { long: { type: 'boolean', default: false } }, allowPositionals: true });
const [rounds, seconds] = [Number(positionals[0] ?? 5), Number(positionals[1] ?? 2)];
const CONNECTIONS = [10, 50];
const GENERATIONS = long ? 50 : 5;

interface Step extends Measured {
  readonly server: Server;
  readonly broker: Sample[];
  readonly echo: Sample[];
  prepare?(): void;
}

/** Who goes first changes with each round, so that neither has the better moments of the machine. */
async function measure(steps: readonly Step[], echo: Server): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const step of round % 2 === 0 ? steps : [...steps].reverse()) {
      step.prepare?.();
      const turns = [
        async () => step.broker.push(await load(step.server, step.work.requests, step.connections, seconds)),
        async () => step.echo.push(await load(echo, ECHO, step.connections, seconds)),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
    }
    console.error(`round ${round + 1} of ${rounds} done`);
  }
}

/** The steps of one broker, which has answered for a while when they begin. */
async function stepsOf(server: Server, where: string, works: readonly Work[], prepare?: () => void): Promise<Step[]> {
  for (const { requests } of works) await load(server, requests, CONNECTIONS[0], 1);
  return works.flatMap((work) => CONNECTIONS.map((connections) => ({ where, work, connections, server, prepare, broker: [], echo: [] })));
}

async function main(): Promise<void> {
  if (!(rounds >= 1 && rounds <= 20 && seconds >= 1 && seconds <= 30)) throw new Error('usage: main.ts [--long] [rounds, 1 to 20] [seconds, 1 to 30]');
  if (!existsSync('sidecar/dist/broker.mjs')) throw new Error('sidecar/dist/broker.mjs is not there: node sidecar/bundle.mjs builds it');
  const folder = mkdtempSync(join(tmpdir(), 'bench-broker-'));
  const compiled = compileChildren();
  const servers: Server[] = [];
  let api: ApiServer | undefined;
  const cleanUp = async (): Promise<void> => {
    await Promise.all(servers.map(endServer));
    await api?.close();
    rmSync(folder, { recursive: true });
    rmSync(compiled, { recursive: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
  try {
    const echo = await startEcho(compiled);
    servers.push(echo);
    const broker = await startBroker(compiled, writeDocuments(join(folder, 'files')));
    servers.push(broker);
    const rest = await usageOf(broker.child);
    const kubeconfig = join(folder, 'kubeconfig');
    api = await startApiServer(kubeconfig);
    const cluster = await startClusterBroker(compiled, kubeconfig, writeDocuments(join(folder, 'cluster')).state);
    servers.push(cluster);
    const clusterRest = await usageOf(cluster.child);
    await load(echo, ECHO, CONNECTIONS[0], 1);
    const works = (await brokerWorks(cluster.url)).filter(({ name }) => name !== 'issue');
    const steps = await stepsOf(broker, 'files', await brokerWorks(broker.url));
    for (const delay of [0, 5]) steps.push(...await stepsOf(cluster, `API server, TokenReview ${delay} ms`, works, () => api!.reviewDelay = delay));
    await measure(steps, echo);
    const lines = [
      ...steps.flatMap((step) => [...describe(step), '']),
      ...describeProcess('files', rest, await usageOf(broker.child), broker.readyMs),
      ...describeProcess('API server', clusterRest, await usageOf(cluster.child), cluster.readyMs),
    ];
    await Promise.all([broker, cluster].map(endServer));
    console.log(`Broker on Node ${process.versions.node}, medians of ${rounds} rounds of ${seconds} s, ${PINNED ? 'servers on a core of their own' : 'not pinned'}.`);
    console.log(`The echo is node:http that parses a small body and answers a small JSON.\n\n${lines.join('\n')}\n`);
    console.log(`${(await measureLeases(join(folder, 'leases'), compiled, echo, rounds, seconds)).join('\n')}\n`);
    console.log((await measureMemory(join(folder, 'memory'), compiled, GENERATIONS)).join('\n'));
  } finally {
    await cleanUp();
  }
}

void main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
