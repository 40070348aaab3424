import type { ConnectionReport, ReportedClient, ReportedEnd, Reports } from './connection-report';
import type { EgressMetrics } from './metrics';
import { EGRESS_STATUS, type EgressMode } from '../../../../src/protocol/egress-api';
import type { Logger } from '../../server/telemetry/log';
import type { Clock } from '../../server/time/clock';
import type { Verdict } from '../gate/verdicts';

export interface ReportsOptions {
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly metrics: EgressMetrics;
  /** Never set back. */
  readonly clock: Clock;
  readonly newId: () => string;
}

/** One line for each connection that was asked for and each request, with no path, query or header of it. */
export function openReports(options: ReportsOptions): Reports {
  return (mode, client, of) => new Report(options, mode, client, of);
}

/** Who only looked for what is asked of it: git and curl show their token when they are told to. */
const NOT_REPORTED = 'PROXY_AUTH_REQUIRED';

class Report implements ConnectionReport {
  readonly id: string;
  private readonly begun: number;
  private line: Record<string, unknown>;
  private over = false;

  constructor(private readonly options: ReportsOptions, private wayOut: EgressMode, { run, address }: ReportedClient, of: string | undefined) {
    this.id = options.newId();
    this.begun = options.clock();
    this.line = { connection: of ?? this.id, ...(of === undefined ? {} : { request: this.id }), run, client: address };
    options.metrics.begun();
  }

  target({ host, port }: { readonly host: string; readonly port: number }): void {
    Object.assign(this.line, { host, port });
  }

  mode(mode: EgressMode): void {
    this.wayOut = mode;
  }

  verdict({ matchedPolicy: policy, discoveryAllow, auditId: audit }: Verdict): void {
    Object.assign(this.line, { policy, audit, ...(discoveryAllow === true ? { discovery: true } : {}) });
  }

  end({ outcome, status, sent = 0, received = 0, auditId }: ReportedEnd): void {
    if (this.over) return;
    this.over = true;
    const { log, metrics, clock } = this.options;
    metrics.ended(this.wayOut, outcome, { sent, received });
    if (outcome === NOT_REPORTED) return;
    const ms = Math.round(clock() - this.begun);
    const line = { ...this.line, mode: this.wayOut, outcome, status, sent, received, ms, ...(auditId === undefined ? {} : { exchange: auditId }) };
    if (isOurs(outcome)) log.warn(line, 'ended');
    else log.info(line, 'ended');
  }
}

/** What another part of the platform, or an upstream, owes us. */
function isOurs(outcome: string): boolean {
  return Object.hasOwn(EGRESS_STATUS, outcome) && EGRESS_STATUS[outcome as keyof typeof EGRESS_STATUS][0] >= 500;
}
