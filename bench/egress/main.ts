import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askWith } from './ask';
import { HOSTS } from './documents';
import { idleMemory } from './idle';
import { Loaded, warmUp } from './load';
import { writePlaces } from './places';
import { describe, describeCalm, describeIdle, describeProcess } from './report';
import { measure, Step } from './rounds';
import {
  BROKER_BUNDLE, bundleProxy, clientsOf, Proxy, RunClient, startBare, startBroker, startBrokerStub, startEgress, startUpstreams,
} from './servers';
import { helloFor, straight, throughProxy } from './wire';
import { get, mebibytes, newGet, newTls, newTunnel, plain, post, stream, Work } from './works';
import { loadOf } from '../broker/load';
import { compileChildren, endServer, PINNED, Server, startEcho } from '../broker/servers';
import { usageOf } from '../broker/usage';
import { ECHO } from '../broker/works';

/*
 * What a connection and a request cost the egress proxy: in units of a bare node:http echo, and beside a bare forward proxy that
 * knows nobody. The broker is the bundled one, with its log on disk. `main.ts [rounds] [seconds]`
 */
const [rounds, seconds] = [Number(process.argv[2] ?? 5), Number(process.argv[3] ?? 2)];

/** Times of each work until a server's code is compiled: of cheap ones, of those with a connection each, of those that move much. */
const WARM_UP = { cheap: 10_000, shaken: 1_000, big: 100 };

/** A step, and how often its work is done before it is measured. */
interface WarmStep extends Step {
  readonly times: number;
}

async function stepsOf(): Promise<readonly WarmStep[]> {
  const [short, endless] = [await helloFor(HOSTS.short), await helloFor(HOSTS.endless)];
  const step = (times: number, isSubstituted = false) => (work: Work): WarmStep => ({ work, isSubstituted, times });
  return [
    ...[get(10, 6), get(50, 6), post(50)].map(step(WARM_UP.cheap, true)),
    ...[plain(50)].map(step(WARM_UP.cheap)),
    ...[newGet(10), newTls(10), newTunnel(10, short)].map(step(WARM_UP.shaken)),
    ...[stream(1, endless), stream(8, endless), mebibytes(1), mebibytes(8)].map(step(WARM_UP.big)),
  ];
}

async function main(): Promise<void> {
  if (!(rounds >= 1 && rounds <= 20 && seconds >= 1 && seconds <= 30)) throw new Error('usage: main.ts [rounds, 1 to 20] [seconds, 1 to 30]');
  if (!existsSync(BROKER_BUNDLE)) throw new Error('sidecar/dist/broker.mjs is not there: node sidecar/bundle.mjs builds it');
  const folder = mkdtempSync(join(tmpdir(), 'bench-egress-'));
  const compiled = compileChildren(['upstream', 'bare', 'broker-stub'].map((name) => join(__dirname, `${name}.ts`)));
  const servers: Server[] = [];
  const started = async <S extends Server>(starting: Promise<S>): Promise<S> => {
    const server = await starting;
    servers.unshift(server);
    return server;
  };
  const cleanUp = async (): Promise<void> => {
    for (const server of servers) await endServer(server);
    rmSync(folder, { recursive: true });
    rmSync(compiled, { recursive: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
  try {
    bundleProxy(compiled);
    const places = await writePlaces(folder);
    const upstreams = await started(startUpstreams(compiled, places));
    const broker = await started(startBroker(compiled, places));
    const stub = await started(startBrokerStub(compiled, places));
    const egress = await started(startEgress(compiled, 'egress', places, broker, upstreams));
    const alone = await started(startEgress(compiled, 'alone', places, stub, upstreams));
    const bare = await started(startBare(compiled, places, upstreams));
    const echo = await started(startEcho(compiled));
    const atRest = await usageOf(egress.child);
    const clients = await clientsOf(broker, askWith(places.ca));

    const steps = await stepsOf();
    const sides = {
      egress: { ...loadedOf(egress), beside: broker.child },
      alone: loadedOf(alone),
      bare: loadedOf(bare),
      echo,
      straight: straight(upstreams, places.ca),
    };
    for (const { work, times } of steps) {
      for (const side of [sides.egress, sides.alone, sides.bare]) await warmUp(side, work, clients, times);
    }
    await loadOf(echo, ECHO, 10, WARM_UP.cheap);
    const { measured, calm } = await measure(sides, steps, clients, rounds, seconds);
    const used = await usageOf(egress.child);
    const hello = await helloFor(HOSTS.short);
    const idleOf = (proxy: Proxy, as: readonly RunClient[]) => idleMemory(loadedOf(proxy), as, hello);
    const idle = {
      egress: await idleOf(await started(startEgress(compiled, 'idle', places, broker, upstreams)), clients),
      bare: await idleOf(await started(startBare(compiled, places, upstreams)), clients),
    };
    const lines = [
      ...measured.flatMap((one) => [...describe(one), '']), ...describeCalm(calm), '', ...describeIdle(idle.egress, idle.bare), '',
      ...describeProcess('egress process', atRest, used, egress.readyMs),
    ];
    console.log(`Egress on Node ${process.versions.node}, medians of ${rounds} rounds of ${seconds} s, ${PINNED ? 'servers on a core of their own' : 'not pinned'}.`);
    console.log(`The echo is node:http that parses a small body and answers a small JSON; the bare proxy is node:http, node:tls and pipes.\n\n${lines.join('\n')}`);
  } finally {
    await cleanUp();
  }
}

function loadedOf(proxy: Proxy): Loaded {
  return { way: throughProxy(proxy), child: proxy.child };
}

void main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
