import { KeyObject, webcrypto } from 'node:crypto';
import { CompactEncrypt, compactDecrypt, errors } from 'jose';
import type { Keyring } from './keyring';
import { BEARER_PREFIX } from '../../../src/protocol/broker-api';

/**
 * Sealed tokens: `pdk-<kind>-<JWE>`, a compact JWE with a direct key and AES-256-GCM.
 * https://www.rfc-editor.org/rfc/rfc7516#section-7.1 and https://www.rfc-editor.org/rfc/rfc7518#section-4.5
 *
 * A token has exactly one spelling. Base64url leaves bits over at the end of a part, and JSON knows many ways to
 * write one header; a token in any other spelling than ours is refused, so that its hash is its name.
 */

/** Kinds of all providers and of egress tokens, those not built in included: a token of such a kind is ours too. */
export const TOKEN_KINDS = ['usersecret', 'anthropic', 'github', 'patpool', 'egress'] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

/** What every sealed token says; each kind adds its own. */
export interface TokenClaims {
  /** Milliseconds since 1970; the token is worthless from then on. */
  readonly notAfter: number;
}

/** Why a token does not open. */
export type OpenFailure =
  /** It does not begin with our prefix. */
  | 'NotOurs'
  | 'TooLong'
  /** Ours, but of a kind that nobody issues. */
  | 'UnknownKind'
  /** Sealed with a key that this keyring does not have, or no longer. */
  | 'UnknownKey'
  /** Changed, cut off, or never sealed here. */
  | 'BadSeal';

export type Opened =
  | { readonly kind: TokenKind; readonly claims: TokenClaims & Readonly<Record<string, unknown>>; readonly failure?: undefined }
  | { readonly failure: OpenFailure };

/** Longest token, in characters. */
export const MAX_TOKEN_LENGTH = 8 * 1024;

const ALGORITHMS = { alg: 'dir', enc: 'A256GCM' } as const;

const SHAPE = new RegExp(`^${BEARER_PREFIX}([a-z0-9]+)-([A-Za-z0-9_-]+)[.][.]([A-Za-z0-9_-]+)[.]([A-Za-z0-9_-]+)[.]([A-Za-z0-9_-]+)$`);
const KIND = new RegExp(`^${BEARER_PREFIX}([a-z0-9]*)-`);

/** Whether a text is a token of this platform, or claims to be one. */
export function isOurs(token: string): boolean {
  return token.startsWith(BEARER_PREFIX);
}

export async function seal<Claims extends TokenClaims>(keyring: Keyring, kind: TokenKind, claims: Claims): Promise<string> {
  const { kid, secret } = keyring.sealing();
  const plaintext = new TextEncoder().encode(JSON.stringify(claims));
  const sealed = await new CompactEncrypt(plaintext).setProtectedHeader(header(kid, kind)).encrypt(await imported(secret));
  const token = `${BEARER_PREFIX}${kind}-${sealed}`;
  if (token.length > MAX_TOKEN_LENGTH) throw new RangeError(`a sealed token has at most ${MAX_TOKEN_LENGTH} characters, this one would have ${token.length}`);
  return token;
}

/** What was sealed. Says nothing about time: the caller compares `notAfter`. */
export async function open(keyring: Keyring, token: string): Promise<Opened> {
  if (!isOurs(token)) return { failure: 'NotOurs' };
  if (token.length > MAX_TOKEN_LENGTH) return { failure: 'TooLong' };
  const kind = TOKEN_KINDS.find((known) => known === KIND.exec(token)?.[1]);
  if (kind === undefined) return { failure: 'UnknownKind' };
  const [, , protectedHeader, nonce, ciphertext, tag] = SHAPE.exec(token) ?? [];
  if (protectedHeader === undefined || ![nonce, ciphertext, tag].every(isCanonical)) return { failure: 'BadSeal' };
  const kid = kidOf(protectedHeader, kind);
  if (kid === undefined) return { failure: 'BadSeal' };
  const key = keyring.opening(kid);
  if (key === undefined) return { failure: 'UnknownKey' };
  const claims = await decrypt(`${protectedHeader}..${nonce}.${ciphertext}.${tag}`, await imported(key.secret));
  return claims === undefined ? { failure: 'BadSeal' } : { kind, claims };
}

/** As jose works with it: a key in any other form it would import again for each token, which costs a quarter of sealing. */
const importedKeys = new WeakMap<KeyObject, Promise<webcrypto.CryptoKey>>();

function imported(secret: KeyObject): Promise<webcrypto.CryptoKey> {
  let key = importedKeys.get(secret);
  if (key === undefined) {
    key = webcrypto.subtle.importKey('raw', secret.export(), 'AES-GCM', false, ['encrypt', 'decrypt']);
    importedKeys.set(secret, key);
  }
  return key;
}

/** The seal covers the header, so it covers the kind in front of the token too. */
function header(kid: string, kind: TokenKind) {
  return { ...ALGORITHMS, kid, typ: `${BEARER_PREFIX}${kind}` };
}

/** The key's name, if this is the header that we write for that key and kind, to the last bit. */
function kidOf(encoded: string, kind: TokenKind): string | undefined {
  const kid = /"kid":"([0-9a-f]{16})"/.exec(Buffer.from(encoded, 'base64url').toString('latin1'))?.[1];
  if (kid === undefined) return undefined;
  return Buffer.from(JSON.stringify(header(kid, kind))).toString('base64url') === encoded ? kid : undefined;
}

function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

async function decrypt(jwe: string, key: Parameters<typeof compactDecrypt>[1]): Promise<(TokenClaims & Record<string, unknown>) | undefined> {
  try {
    const { plaintext } = await compactDecrypt(jwe, key, {
      keyManagementAlgorithms: [ALGORITHMS.alg],
      contentEncryptionAlgorithms: [ALGORITHMS.enc],
    });
    const claims: TokenClaims & Record<string, unknown> = JSON.parse(new TextDecoder().decode(plaintext));
    return claims;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
