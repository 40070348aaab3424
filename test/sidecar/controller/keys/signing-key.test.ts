import { createPrivateKey, createPublicKey } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { newSigningKey, parseSigningKey, publicSet, renderSigningKey, SigningKey } from '../../../../sidecar/src/controller/keys/signing-key';
import { KeyFileError } from '../../../../sidecar/src/crypto/key-file';
import { thumbprintOf } from '../../../../sidecar/src/crypto/p256';
import { parsePublicKeys } from '../../../../sidecar/src/crypto/public-keys';
import { signToken, verifyToken } from '../../../../sidecar/src/crypto/signed-token';
import { newKeyPair } from '../../../helpers/key-pair';

const T0 = Date.UTC(2026, 0, 1);
const key = newSigningKey(T0);
const text = renderSigningKey(key);

test('an entry is the time of creation and PKCS #8 in PEM, which tools for PEM read as it is', () => {
  expect(text).toMatch(/^Created: 2026-01-01T00:00:00\.000Z\n-----BEGIN PRIVATE KEY-----\n/);
  expect(createPrivateKey(text).equals(key.privateKey)).toBe(true);
});

test('what was rendered is read again', () => {
  const read = parseSigningKey('sign-1.pem', text);
  expect([read.kid, read.created, read.privateKey.equals(key.privateKey)]).toEqual([thumbprintOf(key.privateKey), T0, true]);
});

test('the published set is what a session daemon reads, with the thumbprints as names, oldest first', () => {
  const older = newSigningKey(T0 - 1);
  const read = parsePublicKeys(publicSet([key, older]));
  expect(read.map(({ alg, kid }) => [alg, kid])).toEqual([['ES256', older.kid], ['ES256', key.kid]]);
  expect(verifyToken(signToken({ iss: 'x' }, key.privateKey, key.kid), read, 4096)).toEqual({ iss: 'x' });
});

const pem = (type: 'pkcs8' | 'sec1', made: SigningKey['privateKey']) => made.export({ type, format: 'pem' }).toString();
const created = 'Created: 2026-01-01T00:00:00.000Z\n';

test.each<[string, string]>([
  ['nothing', ''],
  ['a key without a time', pem('pkcs8', key.privateKey)],
  ['a time that is none', text.replace('2026-01-01', '2026-13-41')],
  ['a time without a key', created],
  ['a key that is cut off', text.slice(0, -60)],
  ['a key that is damaged', text.replace(/[A-Za-z]{12}/g, 'AAAAAAAAAAAA')],
  ['two keys', `${text}${pem('pkcs8', key.privateKey)}`],
  ['a key in another form', `${created}${pem('sec1', key.privateKey)}`],
  ['a public key', `${created}${createPublicKey(key.privateKey).export({ type: 'spki', format: 'pem' }).toString()}`],
  ['a key on another curve', `${created}${pem('pkcs8', newKeyPair('ec', { namedCurve: 'secp384r1' }).privateKey)}`],
  ['an RSA key', `${created}${pem('pkcs8', newKeyPair('rsa', { modulusLength: 2048 }).privateKey)}`],
  ['something before it', `x${text}`],
])('%s is refused, and not quoted', (_, wrong) => {
  const refused = (): SigningKey => parseSigningKey('Secret a/b/sign-1.pem', wrong);
  expect(refused).toThrow(KeyFileError);
  expect(refused).toThrow(/^key file Secret a\/b\/sign-1\.pem (is not a time of creation and one private key in PEM|has no key on P-256)$/);
});

test('any text is a key or refused as one', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.nat(text.length).map((at) => `${text.slice(0, at)}${text.slice(at + 1)}`)), (some) => {
    try {
      expect(parseSigningKey('x', some).kid).toMatch(/^[A-Za-z0-9_-]{43}$/);
    } catch (error) {
      expect(error).toBeInstanceOf(KeyFileError);
    }
  }));
});

test('a key that is logged shows nothing, and the published set has no private part', () => {
  const { d } = key.privateKey.export({ format: 'jwk' });
  const body = pem('pkcs8', key.privateKey).split('\n')[1];
  for (const shown of [inspect(key, { depth: 9, showHidden: true }), JSON.stringify(key), publicSet([key])]) {
    expect(shown).not.toContain(d);
    expect(shown).not.toContain(body);
    expect(shown).not.toContain('"d"');
  }
});
