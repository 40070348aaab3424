import type { FastifyRequest } from 'fastify';
import type { Caller, CallerReview } from './caller';
import type { ReviewToll } from '../../kube/token-review';
import { addressKey, Limiter } from '../../server/bounds/limiter';
import { ApiError } from '../../server/http/errors';
import { refuse } from '../refuse';

/** Exactly so, as paddock's broker takes it: case counts, and what follows is the token as it is. */
const SCHEME = 'Bearer ';

/** Longest token that is looked at; ServiceAccount tokens have about 1,200 characters. */
const MAX_TOKEN_LENGTH = 8192;

/** Who sent the request. Whatever is wrong with the token, the answer is the same. `reviews` limits what one address makes the broker ask about. */
export async function authenticate(request: FastifyRequest, review: CallerReview, reviews: Limiter): Promise<Caller> {
  const header = request.headers.authorization;
  if (header === undefined || !header.startsWith(SCHEME) || header.length > SCHEME.length + MAX_TOKEN_LENGTH) throw unauthorized();
  const caller = await review.review(header.slice(SCHEME.length), tollOf(request, reviews)).catch((cause: unknown) => {
    if (cause instanceof ApiError) throw cause;
    throw refuse('Unavailable', 'callers cannot be verified now; try again', { cause });
  });
  if (caller === undefined) throw unauthorized();
  return caller;
}

function tollOf(request: FastifyRequest, reviews: Limiter): ReviewToll {
  return {
    pay: () => {
      const { allowed, retryAfter } = reviews.take(addressKey(request.ip));
      if (!allowed) throw refuse('RateLimited', 'too many tokens from this address that are not known', { retryAfterSeconds: retryAfter });
    },
    giveBack: () => reviews.giveBack(addressKey(request.ip)),
  };
}

function unauthorized(): Error {
  return refuse('Unauthorized', 'a valid bearer token for this broker is needed');
}
