import type { FastifyInstance } from 'fastify';
import { openEnvironment } from './environment';
import { checkedClaims, Expected } from './init-claims';
import { refuse, SESSION_ERRORS } from './refuse';
import type { SessionDeps } from './session-deps';
import type { Identity, PinnedSession } from './state';
import {
  BAD_INIT_RATE, InitChallenge, InitClaims, INITIALIZED, InitRequest, InitResponse, MAX_ENV_TOKEN, MAX_SESSION_TOKEN, SESSION_ROUTES,
} from '../../../src/protocol/session-api';
import { p256FromPem, p256ToJwk, thumbprintOf } from '../crypto/p256';
import { Claims, verifyingKey, verifyToken } from '../crypto/signed-token';
import { addressKey, Limiter } from '../server/bounds/limiter';
import { ApiError, toApiError } from '../server/http/errors';

const INIT_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['token'],
  properties: {
    token: { type: 'string', minLength: 1, maxLength: MAX_SESSION_TOKEN },
    env: { type: 'string', minLength: 1, maxLength: MAX_ENV_TOKEN },
  },
} as const;

/** Addresses that are remembered for bad signatures. */
const MAX_SOURCES = 1024;

/** `GET /init` says who the daemon is, `POST /init` gives it its session. */
export function initRoutes(app: FastifyInstance, deps: SessionDeps): void {
  const badSignatures = new Limiter({ ...BAD_INIT_RATE, maxKeys: MAX_SOURCES, clock: deps.clock });

  app.get(SESSION_ROUTES.init, (): InitChallenge => challengeOf(deps.identity));

  app.post(SESSION_ROUTES.init, { schema: { body: INIT_BODY }, errorHandler: malformed }, async (request): Promise<InitResponse> => {
    // The schema has made sure that the body is what the route takes.
    const { token, env } = request.body as InitRequest;
    const claims = checkedClaims(signedClaims(deps, token, badSignatures, request.ip), expectedBy(deps));
    const session = await sessionOf(claims, env, deps.identity);
    const pinned = deps.identity.pin(session);
    if (pinned.id !== session.id || pinned.thumbprint !== session.thumbprint) throw taken(pinned);
    if (pinned === session) request.log.info({ session: pinned.id, jti: claims.jti }, 'initialized');
    return { status: INITIALIZED, bootId: deps.identity.bootId, sessionId: pinned.id, keyThumbprint: pinned.thumbprint };
  });
}

function challengeOf({ bootId, bootPublicKey, session }: Identity): InitChallenge {
  const known = session === undefined ? {} : { sessionId: session.id, keyThumbprint: session.thumbprint };
  return { bootId, publicKey: p256ToJwk(bootPublicKey), initialized: session !== undefined, ...known };
}

/** Only bad signatures are counted: whoever has a good one cannot be kept out by those who have none. */
function signedClaims({ bootstrapKeys }: SessionDeps, token: string, badSignatures: Limiter, address: string): Claims {
  const keys = bootstrapKeys();
  if (keys.length === 0) throw refuse('UNAVAILABLE', 'no bootstrap key is known yet', { retryAfterSeconds: 1 });
  const claims = verifyToken(token, keys, MAX_SESSION_TOKEN);
  if (claims !== undefined) return claims;
  const { allowed, retryAfter } = badSignatures.take(addressKey(address));
  if (!allowed) throw refuse('TOO_MANY_INITS', 'too many tokens with a bad signature', { retryAfterSeconds: retryAfter });
  throw refuse('INIT_SIGNATURE_INVALID', 'the token is not signed by a bootstrap key');
}

function expectedBy({ identity: { bootId, bootThumbprint }, sessionId, podUid, requireBootId, clock }: SessionDeps): Expected {
  return { now: clock() / 1000, bootId, bootThumbprint, sessionId, podUid, requireBootId };
}

async function sessionOf(claims: InitClaims, env: string | undefined, { bootKey }: Identity): Promise<PinnedSession> {
  const key = p256FromPem(claims.session_public_key);
  if (key === undefined) throw refuse('SESSION_KEY_REFUSED', 'session_public_key must be the PEM of one public key on P-256');
  const environment = await openEnvironment(claims, env, bootKey);
  return { id: claims.sub, key: verifyingKey(key), thumbprint: thumbprintOf(key), environment };
}

function taken({ id, thumbprint }: PinnedSession): Error {
  return refuse('ALREADY_INITIALIZED', `the session ${id} is pinned, with the key ${thumbprint}`);
}

/** What the server finds wrong with the request itself, in the words of init. */
function malformed(thrown: unknown): never {
  const error = toApiError(SESSION_ERRORS, thrown);
  if (error.code !== SESSION_ERRORS.malformed) throw thrown;
  throw new ApiError(SESSION_ERRORS.table, 'INIT_MALFORMED', error.message, { status: error.status });
}
