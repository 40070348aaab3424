import { createSign, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newKeyPair } from '../../helpers/key-pair';

/** A self-signed certificate for 127.0.0.1 and its key, made for one test: https://www.rfc-editor.org/rfc/rfc5280#section-4.1 */
export function selfSigned(commonName: string): { cert: string; key: string } {
  const { privateKey, publicKey } = newKeyPair('ec', { namedCurve: 'P-256' });
  const ecdsaSha256 = sequence(Buffer.from('06082a8648ce3d040302', 'hex'));
  const name = sequence(tagged(0x31, sequence(Buffer.from('0603550403', 'hex'), tagged(0x0c, Buffer.from(commonName)))));
  const day = (offset: number) => tagged(0x17, Buffer.from(new Date(Date.now() + offset * 86_400_000).toISOString().replace(/^..|[-:T]|\.\d+/g, '')));
  const subjectAltName = sequence(Buffer.from('0603551d11', 'hex'), tagged(0x04, sequence(tagged(0x87, Buffer.from([127, 0, 0, 1])))));
  const content = sequence(
    tagged(0xa0, Buffer.from('020102', 'hex')),
    tagged(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaSha256,
    name,
    sequence(day(-1), day(1)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(subjectAltName)),
  );
  const signature = createSign('sha256').update(content).sign(privateKey);
  const der = sequence(content, ecdsaSha256, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const cert = `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
  return { cert, key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
}

export function writePair(folder: string, { cert, key }: { cert?: string; key?: string }): void {
  if (cert !== undefined) writeFileSync(join(folder, 'tls.crt'), cert);
  if (key !== undefined) writeFileSync(join(folder, 'tls.key'), key);
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, Math.floor(length / 256), length % 256];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
