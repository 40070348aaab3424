import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimTimes } from './claims';
import { register } from './registered';
import { describe, describeClaims, describeProcess, describeStore, Measured } from './report';
import { checkBundles, startController, startGateway, startPassThrough, startStub, writePlaces } from './servers';
import { startStore } from './store-server';
import { openBenchStore, storeRates } from './store-works';
import { gatewayWorks } from './works';
import type { OpenStore } from '../../sidecar/src/store/open-store';
import { load, loadOf, Sample } from '../broker/load';
import { compileChildren, endServer, PINNED, Server, startEcho } from '../broker/servers';
import { usageOf } from '../broker/usage';
import { ECHO } from '../broker/works';

/*
 * What a request costs the bundled gateway, in units of a bare node:http echo and beside a bare pass-through, and how
 * long a session takes from a warm worker to its first command. All in one run. `main.ts [rounds] [seconds]`
 */
const [rounds, seconds] = [Number(process.argv[2] ?? 5), Number(process.argv[3] ?? 2)];

/** Sessions whose median is told. */
const CLAIMS = 30;

/** Requests of each work until a server's code is compiled. A time instead would do so on a free machine only. */
const WARM_UP = 10_000;

interface Step extends Measured {
  readonly gateway: Sample[];
  readonly bare: Sample[];
  readonly echo: Sample[];
}

interface Loaded {
  readonly gateway: Server;
  readonly bare: Server;
  readonly echo: Server;
}

/** Who goes first changes with each round, so that none has the better moments of the machine. */
async function measure(steps: readonly Step[], { gateway, bare, echo }: Loaded): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const step of round % 2 === 0 ? steps : [...steps].reverse()) {
      const { work: { requests, bare: plain, connections } } = step;
      const turns = [
        async () => step.gateway.push(await load(gateway, requests, connections, seconds)),
        async () => step.bare.push(await load(bare, plain, connections, seconds)),
        async () => step.echo.push(await load(echo, ECHO, connections, seconds)),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
    }
    console.error(`round ${round + 1} of ${rounds} done`);
  }
}

async function main(): Promise<void> {
  if (!(rounds >= 1 && rounds <= 20 && seconds >= 1 && seconds <= 30)) throw new Error('usage: main.ts [rounds, 1 to 20] [seconds, 1 to 30]');
  checkBundles();
  const folder = mkdtempSync(join(tmpdir(), 'bench-sessions-'));
  const compiled = compileChildren(['stub', 'pass-through'].map((name) => join(__dirname, `${name}.ts`)));
  const servers: Server[] = [];
  const started = async (starting: Promise<Server>): Promise<Server> => {
    const server = await starting;
    servers.unshift(server);
    return server;
  };
  let store: OpenStore | undefined;
  const cleanUp = async (): Promise<void> => {
    await store?.close();
    for (const server of servers) await endServer(server);
    rmSync(folder, { recursive: true });
    rmSync(compiled, { recursive: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
  try {
    const server = await startStore(folder);
    if (server === undefined) throw new Error('there is neither valkey-server nor redis-server on PATH, and controller and gateway share one');
    servers.unshift(server);
    const places = writePlaces(folder);
    const controller = await started(startController(compiled, places, server));
    const gateway = await started(startGateway(compiled, places, server, controller));
    const stub = await started(startStub(compiled));
    const bare = await started(startPassThrough(compiled, stub));
    const echo = await started(startEcho(compiled));
    const [controllerAtRest, gatewayAtRest] = [await usageOf(controller.child), await usageOf(gateway.child)];

    const claims = await claimTimes(gateway, places, CLAIMS);
    store = await openBenchStore(server);
    const works = gatewayWorks(places, await register(store.store, places, stub.url));
    const steps: Step[] = works.map((work) => ({ work, gateway: [], bare: [], echo: [] }));
    for (const { requests, bare: plain, connections } of works) {
      await loadOf(gateway, requests, connections, WARM_UP);
      await loadOf(bare, plain, connections, WARM_UP);
      await loadOf(echo, ECHO, connections, WARM_UP);
    }
    await measure(steps, { gateway, bare, echo });
    const rates = await storeRates(server, store.store, places);
    const lines = [
      ...steps.flatMap((step) => [...describe(step), '']), ...describeClaims(claims), '', ...describeStore(rates), '',
      ...describeProcess('gateway', gatewayAtRest, await usageOf(gateway.child), gateway.readyMs),
      ...describeProcess('controller with its warm workers', controllerAtRest, await usageOf(controller.child), controller.readyMs),
    ];
    console.log(`Sessions on Node ${process.versions.node}, medians of ${rounds} rounds of ${seconds} s, ${PINNED ? 'servers on a core of their own' : 'not pinned'}.`);
    console.log(`The echo is node:http that parses a small body and answers a small JSON; the bare pass-through is node:http and undici.\n\n${lines.join('\n')}`);
  } finally {
    await cleanUp();
  }
}

void main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
