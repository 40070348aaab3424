import { createHash } from 'node:crypto';

/** A hash that bytes must have, in the notation of npm (`sha512-<base64>`) or of OCI (`sha256:<hex>`). */
export type Expected = `sha512-${string}` | `sha256:${string}`;

/** Content address in the notation of OCI. */
export function sha256(bytes: Uint8Array): `sha256:${string}` {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Whether the bytes are the expected ones. */
export function matches(bytes: Uint8Array, expected: Expected): boolean {
  if (expected.startsWith('sha256:')) return sha256(bytes) === expected;
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}` === expected;
}

/**
 * Refuses bytes that are not the expected ones.
 *
 * @param what Name of the bytes for the message.
 */
export function requireIntegrity(bytes: Uint8Array, expected: Expected, what: string): void {
  if (!matches(bytes, expected)) throw new Error(`${what} is not what is pinned: expected ${expected}, and it has another hash; it is not used`);
}
