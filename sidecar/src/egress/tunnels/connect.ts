import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { mayGoOn, requireConnect, type Shown, shownBy } from './connect-request';
import { firstBytes, helloProblem } from './first-bytes';
import type { OpenTunnels } from './open-tunnels';
import { watchSilence } from './silence';
import type { Terminate } from './terminate';
import { Tunnel } from './tunnel';
import type { Logger } from '../../server/telemetry/log';
import type { Gate } from '../gate/leave';
import type { RunCaps, RunPlace } from '../gate/run-caps';
import { type WatchContext, watchVerdict } from '../gate/watch';
import { clientAddressOf } from '../identity/client-address';
import { refuseAndEnd, refuseAndGoOn } from '../refusals/raw-refusal';
import { refusalOf } from '../refusals/refusal-answer';
import type { ConnectionReport, Reports } from '../reports/connection-report';
import { connectTarget } from '../targets/target';

export interface ConnectDeps extends WatchContext {
  readonly gate: Gate;
  readonly caps: Pick<RunCaps, 'enter'>;
  readonly reports: Reports;
  readonly terminate: Terminate;
  /** Whether the TLS of every tunnel ends here, not only where credentials are substituted. */
  readonly inspectAll: boolean;
  /** Those that nobody else serves. */
  readonly open: OpenTunnels;
  /** Gives a connection back to the HTTP server, for its next request: `server.emit('connection', socket)`. */
  readonly giveBack: (socket: Socket) => void;
  readonly log: Pick<Logger, 'error'>;
}

/** For the event `connect` of a server of `node:http`. */
export type ConnectHandler = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

interface Asked {
  readonly request: IncomingMessage;
  readonly shown: Shown;
  readonly address: string;
  readonly tunnel: Tunnel;
  readonly report: ConnectionReport;
}

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

/** Serves CONNECT. https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6 */
export function connectHandler(deps: ConnectDeps): ConnectHandler {
  return (request, socket, head) => {
    const shown = shownBy(request);
    const address = clientAddressOf(socket);
    const report = deps.reports('tunnel', { run: shown.credential?.run, address });
    const tunnel = new Tunnel(socket, report);
    tunnel.onEnd(deps.open.add(() => tunnel.end('SHUTDOWN')));
    // What came behind the request is the beginning of the tunnel.
    if (head.length > 0) socket.unshift(head);
    serve(deps, { request, shown, address, tunnel, report }).catch((thrown: unknown) => fail(deps, { request, tunnel, report }, thrown));
  };
}

async function serve(deps: ConnectDeps, { request, shown, address, tunnel, report }: Asked): Promise<void> {
  requireConnect(request);
  if (shown.credential === undefined) throw shown.refusal;
  const { run, token } = shown.credential;
  const target = connectTarget(request.url!);
  report.target(target);
  const question = { token, clientAddress: address, host: target.host, port: target.port };
  const leave = await deps.gate.admit(question, (verdict) => {
    report.verdict(verdict);
    // Before the name is looked up, as a run may ask for endless ones.
    if (verdict.allowed) untilClosed(tunnel.client, deps.caps.enter(token));
  });
  if (tunnel.isOver) return;
  const isBlind = !deps.inspectAll && leave.verdict.substituteAuth !== true;
  // What cannot be reached has a status to say so, once the answer is given it has none.
  if (isBlind) tunnel.take(await leave.dial());
  if (tunnel.isOver) return;
  if (isBlind) tunnel.onEnd(watchVerdict(deps, leave.question, leave.verdict, (why) => tunnel.end(why)));
  tunnel.establish(ESTABLISHED);
  const first = await firstBytes(tunnel.client, deps.after);
  const problem = first.state === 'hello' ? helloProblem(first, target, isBlind) : first.end;
  if (problem !== undefined) return tunnel.end(problem);
  if (isBlind) return join(deps, tunnel);
  report.mode('intercepted');
  tunnel.letGo();
  deps.terminate({ socket: tunnel.client, leave, run, report });
}

/** Holds a place for as long as the client is there. */
function untilClosed(client: Socket, place: RunPlace): void {
  if (client.closed) place.leave();
  else client.once('close', () => place.leave());
}

/** Passes on what comes, as long as anything comes. */
function join({ after }: ConnectDeps, tunnel: Tunnel): void {
  tunnel.join();
  const moved = (): number => tunnel.bytes.sent + tunnel.bytes.received;
  tunnel.onEnd(watchSilence(after, moved, () => tunnel.end('IDLE')));
}

/** Answers with a refusal, as long as there is an answer to give. */
function fail({ after, giveBack, log }: ConnectDeps, { request, tunnel, report }: Omit<Asked, 'shown' | 'address'>, thrown: unknown): void {
  const refusal = refusalOf(thrown);
  if (refusal.code === 'INTERNAL') log.error({ err: thrown, connection: report.id }, 'a connection could not be served');
  if (tunnel.isOver || tunnel.isEstablished) return tunnel.end('CLOSED');
  const { client } = tunnel;
  tunnel.letGo({ outcome: refusal.code, status: refusal.status });
  const handBack = (): void => {
    tunnel.forget();
    giveBack(client);
  };
  // Clients that begin without credentials show them next, and over this connection.
  if (refusal.code === 'PROXY_AUTH_REQUIRED' && mayGoOn(request)) refuseAndGoOn(client, refusal, after, handBack);
  else refuseAndEnd(client, refusal, after);
}
