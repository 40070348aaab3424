import { createPublicKey, createSecretKey, KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { jwtVerify, SignJWT } from 'jose';
import { newP256Pair } from '../../../sidecar/src/crypto/p256';
import { KeyRefusal, signToken, verifyingKey, verifyToken } from '../../../sidecar/src/crypto/signed-token';
import { newKeyPair } from '../../helpers/key-pair';

const EC = newP256Pair();
const RSA = newKeyPair('rsa', { modulusLength: 2048 });
const OTHER = newP256Pair();
const MAX = 8192;

const KEYS = [verifyingKey(EC.publicKey, 'ec'), verifyingKey(RSA.publicKey, 'rsa')];

describe('a signed token', () => {
  test.each<[string, KeyObject]>([['ES256', EC.privateKey], ['RS256', RSA.privateKey]])('of %s is read by jose, and one of jose here', async (alg, key) => {
    const ours = signToken({ sub: 's' }, key, 'k');
    const { payload, protectedHeader } = await jwtVerify(ours, createPublicKey(key), { algorithms: [alg] });
    expect({ payload, protectedHeader }).toEqual({ payload: { sub: 's' }, protectedHeader: { alg, typ: 'JWT', kid: 'k' } });
    const theirs = await new SignJWT({ sub: 't' }).setProtectedHeader({ alg }).sign(key);
    expect(verifyToken(theirs, KEYS, MAX)).toEqual({ sub: 't' });
  });

  test('is tried with the keys of its kid, with those that have none, and with all when it names none', () => {
    const nameless = [verifyingKey(EC.publicKey)];
    expect(verifyToken(signToken({}, EC.privateKey, 'ec'), KEYS, MAX)).toEqual({});
    expect(verifyToken(signToken({}, EC.privateKey, 'rsa'), KEYS, MAX)).toBeUndefined();
    expect(verifyToken(signToken({}, EC.privateKey, 'x'), nameless, MAX)).toEqual({});
    expect(verifyToken(signToken({}, EC.privateKey), KEYS, MAX)).toEqual({});
  });

  test('is refused without keys, and by keys of others', () => {
    const token = signToken({}, EC.privateKey);
    expect(verifyToken(token, [], MAX)).toBeUndefined();
    expect(verifyToken(token, [verifyingKey(OTHER.publicKey), verifyingKey(RSA.publicKey)], MAX)).toBeUndefined();
  });

  test.each<[string, object]>([
    ['a critical extension', { alg: 'ES256', crit: ['exp'] }], ['an unencoded payload', { alg: 'ES256', b64: false }],
    ['another type', { alg: 'ES256', typ: 'at+jwt' }], ['a number as kid', { alg: 'ES256', kid: 1 }], ['no alg', {}], ['a list as alg', { alg: ['ES256'] }],
    ['a key of its own', { alg: 'RS256', jwk: OTHER.publicKey.export({ format: 'jwk' }) }],
  ])('is refused with %s in its header', (_name, header) => {
    expect(verifyToken(signedWith(JSON.stringify(header), '{}'), KEYS, MAX)).toBeUndefined();
  });

  test.each(['{"alg":"none","alg":"ES256"}', '[]', '"ES256"', '{'])('is refused with the header %s', (header) => {
    expect(verifyToken(signedWith(header, '{}'), KEYS, MAX)).toBeUndefined();
  });

  test.each(['{"sub":"a","sub":"b"}', '[]', 'null', '1', '{"__proto__":{}}', 'x'])('is refused with the claims %s', (claims) => {
    expect(verifyToken(signedWith('{"alg":"ES256"}', claims), KEYS, MAX)).toBeUndefined();
    expect(verifyToken(signedWith('{"alg":"ES256"}', '{"sub":"a"}'), KEYS, MAX)).toEqual({ sub: 'a' });
  });

  test('is refused when it is too long', () => {
    const token = signToken({ text: 'x'.repeat(100) }, EC.privateKey);
    expect(verifyToken(token, KEYS, token.length)).toBeDefined();
    expect(verifyToken(token, KEYS, token.length - 1)).toBeUndefined();
  });

  test('has one spelling: any letter that is changed, added or taken away makes it worthless', () => {
    const token = signToken({ sub: 's' }, EC.privateKey, 'ec');
    const change = fc.record({ at: fc.nat(token.length - 1), gone: fc.integer({ min: 0, max: 2 }), put: fc.string({ unit: fc.constantFrom(...'AQgwBZaz09-_=.+/ \n'), maxLength: 2 }) });
    fc.assert(fc.property(change, ({ at, gone, put }) => {
      const changed = token.slice(0, at) + put + token.slice(at + gone);
      fc.pre(changed !== token);
      expect(verifyToken(changed, KEYS, MAX)).toBeUndefined();
    }), { numRuns: 300 });
  });

  test('has one spelling: the bits that base64url leaves over at its end are zero', () => {
    const token = signToken({ sub: 's' }, EC.privateKey);
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
    expect(letters.filter((letter) => verifyToken(`${token.slice(0, -1)}${letter}`, KEYS, MAX) !== undefined)).toEqual([token.at(-1)]);
  });

  test('is never read out of noise, and noise never throws', () => {
    const part = fc.oneof(fc.base64String(), fc.string(), fc.constant('eyJhbGciOiJFUzI1NiJ9'));
    fc.assert(fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      expect(verifyToken(parts.join('.'), KEYS, MAX)).toBeUndefined();
    }));
  });
});

/** Signed by the EC key over exactly these texts. */
function signedWith(header: string, claims: string): string {
  const text = `${Buffer.from(header).toString('base64url')}.${Buffer.from(claims).toString('base64url')}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key: EC.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

describe('a key is refused', () => {
  test.each<[string, () => KeyObject, string]>([
    ['on P-384', () => newKeyPair('ec', { namedCurve: 'secp384r1' }).publicKey, 'is on the curve secp384r1; allowed: P-256'],
    ['on secp256k1', () => newKeyPair('ec', { namedCurve: 'secp256k1' }).publicKey, 'is on the curve secp256k1; allowed: P-256'],
    ['of Ed25519', () => newKeyPair('ed25519').publicKey, 'is of type ed25519; allowed: EC on P-256, RSA'],
    ['of RSA below 2048 bits', () => newKeyPair('rsa', { modulusLength: 2040 }).publicKey, 'is an RSA key of 2040 bits; allowed: 2048 to 8192'],
    ['that is RSA for PSS alone', () => newKeyPair('rsa-pss', { modulusLength: 2048 }).publicKey, 'is of type rsa-pss; allowed: EC on P-256, RSA'],
    ['that is a secret', () => createSecretKey(Buffer.alloc(32)), 'is of type secret; allowed: EC on P-256, RSA'],
  ])('%s', (_name, key, problem) => {
    expect(() => verifyingKey(key())).toThrow(new KeyRefusal(problem));
    expect(() => signToken({}, key())).toThrow(KeyRefusal);
  });
});
