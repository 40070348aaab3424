import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Route, Router } from './route';
import type { Upstreams } from './upstreams';
import type { Logger } from '../../server/telemetry/log';
import type { Gate, Leave } from '../gate/leave';
import type { RunCaps, RunPlace } from '../gate/run-caps';
import type { Question } from '../gate/verdicts';
import { type WatchContext, watchVerdict } from '../gate/watch';
import { answerRefusal } from '../refusals/http-refusal';
import { refusalOf } from '../refusals/refusal-answer';
import type { ConnectionReport, Reports } from '../reports/connection-report';
import type { Answered, Forward } from '../requests/call';
import { requireHttp } from '../requests/http-head';

export interface ServeDeps extends WatchContext {
  readonly gate: Gate;
  readonly caps: Pick<RunCaps, 'enter'>;
  readonly forward: Forward;
  readonly reports: Reports;
  readonly log: Pick<Logger, 'error'>;
}

/** What a request came over. */
export interface ServedConnection {
  readonly clientAddress: string;
  readonly router: Router;
  readonly upstreams: Upstreams;
  /** The tunnel around it. */
  readonly report?: ConnectionReport;
}

/** Serves one request of a client: policy, limits, then on to the upstream. */
export async function serve(deps: ServeDeps, connection: ServedConnection, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { router, clientAddress } = connection;
  let report: ConnectionReport | undefined;
  let place: RunPlace | undefined;
  try {
    requireHttp(request);
    const route = router.route(request);
    report = deps.reports(router.mode, { run: route.run, address: clientAddress }, connection.report?.id);
    report.target(route.target);
    const leave = await deps.gate.admit(questionOf(route, clientAddress), (verdict) => {
      report!.verdict(verdict);
      // Before the name is looked up, as a run may ask for endless ones.
      if (verdict.allowed) place = deps.caps.enter(route.token);
    });
    report.end(endOf(await passed(deps, connection, { request, response, route, leave, report })));
  } catch (thrown) {
    const refusal = refusalOf(thrown);
    report ??= deps.reports(router.mode, { address: clientAddress }, connection.report?.id);
    if (refusal.code === 'INTERNAL') deps.log.error({ err: thrown, connection: report.id }, 'a request could not be served');
    report.end({ outcome: refusal.code, status: refusal.status });
    answerRefusal(response, refusal, deps.after);
  } finally {
    place?.leave();
  }
}

function questionOf({ target: { host, port }, token }: Route, clientAddress: string): Question {
  return { token, clientAddress, host, port };
}

interface Admitted {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: Route;
  readonly leave: Leave;
  readonly report: ConnectionReport;
}

/** Sends it on, for as long as the broker lets it. */
async function passed(deps: ServeDeps, { upstreams }: ServedConnection, { request, response, route, leave, report }: Admitted): Promise<Answered> {
  const { target, secure } = route;
  const stop = watchVerdict(deps, leave.question, leave.verdict, (why) => {
    report.end({ outcome: why });
    request.socket.destroy();
  });
  try {
    return await deps.forward({ request, response, target, secure, leave, upstream: upstreams.take(leave, target, secure) });
  } finally {
    stop();
  }
}

function endOf({ status, sent, received, cutOff, code, auditId }: Answered) {
  const outcome = code ?? (cutOff ? 'CUT_OFF' as const : 'ANSWERED' as const);
  return { outcome, ...(status === 0 ? {} : { status }), sent, received, auditId };
}
