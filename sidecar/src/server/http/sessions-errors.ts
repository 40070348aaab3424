import { type ApiError, refusals, type RoleErrors } from './errors';
import { SESSIONS_STATUS, type SessionsCode, type SessionsErrorBody } from '../../../../src/protocol/sessions-api';

/** Makes a refusal with a code of sessions: `throw refuse('SESSION_NOT_READY', 'its worker has restarted')`. */
export const refuse = refusals(SESSIONS_STATUS);

/** The codes of controller and gateway for what the server refuses by itself. */
export const SESSIONS_ERRORS: RoleErrors<typeof SESSIONS_STATUS> = {
  table: SESSIONS_STATUS,
  malformed: 'BAD_REQUEST',
  unknownPath: 'NOT_FOUND',
  limited: 'TOO_MANY_REQUESTS',
  unavailable: 'UNAVAILABLE',
  unexpected: 'INTERNAL',
  body: refusalBody,
};

/** The body of a refusal, as clients of the router and of the workload manager read it. */
export function refusalBody({ code, message }: ApiError): SessionsErrorBody {
  return { code: code as SessionsCode, error: message, message };
}
