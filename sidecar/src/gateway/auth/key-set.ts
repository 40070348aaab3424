import { createLocalJWKSet, errors, JWTVerifyOptions, jwtVerify, LocalJWKSet, JSONWebKeySet, JWTPayload } from 'jose';
import { InputError } from '../../server/files/input-error';
import { isFields } from '../../server/text/fields';
import { parseStrictJson } from '../../server/text/strict-json';

/** A JWK Set. https://www.rfc-editor.org/rfc/rfc7517#section-5 */
export interface KeySet {
  readonly text: string;
  readonly find: LocalJWKSet;
}

/** Longest set that is read: large providers have some twenty keys with their certificates. */
export const MAX_KEY_SET = 512 * 1024;
const MAX_KEYS = 100;

/** Neither `none` nor HMAC, for which a public key could be taken as secret. https://www.rfc-editor.org/rfc/rfc8725#section-3.1 */
export const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];

const KEY_TYPES: readonly unknown[] = ['RSA', 'EC', 'OKP'];

/** Members that only private keys have. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'];

/** The set of a text, with the keys that may have signed a token; others in it are left alone. `name` goes into messages. */
export function keySetIn(name: string, text: string): KeySet {
  const keys = listIn(name, text);
  if (keys.length > MAX_KEYS) throw new InputError(`${name}: has ${keys.length} keys; allowed: at most ${MAX_KEYS}`);
  const usable = keys.filter(isVerifying);
  if (usable.length === 0) throw new InputError(`${name}: has no public key for signatures`);
  return { text, find: createLocalJWKSet({ keys: usable } as JSONWebKeySet) };
}

function listIn(name: string, text: string): readonly unknown[] {
  try {
    const set = parseStrictJson(text);
    if (isFields(set) && Array.isArray(set.keys)) return set.keys;
  } catch {
    // What the text holds is not repeated.
  }
  throw new InputError(`${name}: is not a JWK Set in which every key is there once`);
}

function isVerifying(jwk: unknown): boolean {
  if (!isFields(jwk) || !KEY_TYPES.includes(jwk.kty)) return false;
  return (jwk.use === undefined || jwk.use === 'sig') && !PRIVATE_MEMBERS.some((one) => one in jwk);
}

/** The claims of a token that a key of the set has signed. Rejects with an error of `jose`, `JWKSNoMatchingKey` among them. */
export async function claimsOf(token: string, set: KeySet, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, set.find, options)).payload;
  } catch (error) {
    // A token without `kid` fits several keys.
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      const payload = await jwtVerify(token, key, options).then((verified) => verified.payload, () => undefined);
      if (payload !== undefined) return payload;
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}
