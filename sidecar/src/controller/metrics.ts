import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { PoolEntry } from '../../../src/protocol/session-pools';
import type { SessionsCode } from '../../../src/protocol/sessions-api';
import type { EndReason as DueReason } from '../store/due';

/** Why a session has ended. */
export type EndReason = DueReason
  /** Somebody wanted it. */
  | 'Deleted'
  /** It could not be made. */
  | 'RolledBack'
  /** Its worker is gone, or serves another session. */
  | 'WorkerLost'
  /** Nothing was kept of it but its worker. */
  | 'Orphaned';

/** Steps of a creation that are timed, and the whole. */
export type CreationStep = 'claim' | 'init' | 'total';

/** Seconds. From a warm worker at hand to a wait for one. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * Everything that the controller counts beyond requests and the process. Labels are pools and words of ours, never a
 * session or an owner. https://prometheus.io/docs/practices/naming/
 */
export class ControllerMetrics {
  private readonly creations: Counter<'code'>;
  private readonly ends: Counter<'reason'>;
  private readonly steps: Histogram<'step'>;
  private readonly empty: Counter<'namespace' | 'pool'>;
  private readonly open: Gauge;
  private readonly failures: Counter<'part'>;
  private readonly poisoned: Counter;

  constructor(private readonly registry: Registry) {
    this.creations = this.counter('controller_creations_total', 'Requests for a session by code of the answer; ok for none', ['code']);
    this.ends = this.counter('controller_ended_sessions_total', 'Sessions that have ended, by reason', ['reason']);
    this.steps = new Histogram({
      name: 'controller_creation_duration_seconds',
      help: 'Time that a session took to get its worker, to be taken by it, and altogether',
      labelNames: ['step'],
      buckets: BUCKETS,
      registers: [registry],
    });
    this.empty = this.counter('controller_pool_empty_total', 'Requests for a session for which no worker became free in time', ['namespace', 'pool']);
    this.open = new Gauge({ name: 'controller_open_requests', help: 'Requests that are being answered', registers: [registry] });
    this.failures = this.counter('controller_reaper_failures_total', 'What could not be ended or looked through; each is tried again', ['part']);
    this.poisoned = this.counter('controller_poisoned_records_total', 'Records of the store that cannot be used, each time that one is met', []);
  }

  created(code: SessionsCode | 'ok'): void {
    this.creations.inc({ code });
  }

  ended(reason: EndReason): void {
    this.ends.inc({ reason });
  }

  took(step: CreationStep, milliseconds: number): void {
    this.steps.observe({ step }, milliseconds / 1000);
  }

  poolEmpty({ namespace, name }: Pick<PoolEntry, 'namespace' | 'name'>): void {
    this.empty.inc({ namespace, pool: name });
  }

  requestOpened(): void {
    this.open.inc();
  }

  requestClosed(): void {
    this.open.dec();
  }

  reaperFailed(part: 'page' | 'session' | 'orphan' | 'recycle'): void {
    this.failures.inc({ part });
  }

  poison(): void {
    this.poisoned.inc();
  }

  private counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }
}
