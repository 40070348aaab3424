import { createPrivateKey, createPublicKey, generateKeyPairSync, KeyObject } from 'node:crypto';

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Read again from what was generated, for the reason that `newP256Pair` has. */
export function newKeyPair(type: 'ec' | 'ed25519' | 'rsa' | 'rsa-pss', options: { readonly namedCurve?: string; readonly modulusLength?: number } = {}): KeyPair {
  const encodings = { privateKeyEncoding: { type: 'pkcs8', format: 'der' }, publicKeyEncoding: { type: 'spki', format: 'der' } } as const;
  const { privateKey, publicKey } = generateKeyPairSync(type as 'ec', { ...options as { namedCurve: string }, ...encodings }) as unknown as Record<keyof KeyPair, Buffer>;
  return {
    privateKey: createPrivateKey({ key: privateKey, type: 'pkcs8', format: 'der' }),
    publicKey: createPublicKey({ key: publicKey, type: 'spki', format: 'der' }),
  };
}
