import { createCipheriv, createDecipheriv, KeyObject, randomBytes } from 'node:crypto';
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
export const TOKEN_KINDS = ['usersecret', 'anthropic', 'github', 'patpool', 'aws', 'egress'] as const;
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

/** Node's name of A256GCM, and its sizes in bytes. https://www.rfc-editor.org/rfc/rfc7518#section-5.3 */
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG = { authTagLength: 16 };

const SHAPE = new RegExp(`^${BEARER_PREFIX}([a-z0-9]+)-([A-Za-z0-9_-]+)[.][.]([A-Za-z0-9_-]+)[.]([A-Za-z0-9_-]+)[.]([A-Za-z0-9_-]+)$`);
const KIND = new RegExp(`^${BEARER_PREFIX}([a-z0-9]*)-`);

/** Longest name of a kind, in characters. */
export const MAX_KIND = 32;

/** A token in the middle of something else: of a known kind, or with the beginning of a JWE header behind any kind. */
export const EMBEDDED_TOKEN = new RegExp(`${BEARER_PREFIX}(?:(?:${TOKEN_KINDS.join('|')})-|[a-z0-9]{1,${MAX_KIND}}-eyJ)`);

/** The parts of a token behind its prefix, decoded but for the header, which the seal covers as it is written. */
interface Sealed {
  readonly header: string;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/** Whether a text is a token of this platform, or claims to be one. */
export function isOurs(token: string): boolean {
  return token.startsWith(BEARER_PREFIX);
}

export function seal<Claims extends TokenClaims>(keyring: Keyring, kind: TokenKind, claims: Claims): string {
  const { kid, secret } = keyring.sealing();
  const { header, ...parts } = encrypt(headerOf(kid, kind), JSON.stringify(claims), secret);
  const [nonce, ciphertext, tag] = [parts.nonce, parts.ciphertext, parts.tag].map((part) => part.toString('base64url'));
  const token = `${BEARER_PREFIX}${kind}-${header}..${nonce}.${ciphertext}.${tag}`;
  if (token.length > MAX_TOKEN_LENGTH) throw new RangeError(`a sealed token has at most ${MAX_TOKEN_LENGTH} characters, this one would have ${token.length}`);
  return token;
}

/** What was sealed. Says nothing about time: the caller compares `notAfter`. */
export function open(keyring: Keyring, token: string): Opened {
  if (!isOurs(token)) return { failure: 'NotOurs' };
  if (token.length > MAX_TOKEN_LENGTH) return { failure: 'TooLong' };
  const kind = TOKEN_KINDS.find((known) => known === KIND.exec(token)?.[1]);
  if (kind === undefined) return { failure: 'UnknownKind' };
  const sealed = sealedParts(token);
  const kid = sealed === undefined ? undefined : kidOf(sealed.header, kind);
  if (sealed === undefined || kid === undefined) return { failure: 'BadSeal' };
  const key = keyring.opening(kid);
  if (key === undefined) return { failure: 'UnknownKey' };
  const plaintext = decrypt(sealed, key.secret);
  if (plaintext === undefined) return { failure: 'BadSeal' };
  const claims: TokenClaims & Record<string, unknown> = JSON.parse(plaintext);
  return { kind, claims };
}

/** The seal covers the header, so it covers the kind in front of the token too. */
function headerOf(kid: string, kind: TokenKind): string {
  return Buffer.from(JSON.stringify({ ...ALGORITHMS, kid, typ: `${BEARER_PREFIX}${kind}` })).toString('base64url');
}

/** The key's name, if this is the header that we write for that key and kind, to the last bit. */
function kidOf(header: string, kind: TokenKind): string | undefined {
  const kid = /"kid":"([0-9a-f]{16})"/.exec(Buffer.from(header, 'base64url').toString('latin1'))?.[1];
  return kid !== undefined && headerOf(kid, kind) === header ? kid : undefined;
}

/** The parts, if each has the one spelling of its bytes. */
function sealedParts(token: string): Sealed | undefined {
  const [, , header, ...texts] = SHAPE.exec(token) ?? [];
  const [nonce, ciphertext, tag] = texts.map((text) => Buffer.from(text, 'base64url'));
  if (header === undefined || nonce.length !== NONCE_BYTES || tag.length !== TAG.authTagLength) return undefined;
  return [nonce, ciphertext, tag].every((part, at) => part.toString('base64url') === texts[at]) ? { header, nonce, ciphertext, tag } : undefined;
}

/** https://www.rfc-editor.org/rfc/rfc7516#section-5.1: the authenticated data are the letters of the encoded header. */
function encrypt(header: string, plaintext: string, secret: KeyObject): Sealed {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, secret, nonce, TAG).setAAD(Buffer.from(header, 'ascii'));
  const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return { header, nonce, ciphertext, tag: cipher.getAuthTag() };
}

/** The plaintext; undefined when anything under the seal was changed. */
function decrypt({ header, nonce, ciphertext, tag }: Sealed, secret: KeyObject): string | undefined {
  const decipher = createDecipheriv(CIPHER, secret, nonce, TAG).setAAD(Buffer.from(header, 'ascii')).setAuthTag(tag);
  const start = decipher.update(ciphertext);
  try {
    return Buffer.concat([start, decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
