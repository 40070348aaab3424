import { isUtf8 } from 'node:buffer';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Keyring } from './keyring';
import { SESSION_ID_PATTERN } from '../../../src/protocol/session-api';
import type { SessionRecord } from '../../../src/protocol/session-record';

/**
 * Secrets of sessions at rest: `v1.<kid>.<nonce>.<ciphertext>`, AES-256-GCM, the tag at the end of the ciphertext, parts
 * as base64url. The seal covers key, use and all of the session that never changes, so a secret opens neither in the place
 * of another's nor in a record in which somebody has put another owner. Nothing but this form is ever taken for a secret: plaintext is refused. The keyring keeps a key for longer than
 * any session lives, so after a rotation nothing has to be sealed again.
 */

/** What of a session never changes. */
export type SealedFor = Pick<SessionRecord, 'id' | 'kind' | 'namespace' | 'name' | 'owner' | 'createdAt'>;

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

export function sealSecret(keyring: Keyring, text: string, session: SealedFor, use: SecretUse): string {
  const { kid, secret } = keyring.sealing();
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, secret, nonce, TAG).setAAD(coveredBy(session, kid, use));
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return [VERSION, kid, nonce.toString('base64url'), ciphertext.toString('base64url')].join('.');
}

/** The secret. A key that is not known here may have been made by another replica a moment ago, so it is looked for. */
export async function openSecret(keyring: Keyring, sealed: string, session: SealedFor, use: SecretUse): Promise<OpenedSecret> {
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
    .setAAD(coveredBy(session, kid, use))
    .setAuthTag(ciphertext.subarray(-TAG.authTagLength));
  try {
    const text = Buffer.concat([decipher.update(ciphertext.subarray(0, -TAG.authTagLength)), decipher.final()]);
    return isUtf8(text) ? { text: text.toString('utf8') } : { failure: 'BadSeal' };
  } catch {
    return { failure: 'BadSeal' };
  }
}

/** Whether what was opened for one is for the other too. */
export function isSealedAlike(one: SealedFor, other: SealedFor): boolean {
  return one.id === other.id && one.kind === other.kind && one.namespace === other.namespace && one.name === other.name
    && one.owner === other.owner && one.createdAt === other.createdAt;
}

function factsOf({ kind, namespace, name, owner, createdAt }: SealedFor): string {
  return JSON.stringify([kind, namespace, name, owner ?? null, createdAt]);
}

/** The id has no `|`, and the facts are in a fixed order, so that no two secrets are covered by the same text. */
function coveredBy(session: SealedFor, kid: string, use: SecretUse): Buffer {
  if (!SESSION_ID.test(session.id)) throw new RangeError('a secret is sealed for a session id: letters, digits, dot, _ and -');
  return Buffer.from([session.id, kid, use, factsOf(session)].join('|'), 'utf8');
}
