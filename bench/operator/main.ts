import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeFinished, restart } from './at-rest';
import { bareClient } from './bare';
import { bareBurst, BurstOptions, operatorBurst } from './bursts';
import { connect, deploy, objectsIn } from './cluster';
import { describeBurst, describeCalls, describeCrowd, describeLatency, describeRestart, perRun } from './report';
import { brokerCalls, checkBundle, Places, startBroker, startOperator } from './servers';
import { OPERATOR_ENV } from '../../src/protocol/env';
import { compileChildren, endServer, PINNED, Server } from '../broker/servers';

/*
 * What a run costs the bundled operator at a real API server, beside a bare client of the same run that makes the same calls, as
 * many at a time; and what runs that are over cost it. The broker says yes at once; scheduler and kubelet are pretended.
 * `main.ts [--quick] [--long]` with KUBECONFIG; --quick makes fewer runs, --long looks at 10,000 that are over.
 */
const { values: { quick, long } } = parseArgs({ options: { quick: { type: 'boolean', default: false }, long: { type: 'boolean', default: false } } });

const BURSTS = quick ? [50] : [200, 1000];
const ONE_BY_ONE = quick ? 10 : 30;
const FINISHED = long ? [1000, 10_000] : quick ? [200] : [1000, 2000];

/** Runs by which code is compiled before anything is measured. */
const WARM_UP = 20;

/** Runs by which it is looked at what those that are over cost the others. */
const FEW = 50;

const SUBMITTERS = 32;
const WORKERS = Number(OPERATOR_ENV.RECONCILES.default);

/** Milliseconds in which each state of a pod comes into the status before the next. */
const CALM = 60;

const ALONE = 'bench-alone';
const NOTHING = 'bench-nothing';
const OVER = 'bench-over';
const spaceOf = (count: number, side: string) => `bench-${side}-${count}`;
const SPACES = [NOTHING, OVER, ...[ALONE, ...BURSTS.map((count) => spaceOf(count, 'at'))].flatMap((name) => [name, `${name}-bare`])];

async function main(): Promise<void> {
  if (process.env.KUBECONFIG === undefined) throw new Error('KUBECONFIG must name the kubeconfig of a cluster without nodes, got nothing');
  checkBundle();
  const folder = mkdtempSync(join(tmpdir(), 'bench-operator-'));
  const compiled = compileChildren(['broker-stub', 'heap-reply'].map((name) => join(__dirname, `${name}.ts`)));
  const servers: Server[] = [];
  const cleanUp = async (): Promise<void> => {
    for (const server of servers) await endServer(server);
    rmSync(folder, { recursive: true });
    rmSync(compiled, { recursive: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
  try {
    const { choices } = deploy(SPACES);
    const cluster = connect(folder);
    const places: Places = { folder, kubeconfig: cluster.kubeconfig, choices };
    const broker = await startBroker(compiled, places);
    servers.push(broker);
    const operatorIn = async (namespace: string): Promise<Server> => {
      const operator = await startOperator(compiled, places, broker, [namespace]);
      servers.unshift(operator);
      return operator;
    };
    const withOperator = async (options: BurstOptions) => {
      const operator = await operatorIn(options.namespace);
      await operatorBurst(cluster, operator, { ...options, oneByOne: false, pause: 0, runs: WARM_UP, names: `warm-${options.names}` });
      const burst = await operatorBurst(cluster, operator, options);
      await endServer(operator);
      console.error(`${options.runs} runs in ${options.namespace} done`);
      return burst;
    };
    const rest = await restart(cluster, NOTHING, () => operatorIn(NOTHING));

    const alone = { namespace: ALONE, runs: ONE_BY_ONE, submitters: 1, oneByOne: true, pause: CALM, names: 'run' };
    const askedBefore = await brokerCalls(broker, places);
    const one = await withOperator(alone);
    const asked = (await brokerCalls(broker, places) - askedBefore) / (ONE_BY_ONE + WARM_UP);
    const { items } = await cluster.admin.list(objectsIn(ALONE, 'events', ''), { limit: 5000 });
    const events = items.filter(({ involvedObject }) => (involvedObject as { readonly name: string }).name.startsWith(alone.names));
    const client = await bareClient(cluster, ALONE, 'run-00000', perRun(one));
    const bareOne = await bareBurst(cluster, client, 1, { ...alone, namespace: `${ALONE}-bare` });
    console.log(`Operator on Node ${process.versions.node}, ${PINNED ? 'its process on one core, which the API server may use too' : 'not pinned'}.\n`);
    tell([
      ...describeCalls(one, asked, events.length / ONE_BY_ONE),
      ...client.leftOut.map((call) => `  the bare client leaves out: ${call}`), '',
      `one run, ${ONE_BY_ONE} times`, ...describeLatency(one, bareOne),
    ]);
    for (const count of BURSTS) {
      const options = { namespace: spaceOf(count, 'at'), runs: count, submitters: SUBMITTERS, pause: 0, names: 'run' };
      const burst = await withOperator(options);
      const beside = { ...options, namespace: `${options.namespace}-bare` };
      const bare = await bareBurst(cluster, await bareClient(cluster, ALONE, 'run-00000', perRun(burst)), WORKERS, beside);
      tell(describeBurst(burst, bare, WORKERS));
    }
    const last = spaceOf(BURSTS.at(-1)!, 'at');
    const { status } = await cluster.admin.get(objectsIn(ALONE, 'harnessruns'), 'run-00000');
    tell(describeRestart('nothing', rest, rest, 0));
    for (const [at, count] of FINISHED.entries()) {
      await makeFinished(cluster, OVER, status as object, FINISHED[at - 1] ?? 0, count);
      tell(describeRestart(`${count} runs that are over, and nothing of them`, await restart(cluster, OVER, () => operatorIn(OVER)), rest, count));
      console.error(`${count} runs that are over done`);
    }
    const kept = BURSTS.at(-1)! + WARM_UP;
    tell(describeRestart(`${kept} runs that are over, their pods, policies, Workspaces and claims`, await restart(cluster, last, () => operatorIn(last)), rest, kept));
    const few = { runs: FEW, submitters: SUBMITTERS, pause: 0, names: 'few' };
    const crowded = { among: await withOperator({ ...few, namespace: last }), alone: await withOperator({ ...few, namespace: NOTHING }) };
    tell(describeCrowd(crowded, kept));
    cluster.admin.close();
    cluster.account.close();
  } finally {
    await cleanUp();
  }
}

/** As soon as it is known: all of it takes minutes. */
function tell(lines: readonly string[]): void {
  console.log(`${lines.join('\n')}\n`);
}

void main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
