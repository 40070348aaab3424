import type { ApiError } from '../../server/http/errors';
import { refuse } from '../../server/http/sessions-errors';
import { RESET } from '../../server/wire/upstream-connection';

/** Of undici, https://undici.nodejs.org/#/docs/api/Errors.md, and of the system. */
const TIMED_OUT: readonly string[] = ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT'];
const BROKEN_OFF: readonly string[] = ['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE', RESET, 'UND_ERR_CLOSED', 'UND_ERR_DESTROYED'];
const NOT_SENDABLE: readonly string[] = ['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'];

/** How undici calls a connection that ends before an answer. */
const CLOSED_EARLY = 'other side closed';

/** Why a worker gives no answer, as the client is told. */
export function sandboxRefusal(cause: Error): ApiError {
  const code = codeOf(cause);
  if (NOT_SENDABLE.includes(code)) return refuse('BAD_REQUEST', 'the request cannot be sent on', { cause });
  if (TIMED_OUT.includes(code)) return refuse('SANDBOX_TIMEOUT', 'sandbox timeout', { cause });
  if (BROKEN_OFF.includes(code) || cause.message === CLOSED_EARLY) return refuse('SANDBOX_UNREACHABLE', 'sandbox unreachable', { cause });
  return refuse('SANDBOX_FAILED', 'the sandbox gave no valid answer', { cause });
}

/** Whether it was the way to the worker that failed, not the request. */
export function isOfTheWay(cause: Error): boolean {
  return !NOT_SENDABLE.includes(codeOf(cause));
}

function codeOf(error: Error): string {
  return String((error as NodeJS.ErrnoException).code);
}
