import { SESSIONS_STATUS, type SessionsCode } from '../../../src/protocol/sessions-api';
import { ApiError } from '../server/http/errors';
import { refuse } from '../server/http/sessions-errors';
import { fieldsOf } from '../server/text/fields';

/** Refusals of the gateway itself, which say nothing to its client. */
const OURS: readonly string[] = ['UNAUTHORIZED', 'FORBIDDEN'];

const LONGEST_WAIT = 3600;

/** The refusal of the controller as the client is to see it: status, code, text and `Retry-After` as they are. */
export function refusalIn(status: number, text: string, retryAfter: string | string[] | undefined): ApiError {
  const { code, error } = fieldsOf(text) ?? {};
  if (!isCode(code) || typeof error !== 'string' || OURS.includes(code) || !statusesOf(code).includes(status)) {
    return refuse('CONTROLLER_UNAVAILABLE', 'the controller does not serve the gateway', { cause: new Error(`the controller answered ${status}`) });
  }
  return new ApiError(SESSIONS_STATUS, code, error, { status, retryAfterSeconds: secondsOf(retryAfter) });
}

function isCode(code: unknown): code is SessionsCode {
  return typeof code === 'string' && Object.hasOwn(SESSIONS_STATUS, code);
}

function statusesOf(code: SessionsCode): readonly number[] {
  return SESSIONS_STATUS[code];
}

function secondsOf(retryAfter: string | string[] | undefined): number | undefined {
  const seconds = typeof retryAfter === 'string' && /^\d{1,4}$/.test(retryAfter) ? Number(retryAfter) : undefined;
  return seconds === undefined ? undefined : Math.min(seconds, LONGEST_WAIT);
}
