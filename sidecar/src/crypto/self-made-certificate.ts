// The package below keeps its parts by metadata of classes, so this comes first.
import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, cryptoProvider, ExtendedKeyUsage, ExtendedKeyUsageExtension, Extension, KeyUsageFlags,
  KeyUsagesExtension, SubjectAlternativeNameExtension, SubjectKeyIdentifierExtension, X509CertificateGenerator,
} from '@peculiar/x509';
import { CertifiedKey, factsOf, Validity } from './certificate-facts';

/** https://www.rfc-editor.org/rfc/rfc5480#section-2.1.1.1 */
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Clients whose clock is behind ours by less accept the certificate at once. */
const CLOCK_SKEW = 60 * 60 * 1000;

cryptoProvider.set(webcrypto as never);

/** A CA of its own, which may sign certificates of servers and nothing that signs others. */
export async function makeAuthority(commonName: string, validity: Validity): Promise<CertifiedKey> {
  const keys = await newKeys();
  return certified(keys, keys.privateKey, commonName, commonName, validity, [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    await SubjectKeyIdentifierExtension.create(keys.publicKey as never),
  ]);
}

/** A certificate for a server of these DNS names, of which the first is at most 64 characters. It does not outlive its CA. */
export async function makeServingPair(authority: CertifiedKey, names: readonly string[], { now, notAfter }: Validity): Promise<CertifiedKey> {
  const keys = await newKeys();
  const issuer = new X509Certificate(authority.cert);
  const issuerKey = await webcrypto.subtle.importKey('pkcs8', createPrivateKey(authority.key).export({ type: 'pkcs8', format: 'der' }), ALGORITHM, false, ['sign']);
  const issuerPublic = await webcrypto.subtle.importKey('spki', issuer.publicKey.export({ type: 'spki', format: 'der' }), ALGORITHM, true, ['verify']);
  const validity = { now, notAfter: Math.min(notAfter, factsOf(authority.cert).notAfter) };
  return certified(keys, issuerKey, names[0], commonNameOf(issuer), validity, [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }))),
    await SubjectKeyIdentifierExtension.create(keys.publicKey as never),
    await AuthorityKeyIdentifierExtension.create(issuerPublic as never),
  ]);
}

function commonNameOf({ subject }: X509Certificate): string {
  return subject.replace(/^CN=/, '');
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function certified(
  keys: webcrypto.CryptoKeyPair, signingKey: webcrypto.CryptoKey, subject: string, issuer: string, { now, notAfter }: Validity,
  extensions: Extension[],
): Promise<CertifiedKey> {
  const certificate = await X509CertificateGenerator.create({
    // Positive and of 16 bytes: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.2
    serialNumber: `4${randomBytes(16).toString('hex').slice(1)}`,
    subject: `CN=${subject}`,
    issuer: `CN=${issuer}`,
    notBefore: new Date(now - CLOCK_SKEW),
    notAfter: new Date(notAfter),
    publicKey: keys.publicKey as never,
    signingKey: signingKey as never,
    signingAlgorithm: ALGORITHM,
    extensions,
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return {
    cert: `${certificate.toString('pem')}\n`,
    key: createPrivateKey({ key, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
