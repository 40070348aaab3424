import { CompactEncrypt, compactDecrypt } from 'jose';
import { newP256Pair } from '../../../sidecar/src/crypto/p256';
import { openWithKey, sealToKey } from '../../../sidecar/src/crypto/sealed-to-key';

const [ours, theirs] = [newP256Pair(), newP256Pair()];

test('a text sealed to a key opens with it, and is sealed otherwise each time', async () => {
  const [one, two] = await Promise.all([sealToKey('ü', ours.publicKey), sealToKey('ü', ours.publicKey)]);
  expect(one).not.toBe(two);
  expect(await openWithKey(one, ours.privateKey)).toBe('ü');
});

test('anybody with a library of JOSE can open and seal one', async () => {
  const { protectedHeader } = await compactDecrypt(await sealToKey('x', ours.publicKey), ours.privateKey);
  expect(protectedHeader).toMatchObject({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', epk: { kty: 'EC', crv: 'P-256' } });
});

test('it does not open with another key, or when a letter is changed', async () => {
  const sealed = await sealToKey('x', ours.publicKey);
  expect(await openWithKey(sealed, theirs.privateKey)).toBeUndefined();
  const parts = sealed.split('.');
  for (const [at, part] of parts.entries()) {
    const changed = parts.with(at, `${part[0] === 'A' ? 'B' : 'A'}${part.slice(1)}`).join('.');
    expect(await openWithKey(changed, ours.privateKey)).toBeUndefined();
  }
});

test('bytes that are no text do not open', async () => {
  const sealed = await new CompactEncrypt(Buffer.from([0xff])).setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM' }).encrypt(ours.publicKey);
  expect(await openWithKey(sealed, ours.privateKey)).toBeUndefined();
});

test('what was compressed does not open: a short text could become a long one', async () => {
  const header = { alg: 'ECDH-ES+A256KW', enc: 'A256GCM', zip: 'DEF' };
  const sealed = await new CompactEncrypt(Buffer.from('x'.repeat(1000))).setProtectedHeader(header).encrypt(ours.publicKey);
  expect(await openWithKey(sealed, ours.privateKey)).toBeUndefined();
});
