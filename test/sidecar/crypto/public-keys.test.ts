import { KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { newP256Pair } from '../../../sidecar/src/crypto/p256';
import { parsePublicKeys } from '../../../sidecar/src/crypto/public-keys';
import { KeyRefusal } from '../../../sidecar/src/crypto/signed-token';
import { newKeyPair } from '../../helpers/key-pair';

const EC = newP256Pair();
const RSA = newKeyPair('rsa', { modulusLength: 2048 });
const SMALL = newKeyPair('rsa', { modulusLength: 1024 });
const P384 = newKeyPair('ec', { namedCurve: 'secp384r1' });

const pem = (key: KeyObject, type: 'spki' | 'pkcs1' | 'pkcs8' = 'spki') => key.export({ type: type as never, format: 'pem' }).toString();
const jwk = (key: KeyObject, more: object = {}) => ({ ...key.export({ format: 'jwk' }), ...more });
const algorithms = (text: string) => parsePublicKeys(text).map(({ alg }) => alg);

describe('public keys are read', () => {
  test('from PEM, one block or several, of either label', () => {
    expect(algorithms(pem(EC.publicKey))).toEqual(['ES256']);
    expect(algorithms(`\n${pem(RSA.publicKey)}\n${pem(EC.publicKey)}`)).toEqual(['RS256', 'ES256']);
    expect(algorithms(pem(RSA.publicKey, 'pkcs1'))).toEqual(['RS256']);
  });

  test('from PEM whose lines were joined', () => {
    const [{ key }] = parsePublicKeys(pem(EC.publicKey).replaceAll('\n', ' '));
    expect(key.equals(EC.publicKey)).toBe(true);
  });

  test('from a JWK or a JWK Set, with their names', () => {
    expect(algorithms(JSON.stringify(jwk(EC.publicKey, { use: 'sig', alg: 'ES256' })))).toEqual(['ES256']);
    const keys = parsePublicKeys(JSON.stringify({ keys: [jwk(EC.publicKey, { kid: 'a' }), jwk(RSA.publicKey)] }));
    expect(keys.map(({ alg, kid }) => ({ alg, kid }))).toEqual([{ alg: 'ES256', kid: 'a' }, { alg: 'RS256', kid: undefined }]);
  });

  test.each(['', ' \n', '{"keys":[]}'])('as none from %j', (text) => {
    expect(parsePublicKeys(text)).toEqual([]);
  });
});

describe('public keys are refused', () => {
  test.each<[string, () => string, string]>([
    ['a private key', () => pem(EC.privateKey, 'pkcs8'), 'key 1 is a PRIVATE KEY; allowed: PUBLIC KEY, RSA PUBLIC KEY'],
    ['a short RSA key behind a good one', () => pem(EC.publicKey) + pem(SMALL.publicKey), 'key 2 is an RSA key of 1024 bits; allowed: 2048 to 8192'],
    ['another curve', () => pem(P384.publicKey), 'key 1 is on the curve secp384r1; allowed: P-256'],
    ['a block that is cut off', () => pem(EC.publicKey).slice(0, -10), 'is neither PEM nor JSON'],
    ['text around a block', () => `key: ${pem(EC.publicKey)}`, 'is neither PEM nor JSON'],
    ['an empty block', () => '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----', 'key 1 cannot be read'],
    ['broken JSON', () => '{"keys":', 'is not JSON, or has a key twice'],
    ['another document', () => '{"key":[]}', 'is neither a JWK nor a JWK Set'],
    ['a private JWK', () => JSON.stringify({ keys: [jwk(EC.privateKey)] }), 'key 1 is not public'],
    ['a secret JWK', () => '{"kty":"oct","k":"AAAA"}', 'key 1 is not public'],
    ['a JWK that is none', () => '{"keys":[null]}', 'key 1 is not an object'],
    ['a JWK of unknown type', () => '{"kty":"X"}', 'key 1 cannot be read'],
    ['a point off the curve', () => JSON.stringify(jwk(EC.publicKey, { y: 'A'.repeat(43) })), 'key 1 cannot be read'],
    ['a key for encryption', () => JSON.stringify(jwk(EC.publicKey, { use: 'enc' })), 'key 1 is not for signatures; allowed: use "sig"'],
    ['another algorithm', () => JSON.stringify(jwk(RSA.publicKey, { alg: 'PS256' })), 'key 1 has another alg than its type; allowed: RS256'],
    ['a number as kid', () => JSON.stringify(jwk(EC.publicKey, { kid: 1 })), 'key 1 has a kid that is not a text'],
    ['too many', () => pem(EC.publicKey).repeat(17), 'holds 17 keys; allowed: at most 16'],
  ])('with %s', (_name, text, problem) => {
    expect(() => parsePublicKeys(text())).toThrow(new KeyRefusal(problem));
  });

  test('with a reason that repeats nothing of what was there, whatever it was', () => {
    fc.assert(fc.property(fc.string({ minLength: 12 }), (text) => {
      let message = '';
      try {
        parsePublicKeys(`planted-${text}`);
      } catch (error) {
        expect(error).toBeInstanceOf(KeyRefusal);
        ({ message } = error as Error);
      }
      expect(message).toBe('is neither PEM nor JSON');
    }));
  });
});
