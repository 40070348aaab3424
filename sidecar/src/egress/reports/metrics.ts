import { Counter, Gauge, type Registry } from 'prom-client';
import type { ReportedEnd } from './connection-report';
import type { EgressMode } from '../../../../src/protocol/egress-api';

/** What the proxy counts beyond the process. Labels are words of ours, never a run or a host. https://prometheus.io/docs/practices/naming/ */
export class EgressMetrics {
  private readonly ends: Counter<'mode' | 'outcome'>;
  private readonly open: Gauge;
  private readonly bytes: Counter<'direction'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.ends = new Counter({
      name: 'egress_connections_total', help: 'Connections and requests that have ended, by the way they took and what came of them', labelNames: ['mode', 'outcome'], registers,
    });
    this.open = new Gauge({ name: 'egress_open_connections', help: 'Connections and requests that are open', registers });
    this.bytes = new Counter({ name: 'egress_bytes_total', help: 'Bytes that went out (sent) and came in (received)', labelNames: ['direction'], registers });
  }

  begun(): void {
    this.open.inc();
  }

  ended(mode: EgressMode, outcome: ReportedEnd['outcome'], { sent, received }: { readonly sent: number; readonly received: number }): void {
    this.open.dec();
    this.ends.inc({ mode, outcome });
    this.bytes.inc({ direction: 'sent' }, sent);
    this.bytes.inc({ direction: 'received' }, received);
  }
}
