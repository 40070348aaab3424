import { calculateJwkThumbprint } from 'jose';
import { isP256, newP256Pair, p256FromJwk, p256FromPem, p256ToJwk, p256ToPem, thumbprintOf } from '../../../sidecar/src/crypto/p256';
import { newKeyPair } from '../../helpers/key-pair';

const PAIR = newP256Pair();
const OTHERS = [
  newKeyPair('ec', { namedCurve: 'secp384r1' }).publicKey, newKeyPair('ec', { namedCurve: 'secp256k1' }).publicKey,
  newKeyPair('ed25519').publicKey, newKeyPair('rsa', { modulusLength: 2048 }).publicKey,
];

test('a key on P-256 goes through PEM and JWK and stays the same', () => {
  expect(p256FromPem(p256ToPem(PAIR.publicKey))!.equals(PAIR.publicKey)).toBe(true);
  expect(p256FromJwk(p256ToJwk(PAIR.publicKey))!.equals(PAIR.publicKey)).toBe(true);
});

test('keys on other curves and of other kinds are none', () => {
  for (const key of OTHERS) {
    expect(isP256(key)).toBe(false);
    expect(p256FromPem(p256ToPem(key))).toBeUndefined();
    expect(p256FromJwk(key.export({ format: 'jwk' }) as never)).toBeUndefined();
  }
});

test('a private key is not taken for its public half', () => {
  expect(p256FromPem(PAIR.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())).toBeUndefined();
});

test.each([['nothing', ''], ['two keys', p256ToPem(PAIR.publicKey).repeat(2)], ['a broken one', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----']])('%s is no key', (_name, pem) => {
  expect(p256FromPem(pem)).toBeUndefined();
});

test('a point that is not on the curve is no key', () => {
  expect(p256FromJwk({ ...p256ToJwk(PAIR.publicKey), x: 'A'.repeat(43) })).toBeUndefined();
});

test('the thumbprint is that of jose, and the same for both halves', async () => {
  expect(thumbprintOf(PAIR.publicKey)).toBe(await calculateJwkThumbprint(p256ToJwk(PAIR.publicKey), 'sha256'));
  expect(thumbprintOf(PAIR.privateKey)).toBe(thumbprintOf(PAIR.publicKey));
});
