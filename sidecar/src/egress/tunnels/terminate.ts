import type { Socket } from 'node:net';
import type { ConnectionReport } from '../connection-report';
import type { Leave } from '../leave';

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
