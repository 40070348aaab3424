import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../telemetry/log';
import type { RequestMetrics } from '../telemetry/metrics';

export interface AnswerLog {
  readonly log: Pick<Logger, 'isLevelEnabled'>;
  readonly metrics?: RequestMetrics;
  /** Level of the lines of answers that are no refusals. */
  readonly answersLevel?: 'info' | 'debug';
}

/** Label of requests that no route takes: their paths are the client's choice, and unbounded. */
export const NO_ROUTE = 'none';

/** One line and one count for each answer. */
export function answerLog({ log, metrics, answersLevel = 'info' }: AnswerLog) {
  return (request: FastifyRequest, reply: FastifyReply, route: string = routeOf(request)): void => {
    metrics?.answered(route, reply.statusCode, reply.elapsedTime);
    const level = levelOf(request, answersLevel);
    if (log.isLevelEnabled(level)) request.log[level](lineOf(request, reply, route), 'answered');
  };
}

/** Path pattern of the route that takes the request. */
export function routeOf(request: FastifyRequest): string {
  return request.is404 ? NO_ROUTE : request.routeOptions.url ?? NO_ROUTE;
}

/** Version, trace id, parent id, flags: https://www.w3.org/TR/trace-context/#traceparent-header-field-values */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-|$)/;

/** Id of the trace that a request is part of; undefined when there is none, or one that could say anything. */
export function traceOf({ traceparent }: IncomingHttpHeaders): string | undefined {
  if (typeof traceparent !== 'string' || traceparent.length > MAX_TRACEPARENT) return undefined;
  const [, trace, more] = TRACEPARENT.exec(traceparent) ?? [];
  // Only a later version may add fields.
  return more === '-' && traceparent.startsWith('00') ? undefined : trace;
}

/** Of a later version, which may be longer than the 55 characters of this one. */
const MAX_TRACEPARENT = 256;

/** Status of what nobody but us can mend. */
const DEFECT = 500;

/** What we refuse is always told, once. That something else is away is a warning; only a defect of ours is an error. */
function levelOf({ refusal }: FastifyRequest, otherwise: 'info' | 'debug'): 'info' | 'debug' | 'warn' | 'error' {
  if (refusal === null) return otherwise;
  if (refusal.status === DEFECT) return 'error';
  return refusal.status > DEFECT ? 'warn' : 'info';
}

function lineOf(request: FastifyRequest, reply: FastifyReply, route: string): Record<string, unknown> {
  const ms = Math.round(reply.elapsedTime * 1000) / 1000;
  const line: Record<string, unknown> = { method: request.method, route, status: reply.statusCode, ms };
  const trace = traceOf(request.headers);
  if (trace !== undefined) line.trace = trace;
  if (request.callerName !== null) line.caller = request.callerName;
  const { refusal } = request;
  if (refusal !== null) {
    line.code = refusal.code;
    line.reason = refusal.message;
    // The whole story of a defect; the client reads a generic text.
    if (refusal.status === DEFECT) line.err = refusal.cause ?? refusal;
    else if (refusal.status > DEFECT && refusal.cause instanceof Error) line.cause = refusal.cause.message;
  }
  return line;
}
