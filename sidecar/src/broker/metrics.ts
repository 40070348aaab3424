import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { AuditRecord } from './audit/audit-event';
import type { ShipLag } from './audit/shipping/ship';
import type { ShipObserver } from './audit/shipping/ship-delivery';
import type { Lane } from './audit/shipping/ship-lanes';
import type { PoolName, ProviderObserver } from './providers/observer';
import type { BROKER_ROUTES, BrokerCode } from '../../../src/protocol/broker-api';

/** An endpoint by its name in the table of routes. */
export type RouteName = keyof typeof BROKER_ROUTES;

/** What is asked for when the metrics are read. What is not given has no series. */
export interface BrokerGauges {
  readonly shipLag: () => Readonly<Record<Lane, ShipLag>>;
  /** Seconds since the state of runs was known to be current. */
  readonly catalogAge: () => number;
  /** Objects that cannot be used, by kind. */
  readonly refusedObjects: () => Readonly<Record<string, number>>;
  /** Keys that limiters hold, by name of the limiter. */
  readonly limitKeys: () => Readonly<Record<string, number>>;
  /** Milliseconds since 1970. */
  readonly certificateExpires: () => number;
}

/** Seconds. From a value that is at hand to one that is asked of a server outside. */
const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Pools that have series of their own. Their names come from policies, which somebody may write without end. */
const MAX_POOLS = 1000;

/**
 * Everything that the broker counts beyond requests and the process. No label is a run, a host or a caller: those are in
 * the audit log, and there is no end to them. https://prometheus.io/docs/practices/naming/
 */
export class BrokerMetrics {
  readonly providers: ProviderObserver;
  readonly shipping: ShipObserver;
  private readonly requests: Counter<'endpoint' | 'code'>;
  private readonly decisions: Counter<'kind' | 'decision'>;
  private readonly reviews: Counter<'result'>;
  private readonly auditFailures: Counter;

  constructor(private readonly registry: Registry) {
    this.requests = this.counter('broker_requests_total', 'Requests by endpoint and code of the answer; ok for none', ['endpoint', 'code']);
    this.decisions = this.counter('broker_decisions_total', 'Recorded decisions by kind', ['kind', 'decision']);
    this.reviews = this.counter('broker_token_reviews_total', 'Callers looked up: remembered (hit), asked of the API server (miss), or not to be told (error)', ['result']);
    this.auditFailures = this.counter('broker_audit_write_failures_total', 'Decisions that were discarded because they could not be recorded', []);
    this.providers = this.providerObserver();
    this.shipping = this.shipObserver();
  }

  answered(endpoint: RouteName, code: BrokerCode | 'ok'): void {
    this.requests.inc({ endpoint, code });
  }

  decided({ kind, decision, count = 1 }: Pick<AuditRecord, 'kind' | 'decision' | 'count'>): void {
    this.decisions.inc({ kind, decision }, count);
  }

  reviewed(result: 'hit' | 'miss' | 'error'): void {
    this.reviews.inc({ result });
  }

  auditFailed(): void {
    this.auditFailures.inc();
  }

  /** Reads these whenever the metrics are read. Once for each gauge. */
  follow({ shipLag, catalogAge, refusedObjects, limitKeys, certificateExpires }: Partial<BrokerGauges>): void {
    const lagging = (what: keyof ShipLag) => shipLag && (() => Object.fromEntries(Object.entries(shipLag()).map(([lane, lag]) => [lane, lag[what]])));
    this.gauges('broker_audit_unshipped_records', 'Records of the audit log that are not shipped yet; uses wait for up to ten minutes', 'lane', lagging('records'));
    this.gauges('broker_audit_ship_lag_seconds', 'Time since records that are not shipped should have been', 'lane', lagging('seconds'));
    this.gauge('broker_catalog_age_seconds', 'Time since the state of runs was known to be current', catalogAge);
    this.gauges('broker_catalog_refused_objects', 'Objects of the catalog that cannot be used', 'kind', refusedObjects);
    this.gauges('broker_limit_keys', 'Callers and addresses that a limiter holds', 'limiter', limitKeys);
    this.gauge('broker_certificate_expiry_timestamp_seconds', 'When the serving certificate ends', certificateExpires && (() => certificateExpires() / 1000));
  }

  private providerObserver(): Required<ProviderObserver> {
    const issued = this.histogram('broker_issue_duration_seconds', 'Time that a provider took to issue', ['provider', 'outcome']);
    const minted = this.histogram('broker_mint_duration_seconds', 'Time that a server outside took to make a token', ['provider', 'outcome']);
    const labels = ['namespace', 'secret', 'key'] as const;
    const size = new Gauge({ name: 'broker_pool_tokens', help: 'Tokens of a pool', labelNames: labels, registers: [this.registry] });
    const leases = new Gauge({ name: 'broker_pool_leased_tokens', help: "Tokens of a pool that are leased, as of this replica's last lease", labelNames: labels, registers: [this.registry] });
    const exhausted = this.counter('broker_pool_exhausted_total', 'Leases refused because all tokens of the pool were leased', labels);
    const known = new Set<string>();
    const isKnown = (pool: PoolName): boolean => {
      const key = JSON.stringify(pool);
      return known.has(key) || (known.size < MAX_POOLS && known.add(key).has(key));
    };
    return {
      issued: (provider, milliseconds, outcome) => issued.observe({ provider, outcome }, milliseconds / 1000),
      minted: (provider, milliseconds, outcome) => minted.observe({ provider, outcome }, milliseconds / 1000),
      pool: (pool, tokens, leased) => {
        if (!isKnown(pool)) return;
        size.set({ ...pool }, tokens);
        leases.set({ ...pool }, leased);
      },
      exhausted: (pool) => {
        if (isKnown(pool)) exhausted.inc({ ...pool });
      },
    };
  }

  private shipObserver(): ShipObserver {
    const events = this.counter('broker_audit_events_total', 'AuditEvents by what became of them: created, exists, moved to the namespace of the platform, dropped', ['result']);
    const retries = this.counter('broker_audit_ship_failures_total', 'Failed attempts to ship the audit log; each is made again', []);
    return { shipped: (result) => events.inc({ result }), failed: () => retries.inc() };
  }

  private counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private histogram<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets: BUCKETS, registers: [this.registry] });
  }

  private gauge(name: string, help: string, read: (() => number) | undefined): void {
    if (read === undefined) return;
    const gauge: Gauge = new Gauge({ name, help, registers: [this.registry], collect: () => gauge.set(read()) });
  }

  private gauges(name: string, help: string, label: string, read: (() => Readonly<Record<string, number>>) | undefined): void {
    if (read === undefined) return;
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect: () => {
        gauge.reset();
        for (const [value, count] of Object.entries(read())) gauge.set({ [label]: value }, count);
      },
    });
  }
}
