import { createPrivateKey, createPublicKey, KeyObject } from 'node:crypto';
import { KeyFileError } from '../../crypto/key-file';
import { isP256, newP256Pair, p256ToJwk, thumbprintOf } from '../../crypto/p256';

/**
 * A key that signs init tokens, as an entry of a Secret or a file: `Created:` with an RFC 3339 time, then the private key
 * on P-256 as PKCS #8 in PEM. Tools for PEM skip the first line: https://www.rfc-editor.org/rfc/rfc7468#section-5.2
 */
export interface SigningKey {
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** A KeyObject shows its bytes neither to `console.log` nor to `JSON.stringify`. */
  readonly privateKey: KeyObject;
}

export function newSigningKey(now: number): SigningKey {
  return signingKey(newP256Pair().privateKey, now);
}

export function renderSigningKey({ created, privateKey }: SigningKey): string {
  return `Created: ${new Date(created).toISOString()}\n${privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()}`;
}

const SHAPE = /^Created: ([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,12}Z)\n(-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END PRIVATE KEY-----)\n$/;

/** The key of an entry. Throws `KeyFileError` for what was not rendered here; the content is in no message. */
export function parseSigningKey(file: string, text: string): SigningKey {
  const [, time, pem] = SHAPE.exec(text) ?? [];
  const created = time === undefined ? NaN : Date.parse(time);
  if (Number.isNaN(created)) throw new KeyFileError(file, 'is not a time of creation and one private key in PEM');
  const key = privateKeyOf(pem);
  if (key === undefined || !isP256(key)) throw new KeyFileError(file, 'has no key on P-256');
  return signingKey(key, created);
}

/** The JWK Set that whoever verifies is told, oldest first. https://www.rfc-editor.org/rfc/rfc7517#section-5 */
export function publicSet(keys: readonly SigningKey[]): string {
  const byAge = [...keys].sort((a, b) => a.created - b.created);
  return `${JSON.stringify({ keys: byAge.map(({ kid, privateKey }) => ({ ...p256ToJwk(createPublicKey(privateKey)), kid, alg: 'ES256', use: 'sig' })) })}\n`;
}

function signingKey(privateKey: KeyObject, created: number): SigningKey {
  return { kid: thumbprintOf(privateKey), created, privateKey };
}

/** OpenSSL's own texts may name what it has read. */
function privateKeyOf(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
