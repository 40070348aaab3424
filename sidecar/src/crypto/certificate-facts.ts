import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';

/** A certificate and its private key, both in PEM. */
export interface CertifiedKey {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. Times in milliseconds since 1970. */
export interface CertificateFacts {
  readonly notBefore: number;
  readonly notAfter: number;
  /** DNS names. */
  readonly names: readonly string[];
}

/** What is to be certified, from when until when. */
export interface Validity {
  readonly now: number;
  readonly notAfter: number;
}

/** A key, and certificates for it. */
export interface ServingSigner {
  /** In PEM. */
  readonly key: string;
  /** For a server of these DNS names. The subject is a name for people, of at most 64 characters: clients look at the names alone. */
  certify(subject: string, names: readonly string[], validity: Validity): Promise<string>;
}

/** Makes certificates. */
export interface CertificateMaker {
  makeAuthority(commonName: string, validity: Validity): Promise<CertifiedKey>;
  makeServingPair(authority: CertifiedKey, names: readonly string[], validity: Validity): Promise<CertifiedKey>;
  makeServingSigner(authority: CertifiedKey): Promise<ServingSigner>;
}

/** Loads the maker when there is something to make, which is rare: it takes a fifth of the memory of a broker. */
export type LoadMaker = () => Promise<CertificateMaker>;

/** Throws when the text is not one certificate in PEM. */
export function factsOf(cert: string): CertificateFacts {
  const { validFrom, validTo, subjectAltName = '' } = parsedCertificate(cert);
  const names = subjectAltName.split(', ').flatMap((name) => name.startsWith('DNS:') ? [name.slice('DNS:'.length)] : []);
  return { notBefore: Date.parse(validFrom), notAfter: Date.parse(validTo), names };
}

/** Whether key and certificate belong together. Throws when one of them is none; the text of a key is in no message. */
export function isPair({ cert, key }: CertifiedKey): boolean {
  return parsedCertificate(cert).checkPrivateKey(createPrivateKey(key));
}

/** Whether the first certificate was signed by the CA of the second. */
export function isSignedBy(cert: string, authority: string): boolean {
  const issuer = parsedCertificate(authority);
  return issuer.ca && parsedCertificate(cert).verify(createPublicKey(issuer.publicKey.export({ type: 'spki', format: 'pem' })));
}

function parsedCertificate(cert: string): X509Certificate {
  // More than one would be read as the first alone.
  if (cert.split('-----BEGIN ').length !== 2) throw new Error('not one certificate');
  return new X509Certificate(cert);
}
