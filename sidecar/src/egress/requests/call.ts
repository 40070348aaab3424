import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EgressCode } from '../../../../src/protocol/egress-api';
import type { UpstreamConnection } from '../../server/wire/upstream-connection';
import type { Leave } from '../gate/leave';
import type { RequestTarget } from '../targets/target';

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
  /** 0 when the client has left before there was one. */
  readonly status: number;
  /** Bytes of bodies, as they went on: of the request, and of the answer. */
  readonly sent: number;
  readonly received: number;
  /** Whether it ended before the end of the answer: client or upstream left, or the proxy ended it. */
  readonly cutOff: boolean;
  /** Why the proxy has cut off an answer that had begun. */
  readonly code?: EgressCode;
  /** Of the broker's record about the exchange of credentials, when there was one. */
  readonly auditId?: string;
}

/**
 * Sends a call on and its answer back, as both come. Resolves when all is over; rejects with `ApiError` as long as there
 * is an answer to give, with what is left of the request unread.
 */
export type Forward = (call: Call) => Promise<Answered>;
