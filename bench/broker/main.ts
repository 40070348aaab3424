import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeDocuments } from './documents';
import { load, Sample } from './load';
import { describe, describeProcess } from './report';
import { compileChildren, endServer, PINNED, Server, startBroker, startEcho } from './servers';
import { usageOf } from './usage';
import { brokerWorks, ECHO, Work } from './works';

/*
 * What a request costs the bundled broker, in units of a bare node:http echo measured beside it in the same run.
 * The audit log is real: every issue and substitution is on disk before its answer. `main.ts [rounds] [seconds]`
 */
const [rounds, seconds] = [Number(process.argv[2] ?? 5), Number(process.argv[3] ?? 4)];
const CONNECTIONS = [10, 50];

interface Step {
  readonly work: Work;
  readonly connections: number;
  readonly broker: Sample[];
  readonly echo: Sample[];
}

/** Who goes first changes with each round, so that neither has the better moments of the machine. */
async function measure(steps: readonly Step[], broker: Server, echo: Server): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const step of round % 2 === 0 ? steps : [...steps].reverse()) {
      const turns = [
        async () => step.broker.push(await load(broker, step.work.requests, step.connections, seconds)),
        async () => step.echo.push(await load(echo, ECHO, step.connections, seconds)),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
    }
    console.error(`round ${round + 1} of ${rounds} done`);
  }
}

async function main(): Promise<void> {
  if (!(rounds >= 1 && rounds <= 20 && seconds >= 1 && seconds <= 30)) throw new Error('usage: main.ts [rounds, 1 to 20] [seconds, 1 to 30]');
  if (!existsSync('sidecar/dist/broker.mjs')) throw new Error('sidecar/dist/broker.mjs is not there: node sidecar/bundle.mjs builds it');
  const folder = mkdtempSync(join(tmpdir(), 'bench-broker-'));
  const compiled = compileChildren();
  const servers: Server[] = [];
  const cleanUp = async (): Promise<void> => {
    await Promise.all(servers.map(endServer));
    rmSync(folder, { recursive: true });
    rmSync(compiled, { recursive: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
  try {
    const echo = await startEcho(compiled);
    servers.push(echo);
    const broker = await startBroker(compiled, writeDocuments(folder));
    servers.push(broker);
    const rest = await usageOf(broker.child);
    const works = await brokerWorks(broker.url);
    const steps: Step[] = works.flatMap((work) => CONNECTIONS.map((connections) => ({ work, connections, broker: [], echo: [] })));
    for (const { work } of steps.filter(({ connections }) => connections === CONNECTIONS[0])) await load(broker, work.requests, CONNECTIONS[0], 1);
    await load(echo, ECHO, CONNECTIONS[0], 1);
    await measure(steps, broker, echo);
    const lines = [...steps.flatMap((step) => [...describe(step), '']), ...describeProcess(rest, await usageOf(broker.child), broker.readyMs)];
    console.log(`Broker on Node ${process.versions.node}, medians of ${rounds} rounds of ${seconds} s, ${PINNED ? 'servers on a core of their own' : 'not pinned'}.`);
    console.log(`The echo is node:http that parses a small body and answers a small JSON.\n\n${lines.join('\n')}`);
  } finally {
    await cleanUp();
  }
}

void main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
