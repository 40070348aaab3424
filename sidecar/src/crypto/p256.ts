import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, KeyObject } from 'node:crypto';
import type { P256Jwk } from '../../../src/protocol/session-api';

/** Keys on the curve P-256, which OpenSSL calls prime256v1. https://www.rfc-editor.org/rfc/rfc5480#section-2.1.1.1 */
const CURVE = 'prime256v1';

export interface P256Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * Read again from what was generated: Node hangs for ever when its garbage collector meets what has generated a key while
 * that very key is exported or asked for its details.
 */
export function newP256Pair(): P256Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: CURVE, privateKeyEncoding: { type: 'pkcs8', format: 'der' }, publicKeyEncoding: { type: 'spki', format: 'der' },
  });
  return {
    privateKey: createPrivateKey({ key: privateKey, type: 'pkcs8', format: 'der' }),
    publicKey: createPublicKey({ key: publicKey, type: 'spki', format: 'der' }),
  };
}

export function isP256({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === CURVE;
}

const ONE_PUBLIC_KEY = /^\s*-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----\s*$/;

/** The one key of the text, in PEM; undefined when it is anything but a public key on P-256. */
export function p256FromPem(pem: string): KeyObject | undefined {
  // Node would derive the public key of a private one.
  if (!ONE_PUBLIC_KEY.test(pem)) return undefined;
  try {
    const key = createPublicKey(pem);
    return isP256(key) ? key : undefined;
  } catch {
    return undefined;
  }
}

export function p256ToPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

/** The key of a JWK; undefined when it is anything but a public key on P-256. */
export function p256FromJwk({ kty, crv, x, y }: P256Jwk): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
    return isP256(key) ? key : undefined;
  } catch {
    return undefined;
  }
}

export function p256ToJwk(key: KeyObject): P256Jwk {
  const { x, y } = key.export({ format: 'jwk' });
  return { kty: 'EC', crv: 'P-256', x: x!, y: y! };
}

/** SHA-256 thumbprint of a public key, as base64url: https://www.rfc-editor.org/rfc/rfc7638#section-3 */
export function thumbprintOf(key: KeyObject): string {
  const { kty, crv, x, y } = p256ToJwk(key);
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
