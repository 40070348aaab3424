import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { parse } from 'yaml';
import { eventually } from './api-server';
import { must } from './cli';
import { LeaseBook } from './lease-book';
import { admin, clear, deploy, get, isTerminal, openHere, operatorClient, over, podsOf, publishProxy, submit, TEAM, until } from './operator-world';
import { PretendKubelet } from './pretend-kubelet';
import { OperatorMetrics } from '../../sidecar/src/operator/metrics';
import { TcpProxy } from '../helpers/tcp-proxy';

/* eslint-disable @typescript-eslint/no-explicit-any */

const DOOMED = 'runs-doomed';

let kubelet: PretendKubelet;

beforeAll(() => {
  deploy({ others: [DOOMED] });
  kubelet = new PretendKubelet(admin, TEAM, ({ metadata }) => (metadata.name.startsWith('endless') ? 'never' : 0));
});

afterAll(async () => {
  await clear();
  await kubelet.close();
  admin.close();
});

const numbered = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

/** What holds when a run is over, whatever has happened on the way. */
async function expectCleanEnds(names: readonly string[], book: LeaseBook): Promise<void> {
  for (const name of names) {
    // What has failed is tried again at ever longer intervals, of a minute at most.
    const { status } = await over(name, 150);
    expect([name, status.phase, status.agentPhase, status.attempt]).toEqual([name, 'Succeeded', 'stopped', 0]);
    expect(await podsOf(name)).toEqual([`${name}-0`]);
    expect(book.live(name)).toEqual([]);
    expect(status.issuedLeases.map(({ leaseID }: any) => leaseID).sort()).toEqual([...book.issued.keys()].filter((id) => id.startsWith(`lease-${name}-`)).sort());
  }
}

test.each(['cut', 'silence'] as const)('runs end well though the way to the API server fails again and again: %s', async (how) => {
  const config = parse(readFileSync(process.env.KUBECONFIG!, 'utf8'));
  const proxy = await TcpProxy.to(config.clusters[0].cluster.server);
  const book = new LeaseBook();
  const operator = openHere({ client: operatorClient(proxy.port), broker: book });
  const names = numbered(`away-${how}`, 6);
  for (const name of names) {
    await submit(name);
    await sleep(150 + 200 * Math.random());
    proxy[how]();
    await sleep(how === 'cut' ? 700 : 300);
    proxy.mend();
    await sleep(200 * Math.random());
  }
  await expectCleanEnds(names, book);
  await operator.close();
  proxy.close();
}, 480_000);

test('a namespace that is not there keeps no run of another one from going on', async () => {
  const registry = new Registry();
  const operator = openHere({ namespaces: ['runs-nowhere', TEAM], metrics: new OperatorMetrics(registry) });
  await submit('beside-nowhere');
  expect((await over('beside-nowhere')).status.phase).toBe('Succeeded');
  expect(operator.operator.problem()).toBeUndefined();
  expect((await registry.metrics()).split('\n')).toContain('operator_unknown_namespaces 1');
  // Its watches are apart from those of the others.
  await eventually(() => Promise.resolve(operator.log()), (log) => /"namespace":"runs-nowhere".*"msg":"a watch was interrupted and begins anew"/.test(log));
  await operator.close();
});

test('of two operators that lead by turns, neither makes a second pod or loses a lease', async () => {
  const book = new LeaseBook();
  let leader = 0;
  const operators = [0, 1].map((which) => openHere({ broker: book, isLeader: () => leader === which }));
  const names = numbered('handed', 12);
  let switches = 0;
  for (const name of names) {
    await submit(name);
    await sleep(100 * Math.random());
    leader = 1 - leader;
    switches += 1;
  }
  while (!(await Promise.all(names.map(get))).every(isTerminal) && switches < 200) {
    // Ever longer, as what is begun has to come to an end in one of them on a slow machine, too.
    await sleep((100 + 500 * Math.random()) * (1 + switches / 40));
    leader = 1 - leader;
    switches += 1;
  }
  await expectCleanEnds(names, book);
  expect(switches).toBeLessThan(200);
  await Promise.all(operators.map((one) => one.close()));
}, 480_000);

test('one that is told late that it does not lead any more does no harm beside the next', async () => {
  const book = new LeaseBook();
  const operators = [openHere({ broker: book }), openHere({ broker: book })];
  const names = numbered('both', 8);
  await Promise.all(names.map((name) => submit(name)));
  await expectCleanEnds(names, book);
  await Promise.all(operators.map((one) => one.close()));
}, 480_000);

test('runs go with the namespace that somebody deletes, and those of others go on', async () => {
  const book = new LeaseBook();
  const runs = `/apis/paddock.dev/v1alpha1/namespaces/${DOOMED}/harnessruns`;
  const operator = openHere({ broker: book, namespaces: [TEAM, DOOMED] });
  const doomedKubelet = new PretendKubelet(admin, DOOMED, () => 'never');
  must(['apply', '--server-side', '-f', '-'], [{
    apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessTemplate', metadata: { name: 'coder', namespace: DOOMED }, spec: { image: 'registry.example.com/coder:1', command: ['/coder'] },
  }]);
  publishProxy('http://10.96.0.9:15001', DOOMED);
  const names = numbered('endless', 3);
  for (const name of names) {
    expect(await admin.call('POST', runs, { apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', metadata: { name }, spec: { templateRef: { name: 'coder' }, prompt: 'Work.' } })).toMatchObject({ status: 201 });
  }
  await eventually(async () => (await admin.call('GET', runs)).body.items as any[], (items) => items.every(({ status }) => status?.agentPhase === 'running'));
  must(['delete', 'namespace', DOOMED, '--wait=false']);
  await eventually(async () => (await admin.call('GET', runs)).body.items as any[], (items) => items.length === 0, 240).finally(() => doomedKubelet.close());
  await submit('survivor');
  await until('survivor', isTerminal);
  expect(operator.operator.problem()).toBeUndefined();
  await operator.close();
}, 480_000);
