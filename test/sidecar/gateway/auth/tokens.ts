import { KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { newKeyPair } from '../../../helpers/key-pair';

/** Seconds since 1970. */
export const NOW = Date.parse('2026-05-04T09:00:00Z') / 1000;

export const ISSUER = 'https://id.example.com/realm';
export const AUDIENCE = 'agent-platform-gateway';

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly jwk: Readonly<Record<string, unknown>>;
}

/** A key of a provider, and how its JWK Set shows it. */
export function signingKey(kid: string, alg = 'ES256'): SigningKey {
  const { publicKey, privateKey } = pairFor(alg);
  return { kid, alg, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' } };
}

function pairFor(alg: string): { publicKey: KeyObject; privateKey: KeyObject } {
  if (alg === 'EdDSA') return newKeyPair('ed25519');
  if (alg === 'ES256') return newKeyPair('ec', { namedCurve: 'P-256' });
  if (alg === 'ES384') return newKeyPair('ec', { namedCurve: 'P-384' });
  return newKeyPair('rsa', { modulusLength: 2048 });
}

export function jwks(...keys: readonly SigningKey[]): string {
  return JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
}

export type Claims = Readonly<Record<string, unknown>>;

/** A good token, but for what is changed; `undefined` leaves a claim out. */
export function token(key: SigningKey, changed: Claims = {}, header: Claims = {}): Promise<string> {
  const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'alice', iat: NOW, exp: NOW + 600, ...changed };
  return new SignJWT(JSON.parse(JSON.stringify(claims))).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
}

/** A JWS as others might make it: any header, any signature. */
export function rawToken(header: Claims, claims: Claims, signature: string): string {
  const encode = (fields: Claims): string => Buffer.from(JSON.stringify(fields)).toString('base64url');
  return `${encode(header)}.${encode(claims)}.${signature}`;
}
