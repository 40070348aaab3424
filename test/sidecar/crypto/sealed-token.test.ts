import { CompactEncrypt, compactDecrypt, CompactJWEHeaderParameters } from 'jose';
import { memoryKeyring } from '../../../sidecar/src/crypto/keyring';
import { isOurs, MAX_TOKEN_LENGTH, open, seal, TOKEN_KINDS } from '../../../sidecar/src/crypto/sealed-token';

const now = () => Date.UTC(2026, 0, 1);
const CLAIMS = { notAfter: now() + 1000, run: 'r1' };
const keyring = memoryKeyring(now);
const { kid, secret } = keyring.sealing();
const HEADER = { alg: 'dir', enc: 'A256GCM', kid, typ: 'pdk-usersecret' };

/** A token sealed with the right key under a header of any kind. */
async function sealedUnder(header: object, payload = JSON.stringify(CLAIMS)): Promise<string> {
  const jwe = new CompactEncrypt(new TextEncoder().encode(payload)).setProtectedHeader(header as CompactJWEHeaderParameters);
  return `pdk-usersecret-${await jwe.encrypt(secret)}`;
}

test.each(TOKEN_KINDS)('a token of kind %s is opened by the ring that sealed it', async (kind) => {
  const token = await seal(keyring, kind, CLAIMS);
  expect(token.startsWith(`pdk-${kind}-eyJ`)).toBe(true);
  expect(isOurs(token)).toBe(true);
  expect(await open(keyring, token)).toEqual({ kind, claims: CLAIMS });
});

test('the header names algorithm, key and kind, and nothing of the claims', async () => {
  const [header] = (await seal(keyring, 'usersecret', CLAIMS)).slice('pdk-usersecret-'.length).split('.');
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual(HEADER);
});

test('the same claims are never the same token', async () => {
  expect(await seal(keyring, 'usersecret', CLAIMS)).not.toBe(await seal(keyring, 'usersecret', CLAIMS));
});

test.each(['', 'ghp_0123456789', 'Bearer pdk-usersecret-x', 'PDK-usersecret-x', ' pdk-usersecret-x'])('%j is not ours', async (token) => {
  expect(isOurs(token)).toBe(false);
  expect(await open(keyring, token)).toEqual({ failure: 'NotOurs' });
});

test.each(['pdk-', 'pdk-usersecret', 'pdk-unknown-eyJ', 'pdk--x', 'pdk-USERSECRET-x', 'pdk-user secret-x'])('%j is ours, but of no kind', async (token) => {
  expect(await open(keyring, token)).toEqual({ failure: 'UnknownKind' });
});

test.each([
  'pdk-usersecret-', 'pdk-usersecret-eyJ', 'pdk-usersecret-0123456789abcdef0123456789abcdef0123456789abcdef', 'pdk-usersecret-....', 'pdk-usersecret-a.b.c.d.e',
  'pdk-usersecret-a..b.c.d', `pdk-usersecret-eyJ9..${'A'.repeat(16)}.AA.${'A'.repeat(22)}`,
])('%s has no seal', async (token) => {
  expect(await open(keyring, token)).toEqual({ failure: 'BadSeal' });
});

test('a token of another ring has an unknown key', async () => {
  const foreign = await seal(memoryKeyring(now), 'usersecret', CLAIMS);
  expect(await open(keyring, foreign)).toEqual({ failure: 'UnknownKey' });
});

test('a token that is too long is refused before anything is done with it', async () => {
  const decode = jest.spyOn(Buffer, 'from');
  expect(await open(keyring, `pdk-usersecret-${'A'.repeat(MAX_TOKEN_LENGTH)}`)).toEqual({ failure: 'TooLong' });
  expect(decode).not.toHaveBeenCalled();
  decode.mockRestore();
});

test('claims that make a token too long are not sealed, and not shown', () => {
  const sealing = () => seal(keyring, 'usersecret', { ...CLAIMS, much: 'PLANTED'.repeat(1200) });
  expect(sealing).toThrow('a sealed token has at most 8192 characters');
  expect(sealing).not.toThrow('PLANTED');
});

describe('an independent reader of JWE', () => {
  test('opens what is sealed here', async () => {
    const { plaintext, protectedHeader } = await compactDecrypt(seal(keyring, 'egress', CLAIMS).slice('pdk-egress-'.length), secret);
    expect(JSON.parse(new TextDecoder().decode(plaintext))).toEqual(CLAIMS);
    expect(protectedHeader).toEqual({ ...HEADER, typ: 'pdk-egress' });
  });

  test('finds text of all languages unchanged', async () => {
    const claims = { ...CLAIMS, text: 'ä 🦊 \u0000 "' };
    const { plaintext } = await compactDecrypt(seal(keyring, 'egress', claims).slice('pdk-egress-'.length), secret);
    expect(JSON.parse(new TextDecoder().decode(plaintext))).toEqual(claims);
  });

  test('finds another nonce in every token', () => {
    const nonces = Array.from({ length: 1000 }, () => seal(keyring, 'egress', CLAIMS).split('.')[2]);
    expect(new Set(nonces).size).toBe(1000);
  });
});

describe('headers that are refused though the seal is right', () => {
  test.each([
    ['compression', { ...HEADER, zip: 'DEF' }],
    ['an additional member', { ...HEADER, cty: 'JWT' }],
    ['another order', { typ: HEADER.typ, alg: 'dir', enc: 'A256GCM', kid }],
    ['another kind', { ...HEADER, typ: 'pdk-egress' }],
    ['no kind', { alg: 'dir', enc: 'A256GCM', kid }],
    ['no key', { alg: 'dir', enc: 'A256GCM', typ: HEADER.typ }],
  ])('%s', async (_, header) => {
    expect(await open(keyring, await sealedUnder(header))).toEqual({ failure: 'BadSeal' });
  });

  test('the control: the header that we write opens', async () => {
    expect(await open(keyring, await sealedUnder(HEADER))).toEqual({ kind: 'usersecret', claims: CLAIMS });
  });
});

test.each([4, 8, 12, 15])('a tag cut to %i bytes is refused, though it is the beginning of the right one', (length) => {
  const token = seal(keyring, 'usersecret', CLAIMS);
  const tag = Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url').subarray(0, length).toString('base64url');
  expect(open(keyring, `${token.slice(0, token.lastIndexOf('.') + 1)}${tag}`)).toEqual({ failure: 'BadSeal' });
});

test('bytes moved from the ciphertext to the tag are refused', async () => {
  const [header, , nonce, ciphertext, tag] = (await seal(keyring, 'usersecret', CLAIMS)).slice('pdk-usersecret-'.length).split('.');
  const [body, end] = [Buffer.from(ciphertext, 'base64url'), Buffer.from(tag, 'base64url')];
  const moved = [body.subarray(0, -3), Buffer.concat([body.subarray(-3), end])].map((part) => part.toString('base64url'));
  expect(await open(keyring, `pdk-usersecret-${header}..${nonce}.${moved.join('.')}`)).toEqual({ failure: 'BadSeal' });
});

test('an error that is not about the token is not taken for a bad seal', async () => {
  const token = await sealedUnder(HEADER, 'no JSON');
  expect(() => open(keyring, token)).toThrow(SyntaxError);
});
