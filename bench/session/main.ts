import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { healthWhileStarting } from './health-latency';
import { download, Transfer, upload } from './large-files';
import { describe, describeProcess, describeTransfers, Measured } from './report';
import { Build, build, Daemon, startDaemon } from './servers';
import { sessionWorks } from './works';
import { load, median, Sample } from '../broker/load';
import { compileChildren, endServer, PINNED, Server, startEcho } from '../broker/servers';
import { usageOf } from '../broker/usage';
import { ECHO } from '../broker/works';

/*
 * What a request costs the bundled session daemon with its helper, in units of a bare node:http echo measured beside it
 * in the same run. `main.ts [rounds] [seconds]`
 */
const [rounds, seconds] = [Number(process.argv[2] ?? 5), Number(process.argv[3] ?? 2)];

/** Starts whose median is told. */
const STARTS = 11;

interface Step extends Measured {
  readonly daemon: Sample[];
  readonly echo: Sample[];
}

/** Who goes first changes with each round, so that neither has the better moments of the machine. */
async function measure(steps: readonly Step[], daemon: Daemon, echo: Server): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const step of round % 2 === 0 ? steps : [...steps].reverse()) {
      const { requests, connections } = step.work;
      const turns = [
        async () => step.daemon.push(await load(daemon, requests, connections, seconds)),
        async () => step.echo.push(await load(echo, ECHO, connections, seconds)),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
    }
    console.error(`round ${round + 1} of ${rounds} done`);
  }
}

async function startTimes(built: Build, workspace: string): Promise<number[]> {
  const times: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const daemon = await startDaemon(built, workspace);
    times.push(daemon.readyMs);
    await endServer(daemon);
  }
  return times;
}

async function main(): Promise<void> {
  if (!(rounds >= 1 && rounds <= 20 && seconds >= 1 && seconds <= 30)) throw new Error('usage: main.ts [rounds, 1 to 20] [seconds, 1 to 30]');
  const folder = mkdtempSync(join(tmpdir(), 'bench-session-'));
  const compiled = compileChildren();
  const servers: Server[] = [];
  const cleanUp = async (): Promise<void> => {
    await Promise.all(servers.map(endServer));
    rmSync(folder, { recursive: true });
    rmSync(compiled, { recursive: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
  try {
    const built = await build(folder);
    const workspace = join(folder, 'workspace');
    const starts = await startTimes(built, workspace);
    const echo = await startEcho(compiled);
    servers.push(echo);
    const daemon = await startDaemon(built, workspace);
    servers.push(daemon);
    const rest = await usageOf(daemon.child);
    const steps: Step[] = sessionWorks(daemon, workspace).map((work) => ({ work, daemon: [], echo: [] }));
    for (const { work } of steps) await load(daemon, work.requests, work.connections, 1);
    await load(echo, ECHO, 10, 1);
    await measure(steps, daemon, echo);
    const health = await healthWhileStarting(daemon);
    const transfers: Record<'up' | 'down', Transfer[]> = { up: [], down: [] };
    for (let round = 0; round < rounds; round++) {
      transfers.up.push(await upload(daemon));
      transfers.down.push(await download(daemon));
    }
    const unit = median(steps.flatMap((step) => step.echo.map(({ cpuMicrosPerRequest }) => cpuMicrosPerRequest)));
    const lines = [
      ...steps.flatMap((step) => [...describe(step), '']),
      'large files, one connection', describeTransfers('upload', transfers.up, unit), describeTransfers('download', transfers.down, unit), '',
      ...describeProcess(rest, await usageOf(daemon.child), starts, health),
    ];
    const means = built.helper === undefined ? 'without the helper' : 'with the helper';
    console.log(`Session daemon ${means} on Node ${process.versions.node}, medians of ${rounds} rounds of ${seconds} s, ${PINNED ? 'servers on a core of their own' : 'not pinned'}.`);
    console.log(`The echo is node:http that parses a small body and answers a small JSON.\n\n${lines.join('\n')}`);
  } finally {
    await cleanUp();
  }
}

void main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
