import type { EgressCode, EgressMode, TunnelEnd } from '../../../../src/protocol/egress-api';
import type { Verdict } from '../gate/verdicts';
import type { RequestTarget, Target } from '../targets/target';

/** Whose connection it is: the name that the client says, and where it comes from. */
export interface ReportedClient {
  readonly run?: string;
  readonly address: string;
}

export interface ReportedEnd {
  readonly outcome: EgressCode | TunnelEnd | 'ANSWERED' | 'CUT_OFF';
  /** Of the answer, when there was one. */
  readonly status?: number;
  /** Bytes from the client to the upstream, and back. */
  readonly sent?: number;
  readonly received?: number;
  /** Of the broker's record about the exchange of credentials. */
  readonly auditId?: string;
}

/** What is told of one connection, or of one request on it: a line of the log, and its place in the metrics. */
export interface ConnectionReport {
  /** Joins the lines of a connection and of its requests. */
  readonly id: string;
  /** Said as soon as it is known. */
  target(target: Target | RequestTarget): void;
  mode(mode: EgressMode): void;
  verdict(verdict: Verdict): void;
  /** Ends the report; what is told later is not heard. */
  end(end: ReportedEnd): void;
}

/** Begins a report. `of` is the connection that a request came over. */
export type Reports = (mode: EgressMode, client: ReportedClient, of?: string) => ConnectionReport;
