import { CLOCK_LEEWAY_SECONDS } from '../../../src/protocol/session-api';
import type { Claims } from '../crypto/signed-token';

/** The times of a token that are all right, in seconds since 1970. */
export interface TokenTimes {
  /** From then on the token is worthless, the difference of clocks included. */
  readonly over: number;
}

/**
 * Checks the times of a token, all in seconds. Without `iat` a token counts as made now.
 * https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4
 *
 * @returns what is wrong as text
 */
export function tokenTimes({ exp, iat, nbf }: Claims, now: number, longest: number): TokenTimes | string {
  if (!isTime(exp)) return 'exp must be a time in seconds';
  if (iat !== undefined && !isTime(iat)) return 'iat must be a time in seconds';
  if (nbf !== undefined && !isTime(nbf)) return 'nbf must be a time in seconds';
  const made = iat ?? now;
  if (made > now + CLOCK_LEEWAY_SECONDS) return 'the token is from the future';
  if (nbf !== undefined && nbf > now + CLOCK_LEEWAY_SECONDS) return 'the token is not valid yet';
  const over = exp + CLOCK_LEEWAY_SECONDS;
  if (over <= now) return 'the token has expired';
  if (iat !== undefined && exp <= iat) return 'the token ends before it begins';
  if (exp - made > longest) return `the token lives for ${Math.ceil(exp - made)} s; allowed: at most ${longest}`;
  return { over };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
