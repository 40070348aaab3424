import { isUtf8 } from 'node:buffer';
import { constants, KeyObject, sign, verify } from 'node:crypto';
import { isP256 } from './p256';
import { parseStrictJson } from '../server/text/strict-json';

/**
 * Signed tokens: compact JWS over JSON claims. https://www.rfc-editor.org/rfc/rfc7515 and https://www.rfc-editor.org/rfc/rfc8725
 *
 * The key says which algorithm its signatures have, never the token: `none` and HMAC with a public key as secret have
 * no key that they could be tried with. A token has one spelling, so that its hash is its name.
 */
export type SignatureAlgorithm = 'ES256' | 'RS256';

/** A public key with the one algorithm that it verifies. */
export interface VerifyingKey {
  readonly alg: SignatureAlgorithm;
  /** Tokens that name another one are not tried. */
  readonly kid?: string;
  readonly key: KeyObject;
}

export type Claims = Readonly<Record<string, unknown>>;

/** Why a key is not used. The text goes behind the name of the key. */
export class KeyRefusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'KeyRefusal';
  }
}

/** https://www.rfc-editor.org/rfc/rfc7518#section-3.3; beyond the upper bound each signature costs too much. */
const RSA_BITS: readonly [number, number] = [2048, 8192];

/** The key with its algorithm. Throws `KeyRefusal` for all but P-256 and RSA of a fit size. */
export function verifyingKey(key: KeyObject, kid?: string): VerifyingKey {
  return { alg: algorithmOf(key), key, ...(kid === undefined ? {} : { kid }) };
}

function algorithmOf(key: KeyObject): SignatureAlgorithm {
  const { asymmetricKeyType: type, asymmetricKeyDetails: { namedCurve = 'unknown', modulusLength: bits = 0 } = {} } = key;
  if (isP256(key)) return 'ES256';
  if (type === 'ec') throw new KeyRefusal(`is on the curve ${namedCurve}; allowed: P-256`);
  if (type !== 'rsa') throw new KeyRefusal(`is of type ${type ?? 'secret'}; allowed: EC on P-256, RSA`);
  if (bits < RSA_BITS[0] || bits > RSA_BITS[1]) throw new KeyRefusal(`is an RSA key of ${bits} bits; allowed: ${RSA_BITS[0]} to ${RSA_BITS[1]}`);
  return 'RS256';
}

/** Signs with a private key of ours. Throws `KeyRefusal` when it is not fit for it. */
export function signToken(claims: object, key: KeyObject, kid?: string): string {
  const alg = algorithmOf(key);
  const signed = `${encode({ alg, typ: 'JWT', ...(kid === undefined ? {} : { kid }) })}.${encode(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed, 'ascii'), { key, ...FORMS[alg] }).toString('base64url')}`;
}

/** The claims of a token that one of the keys has signed; undefined for anything else. Times are the caller's to check. */
export function verifyToken(token: string, keys: readonly VerifyingKey[], maxLength: number): Claims | undefined {
  if (token.length > maxLength) return undefined;
  const [, header, payload, signature] = SHAPE.exec(token) ?? [];
  if (header === undefined) return undefined;
  const bytes = bytesOf(signature);
  const wanted = fieldsOf(header);
  if (bytes === undefined || wanted === undefined || !isPlain(wanted)) return undefined;
  const signed = Buffer.from(`${header}.${payload}`, 'ascii');
  const isGood = keys.some((one) => mayHaveSigned(one, wanted) && verify('sha256', signed, { key: one.key, ...FORMS[one.alg] }, bytes));
  return isGood ? fieldsOf(payload) : undefined;
}

const SHAPE = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

/** How Node is told the signatures of https://www.rfc-editor.org/rfc/rfc7518#section-3.1 */
const FORMS = {
  ES256: { dsaEncoding: 'ieee-p1363' },
  RS256: { padding: constants.RSA_PKCS1_PADDING },
} as const;

function mayHaveSigned({ alg, kid }: VerifyingKey, wanted: Claims): boolean {
  return wanted.alg === alg && (wanted.kid === undefined || kid === undefined || wanted.kid === kid);
}

/**
 * A header with nothing that would have to be understood, and nothing that says where a key is to be taken from:
 * https://www.rfc-editor.org/rfc/rfc8725#section-3.10
 */
function isPlain({ alg: _alg, typ, kid, ...others }: Claims): boolean {
  return (typ === undefined || typ === 'JWT') && (kid === undefined || typeof kid === 'string') && Object.keys(others).length === 0;
}

function encode(fields: object): string {
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

/** Base64url leaves bits over at its end; they must be zero. */
function bytesOf(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

function fieldsOf(text: string): Claims | undefined {
  const bytes = bytesOf(text);
  if (bytes === undefined || !isUtf8(bytes)) return undefined;
  try {
    const value = parseStrictJson(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Claims : undefined;
  } catch {
    return undefined;
  }
}
