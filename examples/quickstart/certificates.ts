import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY = 24 * 60 * 60 * 1000;

export interface Certificates {
  readonly caFile: string;
  /** Folder with `tls.crt` and `tls.key` of a server. */
  folderOf(name: string): string;
}

/** Makes an authority for a day, in `ca.pem`, and a folder with the certificate of a server for each name. */
export async function writeCertificates(folder: string, names: readonly string[]): Promise<Certificates> {
  x509.cryptoProvider.set(webcrypto as never);
  const authority = await newKeys();
  const subject = 'CN=authority of this demo';
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: subject,
    keys: authority as never,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const caFile = path.join(folder, 'ca.pem');
  fs.writeFileSync(caFile, `${ca.toString('pem')}\n`);
  const folderOf = (name: string): string => path.join(folder, name);
  for (const name of names) {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity(),
      subject: `CN=${name}`,
      issuer: subject,
      publicKey: keys.publicKey as never,
      signingKey: authority.privateKey as never,
      signingAlgorithm: ALGORITHM,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
    });
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    fs.mkdirSync(folderOf(name));
    fs.writeFileSync(path.join(folderOf(name), 'tls.crt'), `${certificate.toString('pem')}\n`);
    fs.writeFileSync(path.join(folderOf(name), 'tls.key'), `-----BEGIN PRIVATE KEY-----\n${key.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`, { mode: 0o600 });
  }
  return { caFile, folderOf };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function validity() {
  return { notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + DAY) };
}
