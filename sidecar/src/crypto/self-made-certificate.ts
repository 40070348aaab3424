// The package below keeps its parts by metadata of classes, so this comes first.
import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, cryptoProvider, ExtendedKeyUsage, ExtendedKeyUsageExtension, Extension, KeyUsageFlags,
  KeyUsagesExtension, SubjectAlternativeNameExtension, SubjectKeyIdentifierExtension, X509CertificateGenerator,
} from '@peculiar/x509';
import { CertifiedKey, factsOf, ServingSigner, Validity } from './certificate-facts';

/** https://www.rfc-editor.org/rfc/rfc5480#section-2.1.1.1 */
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Clients whose clock is behind ours by less accept the certificate at once. */
const CLOCK_SKEW = 60 * 60 * 1000;

cryptoProvider.set(webcrypto as never);

/** A CA of its own, which may sign certificates of servers and nothing that signs others. */
export async function makeAuthority(commonName: string, validity: Validity): Promise<CertifiedKey> {
  const keys = await newKeys();
  const cert = await certificate(keys, keys.privateKey, commonName, commonName, validity, [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    await SubjectKeyIdentifierExtension.create(keys.publicKey as never),
  ]);
  return { cert, key: await keyPem(keys) };
}

/** A certificate for a server of these DNS names, of which the first is at most 64 characters. It does not outlive its CA. */
export async function makeServingPair(authority: CertifiedKey, names: readonly string[], validity: Validity): Promise<CertifiedKey> {
  const { key, certify } = await makeServingSigner(authority);
  return { cert: await certify(names[0], names, validity), key };
}

/** One key, and certificates for servers that have it. What is alike in all of them is made here, once: it is most of the work. */
export async function makeServingSigner(authority: CertifiedKey): Promise<ServingSigner> {
  const keys = await newKeys();
  const issuer = new X509Certificate(authority.cert);
  const issuerKey = await webcrypto.subtle.importKey('pkcs8', createPrivateKey(authority.key).export({ type: 'pkcs8', format: 'der' }), ALGORITHM, false, ['sign']);
  const issuerPublic = await webcrypto.subtle.importKey('spki', issuer.publicKey.export({ type: 'spki', format: 'der' }), ALGORITHM, true, ['verify']);
  const end = factsOf(authority.cert).notAfter;
  const extensions = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    await SubjectKeyIdentifierExtension.create(keys.publicKey as never),
    await AuthorityKeyIdentifierExtension.create(issuerPublic as never),
  ];
  return {
    key: await keyPem(keys),
    certify: (subject, names, { now, notAfter }) => {
      const alternatives = new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value })));
      return certificate(keys, issuerKey, subject, commonNameOf(issuer), { now, notAfter: Math.min(notAfter, end) }, [...extensions, alternatives]);
    },
  };
}

function commonNameOf({ subject }: X509Certificate): string {
  return subject.replace(/^CN=/, '');
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

/** PKCS #8 in PEM. */
async function keyPem({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function certificate(
  keys: webcrypto.CryptoKeyPair, signingKey: webcrypto.CryptoKey, subject: string, issuer: string, { now, notAfter }: Validity,
  extensions: Extension[],
): Promise<string> {
  const made = await X509CertificateGenerator.create({
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
  return `${made.toString('pem')}\n`;
}
