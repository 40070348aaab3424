import { randomBytes, X509Certificate } from 'node:crypto';
import { CertifiedKey, factsOf, isPair, isSignedBy, LoadMaker } from '../../crypto/certificate-facts';
import { KeyFileError } from '../../crypto/key-file';
import { isP256 } from '../../crypto/p256';
import type { SharedKey } from '../../crypto/shared-keys';

/**
 * A CA that signs the certificates which agents see in place of those of upstreams. As an entry of a Secret or a file it is
 * its certificate, then its private key on P-256 as PKCS #8, both in PEM.
 */
export interface Authority extends CertifiedKey, SharedKey {
  /** Fingerprint of the certificate. */
  readonly kid: string;
  /** The beginning of its validity. That is an hour before it was made, for clients whose clock is behind. */
  readonly created: number;
  readonly endsAt: number;
}

const DAY = 24 * 60 * 60 * 1000;

/** Four times as long as it signs: a platform that was stopped for months still has one that its agents know. */
const LIFETIME = 365 * DAY;

const SHAPE = /^(-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n)(-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END PRIVATE KEY-----\n)$/;

/** Each with a name of its own, so that no client takes one for the other. */
export async function newAuthority(now: number, load: LoadMaker): Promise<Authority> {
  const name = `agent platform egress CA ${randomBytes(4).toString('hex')}`;
  return authority(await (await load()).makeAuthority(name, { now, notAfter: now + LIFETIME }));
}

export function renderAuthority({ cert, key }: Authority): string {
  return cert + key;
}

/** The CA of an entry. Throws `KeyFileError` for what was not rendered here; the content is in no message. */
export function parseAuthority(file: string, text: string): Authority {
  const [, cert, key] = SHAPE.exec(text) ?? [];
  if (cert === undefined || !isReadable({ cert, key })) throw new KeyFileError(file, 'is not one certificate and its private key in PEM');
  if (!isP256(new X509Certificate(cert).publicKey)) throw new KeyFileError(file, 'has no key on P-256');
  if (!isSignedBy(cert, cert)) throw new KeyFileError(file, 'has no certificate of a CA that signed itself');
  return authority({ cert, key });
}

function authority(pair: CertifiedKey): Authority {
  const { notBefore, notAfter } = factsOf(pair.cert);
  return { ...pair, kid: new X509Certificate(pair.cert).fingerprint256, created: notBefore, endsAt: notAfter };
}

/** OpenSSL's own texts may name what it has read. */
function isReadable(pair: CertifiedKey): boolean {
  try {
    return isPair(pair);
  } catch {
    return false;
  }
}
