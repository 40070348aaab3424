import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { intercepted } from './route';
import type { ServedConnection } from './serve';
import { type DialUpstream, Upstreams } from './upstreams';
import type { TunnelEnd } from '../../../../src/protocol/egress-api';
import { TLS_TIMEOUT } from '../../../../src/protocol/egress-api';
import type { LeafCertificates } from '../authority/leaf-certificates';
import type { ReportedEnd } from '../connection-report';
import type { Terminate, Terminated } from '../tunnels/terminate';
import { type WatchContext, watchVerdict } from '../watch';

export interface TerminatorDeps extends WatchContext {
  readonly leaves: Pick<LeafCertificates, 'contextFor'>;
  readonly dial: DialUpstream;
  /** Serves what comes out of the tunnels; it listens to nothing itself. */
  readonly server: Server;
  /** Which connection a socket of that server is. */
  readonly connections: WeakMap<Socket, ServedConnection>;
}

/** Old clients offer nothing but the second one. https://www.iana.org/assignments/tls-extensiontype-values */
const PROTOCOLS = ['http/1.1', 'http/1.0'];

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
      () => fail('INTERNAL'),
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
  const upstreams = new Upstreams(deps.dial);
  deps.connections.set(tls, { clientAddress: question.clientAddress, router: intercepted({ question, run }), upstreams, report });
  const stop = watchVerdict(deps, question, verdict, fail);
  tls.once('close', () => {
    stop();
    upstreams.destroy();
  });
  deps.server.emit('connection', tls);
}
