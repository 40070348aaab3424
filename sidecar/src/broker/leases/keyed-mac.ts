import { createHmac, KeyObject } from 'node:crypto';

/**
 * A name for things that must not be told by their name: hexadecimal, 256 bits, the same on every replica. Keyed, because
 * a plain hash would let anybody try out values. JSON keeps the parts apart: two lists of parts never have the same text.
 */
export function mac(key: KeyObject, ...parts: readonly string[]): string {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest('hex');
}
