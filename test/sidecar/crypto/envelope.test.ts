import { createDecipheriv } from 'node:crypto';
import * as fc from 'fast-check';
import { openSecret, sealSecret } from '../../../sidecar/src/crypto/envelope';
import { HEAD_START, LONGEST_LIFETIME, ROTATE_AFTER } from '../../../sidecar/src/crypto/key-schedule';
import { Keyring, memoryKeyring } from '../../../sidecar/src/crypto/keyring';
import { newP256Pair } from '../../../sidecar/src/crypto/p256';
import type { SessionRecord } from '../../../src/protocol/session-record';
import { LONGEST_SESSION } from '../../../src/protocol/session-record';
import { recordOf } from '../store/records';

const NOW = 1_700_000_000_000;
const ID = '2f1c2d4e-0000-4000-8000-000000000001';
const SESSION = recordOf(ID);

const ring = () => memoryKeyring(() => NOW);
const PEM = newP256Pair().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

test('a secret is opened for the session and use that it was sealed for', async () => {
  const keyring = ring();
  await fc.assert(fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.constantFrom('key' as const, 'env' as const), async (text, use) => {
    expect(await openSecret(keyring, sealSecret(keyring, text, SESSION, use), SESSION, use)).toEqual({ text });
  }));
});

test('a sealed secret has the form v1.<kid>.<nonce>.<ciphertext>, and shows nothing', () => {
  const keyring = ring();
  const sealed = sealSecret(keyring, PEM, SESSION, 'key');
  expect(sealed).toMatch(/^v1\.[0-9a-f]{16}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]+$/);
  expect(sealed.split('.')[1]).toBe(keyring.sealing().kid);
  expect(Buffer.from(sealed.split('.')[3], 'base64url').toString('latin1')).not.toContain('PRIVATE');
});

test.each(['key', 'env'] as const)('the seal of use %s covers session, key and use', (use) => {
  const keyring = ring();
  const [, kid, ...parts] = sealSecret(keyring, 'x', SESSION, use).split('.');
  const [nonce, ciphertext] = parts.map((part) => Buffer.from(part, 'base64url'));
  const decipher = createDecipheriv('aes-256-gcm', keyring.opening(kid)!.secret, nonce, { authTagLength: 16 });
  const facts = JSON.stringify(['code-interpreter', 'team-a', 'python', 'oidc|alice', SESSION.createdAt]);
  decipher.setAAD(Buffer.from(`${ID}|${kid}|${use}|${facts}`)).setAuthTag(ciphertext.subarray(-16));
  expect(decipher.update(ciphertext.subarray(0, -16)).toString() + decipher.final().toString()).toBe('x');
});

test('the same secret is sealed differently each time', () => {
  const keyring = ring();
  expect(new Set(Array.from({ length: 100 }, () => sealSecret(keyring, 'x', SESSION, 'key'))).size).toBe(100);
});

test.each([
  ['plaintext', PEM],
  ['nothing', ''],
  ['the form of another design', `enc:${Buffer.alloc(60).toString('base64')}`],
  ['a later version', 'v2.0123456789abcdef.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA'],
  ['a kid that is none', 'v1.key.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA'],
  ['a line end behind it', `${sealSecret(ring(), 'x', SESSION, 'key')}\n`],
])('%s is refused, never taken for the secret', async (_what, text) => {
  await expect(openSecret(ring(), text, SESSION, 'key')).resolves.toEqual({ failure: 'NotSealed' });
});

test('the secret of another session does not open', async () => {
  const keyring = ring();
  await expect(openSecret(keyring, sealSecret(keyring, PEM, SESSION, 'key'), recordOf('other'), 'key')).resolves.toEqual({ failure: 'BadSeal' });
});

test('key and environment do not open in place of one another', async () => {
  const keyring = ring();
  await expect(openSecret(keyring, sealSecret(keyring, PEM, SESSION, 'key'), SESSION, 'env')).resolves.toEqual({ failure: 'BadSeal' });
  await expect(openSecret(keyring, sealSecret(keyring, '{}', SESSION, 'env'), SESSION, 'key')).resolves.toEqual({ failure: 'BadSeal' });
});

