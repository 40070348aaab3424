import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Run } from './objects/run';
import { openRuns } from './open-runs';
import type { WorkQueue } from './queue/work-queue';
import type { WorkedOn } from './wake';
import { isTerminal } from '../../../src/protocol/resources/phases';
import type { KubeCode } from '../kube/kube-error';
import { Clock, steadyClock } from '../server/time/clock';

/** What is asked for when the metrics are read. */
export interface OperatorGauges {
  readonly queue: Pick<WorkQueue, 'depth' | 'oldestAge'>;
  /** Whether this replica acts. */
  readonly leading: () => boolean;
  /** Those that the operator knows. */
  readonly runs: () => Iterable<Pick<Run, 'status'>>;
  /** Namespaces that cannot be followed. */
  readonly unknownNamespaces: () => number;
  /** Whether writes are refused for fields that the definitions lack. */
  readonly lackingDefinitions: () => boolean;
}

export type ApiVerb = 'get' | 'list' | 'create' | 'apply' | 'update' | 'patch' | 'delete';

/** Seconds. From an object for which there is nothing to do to one that waits for the broker. */
const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Seconds. From one to more than an hour, each twice the one before; as paddock's. */
const RUN_BUCKETS = Array.from({ length: 13 }, (_, power) => 2 ** power);

/**
 * Everything that the operator counts beyond the process. No label is a run or a namespace: there is no end to them.
 * https://prometheus.io/docs/practices/naming/
 */
export class OperatorMetrics {
  private readonly reconciles: Counter<'kind' | 'outcome'>;
  private readonly durations: Histogram<'kind'>;
  private readonly calls: Counter<'verb' | 'resource' | 'code'>;
  private readonly transitions: Counter<'from' | 'to'>;
  private readonly runs: Histogram<'phase'>;

  constructor(private readonly registry: Registry, private readonly clock: Clock = steadyClock) {
    this.reconciles = this.counter('operator_reconciles_total', 'Objects worked on, by kind and whether that has to be repeated', ['kind', 'outcome']);
    this.durations = this.histogram('operator_reconcile_duration_seconds', 'Time that an object was worked on', 'kind', BUCKETS);
    this.calls = this.counter('operator_api_calls_total', 'Calls of the API server by code of the answer; ok for none', ['verb', 'resource', 'code']);
    this.transitions = this.counter('paddock_harnessrun_phase_transitions_total', 'Changes of the phase of a run; from is empty for its first', ['from', 'to']);
    this.runs = this.histogram('paddock_harnessrun_duration_seconds', 'Time from the start of a run to its end, by the phase it ended in', 'phase', RUN_BUCKETS);
  }

  /** Does the work and counts it. */
  async reconciled<T>(kind: WorkedOn, work: () => Promise<T>): Promise<T> {
    const began = this.clock();
    let outcome = 'failed';
    try {
      const answer = await work();
      outcome = 'ok';
      return answer;
    } finally {
      this.reconciles.inc({ kind, outcome });
      this.durations.observe({ kind }, (this.clock() - began) / 1000);
    }
  }

  called(verb: ApiVerb, resource: string, code: KubeCode | 'ok'): void {
    this.calls.inc({ verb, resource, code });
  }

  /** A run was seen to change. Of one that was not known before nothing is counted: it may have been in its phase for long. */
  runChanged(before: Pick<Run, 'status'> | undefined, after: Pick<Run, 'status'> | undefined): void {
    const to = after?.status.phase;
    if (before === undefined || to === undefined || before.status.phase === to) return;
    this.transitions.inc({ from: before.status.phase ?? '', to });
    const { startTime, completionTime } = after!.status;
    if (!isTerminal(to) || startTime === undefined || completionTime === undefined) return;
    this.runs.observe({ phase: to }, Math.max(0, Date.parse(completionTime) - Date.parse(startTime)) / 1000);
  }

  /** Reads these whenever the metrics are read. Once. */
  observe({ queue, leading, runs, unknownNamespaces, lackingDefinitions }: OperatorGauges): void {
    this.gauge('operator_queue_depth', 'Objects that wait to be worked on', () => queue.depth);
    this.gauge('operator_queue_oldest_age_seconds', 'Time for which the first of them has waited', () => queue.oldestAge / 1000);
    this.gauge('operator_leading', 'Whether this replica acts: 1 or 0', () => Number(leading()));
    // Replicas that stand by know the same runs; the one that leads tells of them.
    this.openRuns(() => (leading() ? runs() : []));
    this.gauge('operator_unknown_namespaces', 'Namespaces of runs that cannot be read, so that nobody works on what is there', unknownNamespaces);
    this.gauge('operator_definitions_lack_fields', 'Whether statuses cannot be written, as definitions of another version are in the cluster: 1 or 0', () => Number(lackingDefinitions()));
  }

  private counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private histogram<Label extends string>(name: string, help: string, label: Label, buckets: number[]): Histogram<Label> {
    return new Histogram({ name, help, labelNames: [label], buckets, registers: [this.registry] });
  }

  private openRuns(runs: () => Iterable<Pick<Run, 'status'>>): void {
    const gauge: Gauge<'phase' | 'reason'> = new Gauge({
      name: 'operator_open_runs',
      help: 'Runs that are not over, by phase and by what they wait for; other for a reason that this version does not know',
      labelNames: ['phase', 'reason'],
      registers: [this.registry],
      collect: () => {
        gauge.reset();
        for (const { phase, reason, count } of openRuns(runs())) gauge.set({ phase, reason }, count);
      },
    });
  }

  private gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({ name, help, registers: [this.registry], collect: () => gauge.set(read()) });
  }
}
