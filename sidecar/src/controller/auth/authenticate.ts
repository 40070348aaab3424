import type { FastifyRequest } from 'fastify';
import type { CallerReview, ControllerCaller } from './caller';
import { Principal, principalOf } from './principal';
import type { ReviewToll } from '../../kube/token-review';
import { addressKey, Limiter } from '../../server/bounds/limiter';
import { ApiError } from '../../server/http/errors';
import { refuse } from '../refuse';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the entrance, so it is there in every handler behind it. */
    behalf: Principal | undefined;
  }
}

/** Of RFC 9110: the name of a scheme is the same in any case. https://www.rfc-editor.org/rfc/rfc9110#section-11.1 */
const BEARER = /^bearer +([!-~]+)$/i;

/** Longest token that is looked at; ServiceAccount tokens have about 1,200 characters. */
const MAX_TOKEN_LENGTH = 8192;

/**
 * What a request passes before its body is read: who it is, then on whose behalf. Without `callers` everybody may pass.
 * `reviews` limits what one address makes the controller ask the API server about.
 */
export function entrance(callers: CallerReview | undefined, reviews: Limiter) {
  return async (request: FastifyRequest): Promise<void> => {
    const caller = callers === undefined ? undefined : await authenticate(request, callers, reviews);
    if (caller !== undefined) request.callerName = `${caller.namespace}/${caller.serviceAccount}`;
    request.behalf = principalOf(caller, request.headers);
  };
}

/** On whose behalf a request is that has passed the entrance. */
export function principalIn({ behalf }: FastifyRequest): Principal {
  if (behalf === undefined) throw new Error('the route has no entrance');
  return behalf;
}

/** Who sent the request. Whatever is wrong with the token, the answer is the same. */
async function authenticate(request: FastifyRequest, callers: CallerReview, reviews: Limiter): Promise<ControllerCaller> {
  const [, token] = BEARER.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined || token.length > MAX_TOKEN_LENGTH) throw unauthorized();
  const caller = await callers.review(token, tollOf(addressKey(request.ip), reviews)).catch((cause: unknown) => {
    if (cause instanceof ApiError) throw cause;
    throw refuse('UNAVAILABLE', 'callers cannot be verified now; try again', { cause });
  });
  if (caller === undefined) throw unauthorized();
  return caller;
}

function tollOf(address: string, reviews: Limiter): ReviewToll {
  return {
    pay: () => {
      const { allowed, retryAfter } = reviews.take(address);
      if (!allowed) throw refuse('TOO_MANY_REQUESTS', 'too many tokens from this address that are not known', { retryAfterSeconds: retryAfter });
    },
    giveBack: () => reviews.giveBack(address),
  };
}

function unauthorized(): Error {
  return refuse('UNAUTHORIZED', 'a valid bearer token for this controller is needed');
}
