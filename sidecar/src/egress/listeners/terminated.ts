import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { HTTP2, type Http2Sessions } from './http2-sessions';
import { intercepted } from './route';
import type { ServedConnection } from './serve';
import { type DialUpstream, Upstreams } from './upstreams';
import type { TunnelEnd } from '../../../../src/protocol/egress-api';
import { TLS_TIMEOUT } from '../../../../src/protocol/egress-api';
import type { Logger } from '../../server/telemetry/log';
import type { LeafCertificates } from '../authority/leaf-certificates';
import { type WatchContext, watchVerdict } from '../gate/watch';
import type { ReportedEnd } from '../reports/connection-report';
import type { Terminate, Terminated } from '../tunnels/terminate';

export interface TerminatorDeps extends WatchContext {
  readonly leaves: Pick<LeafCertificates, 'contextFor'>;
  readonly dial: DialUpstream;
  /** Serves what comes out of the tunnels; it listens to nothing itself. */
  readonly server: Server;
  /** Which connection a socket of that server is. */
  readonly connections: WeakMap<Duplex, ServedConnection>;
  readonly http2: Http2Sessions;
  readonly log: Pick<Logger, 'error'>;
}

/** Old clients offer nothing but the last one. https://www.iana.org/assignments/tls-extensiontype-values */
const PROTOCOLS = [HTTP2, 'http/1.1', 'http/1.0'];

/** Ends the TLS of a client with a certificate of our own for the host that its tunnel is for. */
export function terminator(deps: TerminatorDeps): Terminate {
  return (terminated) => {
    const { socket, report } = terminated;
    socket.on('error', () => socket.destroy());
    const fail = (outcome: ReportedEnd['outcome']): void => {
      report.end({ outcome });
      socket.destroy();
    };
    deps.leaves.contextFor(terminated.leave.question.host).then(
      (secureContext) => {
        // From a socket that has ended, the TLS around it would never hear again.
        if (socket.destroyed || socket.readableEnded) fail('CLOSED');
        else handshake(deps, terminated, new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: PROTOCOLS }));
      },
      (err: unknown) => {
        deps.log.error({ err, connection: report.id }, 'a certificate could not be made');
        fail('INTERNAL');
      },
    );
  };
}

function handshake(deps: TerminatorDeps, terminated: Terminated, tls: TLSSocket): void {
  const { socket, report } = terminated;
  const fail = (outcome: TunnelEnd): void => {
    report.end({ outcome });
    tls.destroy();
    socket.destroy();
  };
  const cancel = deps.after(TLS_TIMEOUT, () => fail('HELLO_TIMEOUT'));
  // A client that does not trust our certificate says so by an alert.
  tls.on('error', () => fail('CLIENT_RESET'));
  tls.once('close', () => {
    cancel();
    fail('CLOSED');
  });
  // Connections of HTTP servers stay when one half has ended, which nobody looks at before there are requests.
  const ended = (): void => fail('CLOSED');
  for (const one of [tls, socket]) one.once('end', ended);
  tls.once('secure', () => {
    cancel();
    for (const one of [tls, socket]) one.off('end', ended);
    opened(deps, terminated, tls, fail);
  });
}

function opened(deps: TerminatorDeps, { leave, run, report }: Terminated, tls: TLSSocket, fail: (outcome: TunnelEnd) => void): void {
  const { question, verdict } = leave;
  const router = intercepted({ question, run });
  const stop = watchVerdict(deps, question, verdict, fail);
  tls.once('close', stop);
  const serve = (connection: Duplex): void => {
    const upstreams = new Upstreams(deps.dial);
    deps.connections.set(connection, { clientAddress: question.clientAddress, router, upstreams, report });
    connection.once('close', () => upstreams.destroy());
    deps.server.emit('connection', connection);
  };
  if (tls.alpnProtocol === HTTP2) deps.http2.serve(tls, serve);
  else serve(tls);
}
