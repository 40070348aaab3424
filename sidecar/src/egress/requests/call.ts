import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UpstreamConnection } from '../../server/upstream-connection';
import type { Leave } from '../leave';
import type { RequestTarget } from '../target';

/** One request of a client, and where it goes. */
export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: RequestTarget;
  /** Whether it goes on by https. */
  readonly secure: boolean;
  readonly leave: Leave;
  /** To that target, of this client's connection alone. */
  readonly upstream: UpstreamConnection;
}

/** How a call went, for logs and metrics. */
export interface Answered {
  readonly status: number;
  /** Bytes of bodies, as they went on: of the request, and of the answer. */
  readonly sent: number;
  readonly received: number;
  /** Whether the client or the upstream left before the end. */
  readonly cutOff: boolean;
  /** Of the broker's record about the exchange of credentials, when there was one. */
  readonly auditId?: string;
}

/**
 * Sends a call on and its answer back, as both come. Resolves when all is over; rejects with `ApiError` as long as there
 * is an answer to give, with what is left of the request unread.
 */
export type Forward = (call: Call) => Promise<Answered>;
