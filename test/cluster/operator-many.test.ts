import { Registry } from 'prom-client';
import { eventually } from './api-server';
import { LeaseBook } from './lease-book';
import { admin, clear, deploy, isTerminal, openHere, RUNS, submit, TEAM } from './operator-world';
import { PretendKubelet } from './pretend-kubelet';
import { OperatorMetrics } from '../../sidecar/src/operator/metrics';
import type { WorkedOn } from '../../sidecar/src/operator/wake';

/* eslint-disable @typescript-eslint/no-explicit-any */

const RUNS_AT_ONCE = 200;
const WORKERS = 8;

/** What a run may cost, from its creation to its end. */
const MOST_CALLS = 40;

/** Counts what is under way, and the calls. */
class Counting extends OperatorMetrics {
  public busiest = 0;
  public asked = 0;
  private present = 0;

  public override async reconciled<T>(kind: WorkedOn, work: () => Promise<T>): Promise<T> {
    this.present += 1;
    this.busiest = Math.max(this.busiest, this.present);
    try {
      return await super.reconciled(kind, work);
    } finally {
      this.present -= 1;
    }
  }

  public override called(...given: Parameters<OperatorMetrics['called']>): void {
    this.asked += 1;
    super.called(...given);
  }
}

let kubelet: PretendKubelet;

beforeAll(() => {
  deploy();
  kubelet = new PretendKubelet(admin, TEAM);
});

afterAll(async () => {
  await clear();
  await kubelet.close();
  admin.close();
});

test('many runs at once all end, few are worked on at a time', async () => {
  const names = Array.from({ length: RUNS_AT_ONCE }, (_, index) => `many-${String(index).padStart(3, '0')}`);
  for (let at = 0; at < names.length; at += 20) await Promise.all(names.slice(at, at + 20).map((name) => submit(name)));
  const book = new LeaseBook();
  const order: string[] = [];
  book.before = (call, { name }) => Promise.resolve(void (call === 'issue-egress' && order.push(name)));
  const metrics = new Counting(new Registry());
  const operator = openHere({ broker: book, workers: WORKERS, metrics });
  const runs = await eventually(
    async () => ((await admin.call('GET', RUNS)).body.items as any[]).filter(({ metadata }) => names.includes(metadata.name)),
    (items) => items.every((run) => isTerminal(run) && run.metadata.finalizers === undefined),
    800,
  );
  await operator.close();
  expect(runs.map(({ metadata, status }) => [metadata.name, status.phase])).toEqual(names.map((name) => [name, 'Succeeded']));
  expect(names.flatMap((name) => book.live(name))).toEqual([]);
  expect(metrics.busiest).toBe(WORKERS);
  const callsPerRun = metrics.asked / RUNS_AT_ONCE;
  const first = [...new Set(order)];
  const overtaken = Math.max(...first.map((name, at) => names.indexOf(name) - at));
  const late = Math.max(...first.map((name, at) => at - names.indexOf(name)));
  process.stdout.write(`calls of the API server per run: ${callsPerRun.toFixed(1)}; begun out of order by ${overtaken} early, ${late} late\n`);
  expect(callsPerRun).toBeLessThan(MOST_CALLS);
}, 960_000);