test.each(['', 'a|b', '}{', 'x'.repeat(129)])('nothing is sealed for %j, which is no session id', (id) => {
  expect(() => sealSecret(ring(), 'x', recordOf(id), 'key')).toThrow(RangeError);
});

test('a secret with any letter changed, added or cut off does not open', async () => {
  const keyring = ring();
  const sealed = sealSecret(keyring, 'the secret', SESSION, 'key');
  await fc.assert(fc.asyncProperty(fc.nat(sealed.length - 1), fc.constantFrom(...'ABab01-_.', ''), async (at, letter) => {
    const changed = sealed.slice(0, at) + letter + sealed.slice(at + 1);
    fc.pre(changed !== sealed);
    expect((await openSecret(keyring, changed, SESSION, 'key')).failure).toBeDefined();
    expect((await openSecret(keyring, sealed.slice(0, at), SESSION, 'key')).failure).toBeDefined();
  }));
});

test('a secret has one spelling: bits left over at the end of a part are refused', async () => {
  const keyring = ring();
  const sealed = sealSecret(keyring, 'a', SESSION, 'key');
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const other = sealed.slice(0, -1) + letters[letters.indexOf(sealed.at(-1)!) ^ 1];
  expect(Buffer.from(other.split('.')[3], 'base64url')).toEqual(Buffer.from(sealed.split('.')[3], 'base64url'));
  await expect(openSecret(keyring, other, SESSION, 'key')).resolves.toEqual({ failure: 'BadSeal' });
});

test('a secret opens for as long as a session may live, whatever keys came meanwhile', async () => {
  let now = NOW;
  const keyring = memoryKeyring(() => now);
  const sealed = sealSecret(keyring, PEM, SESSION, 'key');
  for (const step of [ROTATE_AFTER - 1, 1, HEAD_START]) {
    now += step;
    keyring.sealing();
    await expect(openSecret(keyring, sealed, SESSION, 'key')).resolves.toEqual({ text: PEM });
  }
  expect(keyring.sealing().kid).not.toBe(sealed.split('.')[1]);
  expect(LONGEST_LIFETIME).toBeGreaterThanOrEqual(LONGEST_SESSION);
});

test('a secret of a key that is not known does not open', async () => {
  await expect(openSecret(ring(), sealSecret(ring(), 'x', SESSION, 'key'), SESSION, 'key')).resolves.toEqual({ failure: 'UnknownKey' });
});

test('a key that another replica has made a moment ago is looked for once', async () => {
  const maker = ring();
  const sealed = sealSecret(maker, 'x', SESSION, 'key');
  let looks = 0;
  const reader: Keyring = {
    ...ring(),
    sealing: () => maker.sealing(),
    problem: () => undefined,
    opening: (kid) => looks > 0 ? maker.opening(kid) : undefined,
    reread: async () => { looks += 1; return true; },
  };
  await expect(openSecret(reader, sealed, SESSION, 'key')).resolves.toEqual({ text: 'x' });
  expect(looks).toBe(1);
});

test.each<Partial<SessionRecord>>([
  { owner: 'oidc|mallory' }, { owner: undefined }, { namespace: 'team-b' }, { name: 'node' }, { kind: 'agent-runtime' }, { createdAt: SESSION.createdAt + 1 },
])('a secret does not open in a record that was changed to %j', async (changes) => {
  const keyring = ring();
  await expect(openSecret(keyring, sealSecret(keyring, PEM, SESSION, 'key'), recordOf(ID, changes), 'key')).resolves.toEqual({ failure: 'BadSeal' });
});

test('an end that was moved, and another worker, leave a secret as it was', async () => {
  const keyring = ring();
  const later = recordOf(ID, { expiresAt: SESSION.expiresAt + 1, worker: undefined });
  await expect(openSecret(keyring, sealSecret(keyring, PEM, SESSION, 'key'), later, 'key')).resolves.toEqual({ text: PEM });
});
