import { createHmac, KeyObject } from 'node:crypto';
import type { WantedSession } from './session-request';

/** Sessions that one key may make, one after the other. */
const MOST_SESSIONS = 16;

/**
 * The ids that the sessions of an idempotency key have: a repeated request finds the first that is alive. Only the one
 * after the last that has ended may be made, so there is never more than one. A key of its own keeps them from being guessed.
 */
export function idsOfKey(idKey: KeyObject, owner: string | undefined, { kind, namespace, name, idempotencyKey }: WantedSession): string[] {
  return Array.from({ length: MOST_SESSIONS }, (_, at) => uuidOf(mac(idKey, ['session-id', owner ?? null, kind, namespace, name, idempotencyKey, at])));
}

/** Tells one request from another. Keyed, because a hash of an environment would help to guess it. */
export function fingerprintOf(idKey: KeyObject, { kind, namespace, name, ttl, idleTimeout, metadata, env }: WantedSession): string {
  return mac(idKey, ['fingerprint', kind, namespace, name, ttl ?? null, idleTimeout ?? null, sorted(metadata), sorted(env)]).toString('hex');
}

function mac(key: KeyObject, parts: readonly unknown[]): Buffer {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest();
}

function sorted(texts: Readonly<Record<string, string>> = {}): [string, string][] {
  return Object.entries(texts).sort(([one], [other]) => one < other ? -1 : 1);
}

/** Version 8, whose bits are anybody's: https://www.rfc-editor.org/rfc/rfc9562#section-5.8 */
function uuidOf(bytes: Buffer): string {
  const own = Buffer.from(bytes.subarray(0, 16));
  own[6] = 0x80 | (own[6] & 0x0f);
  own[8] = 0x80 | (own[8] & 0x3f);
  return own.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
