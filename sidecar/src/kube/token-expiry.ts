import { fieldsOf } from '../server/text/fields';

/** Longest token that is sent to the API server; ServiceAccount tokens have about 1,200 characters. */
const MAX_LENGTH = 8192;

/** https://www.rfc-editor.org/rfc/rfc7519#section-3.1, signed, in compact form. */
const SHAPE = /^[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/;

/**
 * When a token ends, in milliseconds since 1970, as it says itself: nothing is verified here. Infinity for one that names
 * no end; undefined for what is not a JSON web token, and so nothing that the API server could know.
 */
export function tokenExpiry(token: string): number | undefined {
  const [, payload] = token.length > MAX_LENGTH ? [] : SHAPE.exec(token) ?? [];
  const claims = payload === undefined ? undefined : fieldsOf(Buffer.from(payload, 'base64url').toString('utf8'));
  if (claims === undefined) return undefined;
  if (claims.exp === undefined) return Infinity;
  return typeof claims.exp === 'number' && Number.isFinite(claims.exp) ? claims.exp * 1000 : undefined;
}
