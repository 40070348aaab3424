import { NOT_INITIALIZED, SESSION_ERROR_TEXTS, SESSION_STATUS, SessionCode, SessionErrorBody } from '../../../src/protocol/session-api';
import { ApiError, refusals, RoleErrors } from '../server/http/errors';

/** Makes a refusal with a code of the session daemon: `throw refuse('TOKEN_REFUSED', 'the token has expired')`. */
export const refuse = refusals(SESSION_STATUS);

/** The codes of the daemon for what the server refuses by itself. */
export const SESSION_ERRORS: RoleErrors<typeof SESSION_STATUS> = {
  table: SESSION_STATUS,
  malformed: 'BAD_REQUEST',
  unknownPath: 'NOT_FOUND',
  limited: 'TOO_MANY_INITS',
  unavailable: 'UNAVAILABLE',
  unexpected: 'INTERNAL',
  body: refusalBody,
};

/** The body of a refusal, as PicoD's clients read it, who know one text for what is too long. */
export function refusalBody({ code, status, message }: ApiError): SessionErrorBody {
  const reason = code as SessionCode;
  const known = reason === 'BAD_REQUEST' && status === 413 ? 'TOO_LARGE' : reason;
  return { error: SESSION_ERROR_TEXTS[known] ?? message, code: reason === NOT_INITIALIZED ? reason : status, reason, detail: message };
}
