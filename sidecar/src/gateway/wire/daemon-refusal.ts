import type { IncomingHttpHeaders } from 'node:http';
import { NOT_INITIALIZED, type SessionCode } from '../../../../src/protocol/session-api';
import { fieldsOf } from '../../server/text/fields';

/** An answer that waits until it is known whether it is one of the session. */
export interface HeldAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly chunks: Buffer[];
}

/** Refusals of the daemon are shorter, and say how long they are. */
const MAX_HELD = 1024;

const REFUSED_TOKEN: SessionCode = 'TOKEN_REFUSED';

/** Whether the body has to be read before anybody knows what the answer means. */
export function mayBeOfDaemon(status: number, { 'content-length': length, 'content-type': type }: IncomingHttpHeaders): boolean {
  return (status === 503 || status === 401) && length !== undefined && Number(length) <= MAX_HELD && type?.startsWith('application/json') === true;
}

/**
 * Whether a daemon says that it does not serve the session: it has restarted, or its address was given to the worker
 * of another. Both refuse before they do anything.
 */
export function isNoAnswerOfTheSession({ status, chunks }: HeldAnswer): boolean {
  const { code, reason } = fieldsOf(Buffer.concat(chunks).toString('utf8')) ?? {};
  return status === 503 ? code === NOT_INITIALIZED : reason === REFUSED_TOKEN;
}
