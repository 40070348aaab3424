import { createHash, KeyObject } from 'node:crypto';
import { compactDecrypt, CompactEncrypt } from 'jose';

/**
 * Texts that only the holder of a key on P-256 can read: compact JWE with a key agreed with a fresh one of the sender.
 * https://www.rfc-editor.org/rfc/rfc7518#section-4.6
 */
const ALGORITHMS = { alg: 'ECDH-ES+A256KW', enc: 'A256GCM' } as const;

export async function sealToKey(text: string, publicKey: KeyObject): Promise<string> {
  return new CompactEncrypt(Buffer.from(text)).setProtectedHeader(ALGORITHMS).encrypt(publicKey);
}

/** The text; undefined when it was not sealed to this key, or otherwise than above. */
export async function openWithKey(sealed: string, privateKey: KeyObject): Promise<string | undefined> {
  try {
    const { plaintext } = await compactDecrypt(sealed, privateKey, {
      keyManagementAlgorithms: [ALGORITHMS.alg], contentEncryptionAlgorithms: [ALGORITHMS.enc], maxDecompressedLength: 0,
    });
    return new TextDecoder('utf-8', { fatal: true }).decode(plaintext);
  } catch {
    return undefined;
  }
}

/** SHA-256 of the sealed form, as base64url. Of the text itself a hash would let anybody guess what is in it. */
export function hashOfSealed(sealed: string): string {
  return createHash('sha256').update(sealed).digest('base64url');
}
