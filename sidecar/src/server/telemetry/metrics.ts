import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

/** Seconds. From a remembered answer to one that waits for the API server. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A registry of its own for each process, with event loop lag, memory, CPU and open handles. */
export function createRegistry(role: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ role });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Counts what a server answers. Labels are route patterns and statuses, so their number is bounded. */
export class RequestMetrics {
  private readonly requests: Counter<'route' | 'status'>;
  private readonly durations: Histogram<'route'>;
  /** Looked up once per route and status: finding a child by its labels costs more than counting. */
  private readonly counters = new Map<string, Map<number, Counter.Internal>>();
  private readonly histograms = new Map<string, Histogram.Internal<'route'>>();

  constructor(registry: Registry) {
    this.requests = new Counter({ name: 'http_requests_total', help: 'Answers by route and status', labelNames: ['route', 'status'], registers: [registry] });
    this.durations = new Histogram({
      name: 'http_request_duration_seconds', help: 'Time from headers to answer, by route', labelNames: ['route'], buckets: BUCKETS, registers: [registry],
    });
  }

  answered(route: string, status: number, milliseconds: number): void {
    this.counterOf(route, status).inc();
    this.histogramOf(route).observe(milliseconds / 1000);
  }

  private counterOf(route: string, status: number): Counter.Internal {
    let ofRoute = this.counters.get(route);
    if (ofRoute === undefined) this.counters.set(route, ofRoute = new Map());
    let counter = ofRoute.get(status);
    if (counter === undefined) ofRoute.set(status, counter = this.requests.labels(route, String(status)));
    return counter;
  }

  private histogramOf(route: string): Histogram.Internal<'route'> {
    let histogram = this.histograms.get(route);
    if (histogram === undefined) this.histograms.set(route, histogram = this.durations.labels(route));
    return histogram;
  }
}
