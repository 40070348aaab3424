import { isUtf8 } from 'node:buffer';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Keyring } from './keyring';
import { SESSION_ID_PATTERN } from '../../../src/protocol/session-api';

/**
 * Secrets of sessions at rest: `v1.<kid>.<nonce>.<ciphertext>`, AES-256-GCM, the tag at the end of the ciphertext, parts
 * as base64url. The seal covers session, key and use, so one session's secret put in the place of another's does not
 * open. Nothing but this form is ever taken for a secret: plaintext is refused. The keyring keeps a key for longer than
 * any session lives, so after a rotation nothing has to be sealed again.
 */

/** What a secret is for. */
export type SecretUse = 'key' | 'env';

/** Why a secret does not open. */
export type EnvelopeFailure =
  /** Not of the form above: plaintext, or nothing of ours. */
  | 'NotSealed'
  /** Sealed with a key that this keyring does not have, or no longer. */
  | 'UnknownKey'
  /** Changed, cut off, or of another session or use. */
  | 'BadSeal';

export type OpenedSecret =
  | { readonly text: string; readonly failure?: undefined }
  | { readonly failure: EnvelopeFailure };

const VERSION = 'v1';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG = { authTagLength: 16 };

const SHAPE = /^v1\.([0-9a-f]{16})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;
const SESSION_ID = new RegExp(SESSION_ID_PATTERN);

export function sealSecret(keyring: Keyring, text: string, sessionId: string, use: SecretUse): string {
  const { kid, secret } = keyring.sealing();
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, secret, nonce, TAG).setAAD(coveredBy(sessionId, kid, use));
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return [VERSION, kid, nonce.toString('base64url'), ciphertext.toString('base64url')].join('.');
}

/** The secret. A key that is not known here may have been made by another replica a moment ago, so it is looked for. */
export async function openSecret(keyring: Keyring, sealed: string, sessionId: string, use: SecretUse): Promise<OpenedSecret> {
  const [, kid, ...texts] = SHAPE.exec(sealed) ?? [];
  if (kid === undefined) return { failure: 'NotSealed' };
  const [nonce, ciphertext] = texts.map((text) => Buffer.from(text, 'base64url'));
  // Base64url leaves bits over at its end; they must be zero.
  const isOurs = nonce.length === NONCE_BYTES && ciphertext.length >= TAG.authTagLength
    && nonce.toString('base64url') === texts[0] && ciphertext.toString('base64url') === texts[1];
  if (!isOurs) return { failure: 'BadSeal' };
  const key = keyring.opening(kid) ?? (await keyring.reread?.() === true ? keyring.opening(kid) : undefined);
  if (key === undefined) return { failure: 'UnknownKey' };
  const decipher = createDecipheriv(CIPHER, key.secret, nonce, TAG)
    .setAAD(coveredBy(sessionId, kid, use))
    .setAuthTag(ciphertext.subarray(-TAG.authTagLength));
  try {
    const text = Buffer.concat([decipher.update(ciphertext.subarray(0, -TAG.authTagLength)), decipher.final()]);
    return isUtf8(text) ? { text: text.toString('utf8') } : { failure: 'BadSeal' };
  } catch {
    return { failure: 'BadSeal' };
  }
}

/** Session ids have no `|`, so that no two secrets are covered by the same text. */
function coveredBy(sessionId: string, kid: string, use: SecretUse): Buffer {
  if (!SESSION_ID.test(sessionId)) throw new RangeError('a secret is sealed for a session id: letters, digits, dot, _ and -');
  return Buffer.from(use === 'key' ? `${sessionId}|${kid}` : `${sessionId}|${kid}|${use}`, 'ascii');
}
