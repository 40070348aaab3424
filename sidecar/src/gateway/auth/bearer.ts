import { decodeJwt, decodeProtectedHeader } from 'jose';

/** Longest bearer that is looked at; tokens with many groups have some thousand characters. */
const MAX_BEARER = 12 * 1024;

const BEARER = /^Bearer ([!-~]+)$/i;

/** The token or key of an `Authorization` header; undefined for anything else. https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
export function bearerOf(header: string | undefined): string | undefined {
  if (header === undefined || header.length > MAX_BEARER) return undefined;
  return BEARER.exec(header)?.[1];
}

/** The issuer that a bearer names, unverified. */
export interface NamedIssuer {
  readonly issuer: string | undefined;
}

const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Three parts of base64url, of which the first is an object: a JWT. Anything else can only be a key, and is undefined here. */
export function jwtIssuer(bearer: string): NamedIssuer | undefined {
  if (!JWT.test(bearer) || !isReadable(() => decodeProtectedHeader(bearer))) return undefined;
  try {
    const { iss } = decodeJwt(bearer);
    return { issuer: typeof iss === 'string' ? iss : undefined };
  } catch {
    return { issuer: undefined };
  }
}

function isReadable(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
