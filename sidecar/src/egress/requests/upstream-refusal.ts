import { ApiError } from '../../server/http/errors';
import { RESET } from '../../server/wire/upstream-connection';
import { refuse } from '../refusals/refuse';

/** Of undici, https://undici.nodejs.org/#/docs/api/Errors.md, and of the system. */
const TIMED_OUT: readonly string[] = ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'];
const BROKEN_OFF: readonly string[] = ['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE', RESET, 'UND_ERR_CLOSED', 'UND_ERR_DESTROYED'];
const NOT_SENDABLE: readonly string[] = ['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'];

/** How undici calls a connection that ends before an answer. */
const CLOSED_EARLY: readonly string[] = ['other side closed', 'closed'];

/** Why an upstream gives no answer, as the client is told. What is a refusal already stays what it is. */
export function upstreamRefusal(cause: Error): ApiError {
  if (cause instanceof ApiError) return cause;
  const code = codeOf(cause);
  if (NOT_SENDABLE.includes(code)) return refuse('BAD_REQUEST', 'the request cannot be sent on', { cause });
  if (TIMED_OUT.includes(code)) return refuse('UPSTREAM_TIMEOUT', 'the upstream does not answer', { cause });
  if (isBrokenOff(cause)) return refuse('UPSTREAM_FAILED', 'the upstream ended the connection before its answer', { cause });
  return refuse('UPSTREAM_FAILED', 'the upstream gave no valid answer', { cause });
}

/** Whether the other side has ended the connection. */
export function isBrokenOff(error: Error): boolean {
  return BROKEN_OFF.includes(codeOf(error)) || CLOSED_EARLY.includes(error.message);
}

function codeOf(error: Error): string {
  return String((error as NodeJS.ErrnoException).code);
}
