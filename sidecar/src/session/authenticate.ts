import { createHash } from 'node:crypto';
import type { onRequestHookHandler } from 'fastify';
import { refuse } from './refuse';
import type { Identity, PinnedSession } from './state';
import { tokenTimes } from './token-times';
import { MAX_SESSION_TOKEN, REQUEST_ISSUER, REQUEST_TOKEN_SECONDS } from '../../../src/protocol/session-api';
import { verifyToken } from '../crypto/signed-token';
import { ExpiringMap } from '../server/bounds/lru';
import type { Clock } from '../server/time/clock';

/** Tokens that are remembered as good. The gateway signs one for each of its replicas every few minutes. */
const MAX_REMEMBERED = 1024;

/**
 * Lets requests of the pinned session pass. A signature costs more than answering does, so tokens are remembered by
 * their hash; the time is compared each time.
 */
export function authenticated(identity: Identity, clock: Clock, maxRemembered = MAX_REMEMBERED): onRequestHookHandler {
  const remembered = new ExpiringMap<string, true>({ max: maxRemembered, clock });
  return (request, _reply, done) => {
    const { session } = identity;
    if (session === undefined) throw refuse('DAEMON_NOT_INITIALIZED', 'the daemon has no session yet', { retryAfterSeconds: 1 });
    const token = bearerOf(request.headers.authorization);
    const hash = createHash('sha256').update(token).digest('base64');
    if (remembered.get(hash) === undefined) remembered.set(hash, true, verifiedUntil(session, token, clock()));
    done();
  };
}

/** The header as PicoD reads it: one space, and the case of the scheme counts. */
function bearerOf(header: string | undefined): string {
  if (header === undefined) throw refuse('AUTHORIZATION_MISSING', 'a token of the session is needed');
  const [scheme, token, ...more] = header.split(' ', 3);
  if (scheme !== 'Bearer' || token === undefined || token === '' || more.length > 0) throw refuse('AUTHORIZATION_MALFORMED', 'the header must be Bearer, one space and a token');
  return token;
}

/** The time in milliseconds from which on the token is worthless. */
function verifiedUntil({ id, key }: PinnedSession, token: string, now: number): number {
  const claims = verifyToken(token, [key], MAX_SESSION_TOKEN);
  if (claims === undefined) throw refuse('TOKEN_REFUSED', 'the token is not signed by the key of this session');
  const times = tokenTimes(claims, now / 1000, REQUEST_TOKEN_SECONDS);
  if (typeof times === 'string') throw refuse('TOKEN_REFUSED', times);
  if (claims.iss !== REQUEST_ISSUER) throw refuse('TOKEN_REFUSED', `iss must be ${REQUEST_ISSUER}`);
  if (claims.session_id !== id) throw refuse('TOKEN_REFUSED', 'session_id is another session');
  return times.over * 1000;
}
