import { createPublicKey, KeyObject } from 'node:crypto';
import { KeyRefusal, verifyingKey, VerifyingKey } from './signed-token';
import { parseStrictJson } from '../server/text/strict-json';

/** Keys that one text may hold; tokens without `kid` are tried with each. */
const MAX_KEYS = 16;

/**
 * The public keys of a text: PEM, one block or several, or a JWK or JWK Set. None for an empty text.
 * https://www.rfc-editor.org/rfc/rfc7468#section-13 and https://www.rfc-editor.org/rfc/rfc7517#section-5
 *
 * Throws `KeyRefusal`, which says which key is wrong and why but not what is in it: somebody may have put a private key there.
 */
export function parsePublicKeys(text: string): readonly VerifyingKey[] {
  const trimmed = text.trim();
  const keys = trimmed.startsWith('{') ? keysOfJson(trimmed) : keysOfPem(trimmed);
  if (keys.length > MAX_KEYS) throw new KeyRefusal(`holds ${keys.length} keys; allowed: at most ${MAX_KEYS}`);
  return keys;
}

/** Line ends may have been turned into spaces, as happens to variables of the environment. */
const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----/g;

const PEM_TYPES: Readonly<Record<string, 'spki' | 'pkcs1'>> = { 'PUBLIC KEY': 'spki', 'RSA PUBLIC KEY': 'pkcs1' };

function keysOfPem(text: string): VerifyingKey[] {
  if (text.replace(PEM_BLOCK, '').trim() !== '') throw new KeyRefusal('is neither PEM nor JSON');
  return [...text.matchAll(PEM_BLOCK)].map(([, label, base64], index) => named(`key ${index + 1}`, () => {
    const type = PEM_TYPES[label];
    if (type === undefined) throw new KeyRefusal(`is a ${label}; allowed: ${Object.keys(PEM_TYPES).join(', ')}`);
    return verifyingKey(readable(() => createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type })));
  }));
}

interface Jwk {
  readonly kty?: unknown;
  readonly kid?: unknown;
  readonly use?: unknown;
  readonly alg?: unknown;
}

function keysOfJson(text: string): VerifyingKey[] {
  const document = readableJson(text);
  if ('kty' in document) return [named('key 1', () => keyOfJwk(document))];
  const { keys } = document;
  if (!Array.isArray(keys)) throw new KeyRefusal('is neither a JWK nor a JWK Set');
  return keys.map((jwk: Jwk, index) => named(`key ${index + 1}`, () => keyOfJwk(jwk)));
}

/** Members that only private and secret keys have. */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'];

function keyOfJwk(jwk: Jwk): VerifyingKey {
  if (typeof jwk !== 'object' || jwk === null) throw new KeyRefusal('is not an object');
  if (SECRET_MEMBERS.some((member) => member in jwk)) throw new KeyRefusal('is not public');
  const { kid, use, alg } = jwk;
  if (kid !== undefined && typeof kid !== 'string') throw new KeyRefusal('has a kid that is not a text');
  const key = verifyingKey(readable(() => createPublicKey({ key: jwk as never, format: 'jwk' })), kid);
  if (use !== undefined && use !== 'sig') throw new KeyRefusal('is not for signatures; allowed: use "sig"');
  if (alg !== undefined && alg !== key.alg) throw new KeyRefusal(`has another alg than its type; allowed: ${key.alg}`);
  return key;
}

function named(name: string, read: () => VerifyingKey): VerifyingKey {
  try {
    return read();
  } catch (error) {
    throw error instanceof KeyRefusal ? new KeyRefusal(`${name} ${error.message}`) : error;
  }
}

/** OpenSSL's own texts say nothing that helps. */
function readable(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch {
    throw new KeyRefusal('cannot be read');
  }
}

function readableJson(text: string): Readonly<Record<string, unknown>> {
  try {
    return parseStrictJson(text) as Readonly<Record<string, unknown>>;
  } catch {
    throw new KeyRefusal('is not JSON, or has a key twice');
  }
}
