import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertifiedKey, factsOf, isPair, isSignedBy } from '../../../sidecar/src/crypto/certificate-facts';
import { makeAuthority, makeServingPair } from '../../../sidecar/src/crypto/self-made-certificate';
import { temporaryFolders } from '../broker/audit/support';

const folder = temporaryFolders();
const DAY = 86_400_000;
const NOW = Date.UTC(2030, 0, 1);
const NAMES = ['broker', 'broker.agents.svc', '*.broker-headless.agents.svc'];

let authority: CertifiedKey;
let serving: CertifiedKey;
beforeAll(async () => {
  authority = await makeAuthority('a CA', { now: NOW, notAfter: NOW + 700 * DAY });
  serving = await makeServingPair(authority, NAMES, { now: NOW, notAfter: NOW + 90 * DAY });
});

function openssl(...args: string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function files(...texts: string[]): string[] {
  const at = folder();
  return texts.map((text, index) => {
    writeFileSync(join(at, String(index)), text);
    return join(at, String(index));
  });
}

const at = (now: number): string[] => ['-attime', String(now / 1000)];

test('openssl verifies the chain, for a server and for each of its names', () => {
  const [ca, cert] = files(authority.cert, serving.cert);
  for (const name of ['broker', 'broker.agents.svc', 'broker-0.broker-headless.agents.svc']) {
    expect(openssl('verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', name, ...at(NOW), '-CAfile', ca, cert)).toContain(': OK');
  }
});

test('openssl reads what a strict client wants to see', () => {
  const [cert] = files(serving.cert);
  const text = openssl('x509', '-in', cert, '-noout', '-text');
  expect(text).toMatch(/ASN1 OID: prime256v1/);
  expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
  expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
  expect(text).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication\n/);
  const [ca] = files(authority.cert);
  expect(openssl('x509', '-in', ca, '-noout', '-text')).toMatch(/CA:TRUE, pathlen:0/);
});

test('a client whose clock is behind by less than an hour accepts it', () => {
  const [ca, cert] = files(authority.cert, serving.cert);
  expect(openssl('verify', ...at(NOW - 59 * 60_000), '-CAfile', ca, cert)).toContain(': OK');
  expect(() => openssl('verify', ...at(NOW - 61 * 60_000), '-CAfile', ca, cert)).toThrow(/not yet valid/);
});

test('facts are those of the certificate', () => {
  expect(factsOf(serving.cert)).toEqual({ notBefore: NOW - 3_600_000, notAfter: NOW + 90 * DAY, names: NAMES });
  expect(isPair(serving)).toBe(true);
  expect(isSignedBy(serving.cert, authority.cert)).toBe(true);
});

test('a certificate does not outlive its CA', async () => {
  const late = await makeServingPair(authority, NAMES, { now: NOW, notAfter: NOW + 9000 * DAY });
  expect(factsOf(late.cert).notAfter).toBe(NOW + 700 * DAY);
});

test('no two serial numbers are alike, and all are positive', async () => {
  const serial = (cert: string): string => openssl('x509', '-in', files(cert)[0], '-noout', '-serial');
  const other = await makeServingPair(authority, NAMES, { now: NOW, notAfter: NOW + DAY });
  expect(serial(other.cert)).not.toBe(serial(serving.cert));
  expect(serial(serving.cert)).toMatch(/^serial=4[0-9A-F]{31}\n$/);
});

describe('refused is', () => {
  test('another name', () => {
    const [ca, cert] = files(authority.cert, serving.cert);
    expect(() => openssl('verify', '-verify_hostname', 'broker.other.svc', ...at(NOW), '-CAfile', ca, cert)).toThrow(/[Hh]ostname mismatch/);
  });

  test('an expired one', () => {
    const [ca, cert] = files(authority.cert, serving.cert);
    expect(() => openssl('verify', ...at(NOW + 91 * DAY), '-CAfile', ca, cert)).toThrow(/expired/);
  });

  test('what a served certificate signs', async () => {
    const [ca, middle, leaf] = files(authority.cert, serving.cert, (await makeServingPair(serving, NAMES, { now: NOW, notAfter: NOW + DAY })).cert);
    expect(() => openssl('verify', ...at(NOW), '-CAfile', ca, '-untrusted', middle, leaf)).toThrow(/invalid CA|error/);
    expect(isSignedBy(serving.cert, serving.cert)).toBe(false);
  });

  test('a CA that did not sign, and a key of another certificate', async () => {
    const other = await makeAuthority('a CA', { now: NOW, notAfter: NOW + DAY });
    expect(isSignedBy(serving.cert, other.cert)).toBe(false);
    expect(isPair({ cert: serving.cert, key: other.key })).toBe(false);
  });

  test.each([['nothing', ''], ['two', 'both'], ['something else', 'nonsense']])('%s in place of one certificate', (_name, text) => {
    expect(() => factsOf(text === 'both' ? serving.cert + authority.cert : text)).toThrow(/not one certificate/);
  });
});
