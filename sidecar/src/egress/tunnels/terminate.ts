import type { Socket } from 'node:net';
import type { Leave } from '../gate/leave';
import type { ConnectionReport } from '../reports/connection-report';

/** A tunnel whose TLS ends here. */
export interface Terminated {
  /** Of the client; its first bytes are the ClientHello, not read yet. */
  readonly socket: Socket;
  readonly leave: Leave;
  /** As the client says. */
  readonly run?: string;
  readonly report: ConnectionReport;
}

/** Serves what comes out of the TLS of a client, until the socket is closed. */
export type Terminate = (terminated: Terminated) => void;
