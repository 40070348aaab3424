import { sign } from 'node:crypto';
import { boundInit, BOOTSTRAP, daemon, Fields, initClaims, NOW, OTHER_KEY, pemOf, rawToken, requestToken, SESSION_KEY } from './build-session';

const es256 = (key: typeof BOOTSTRAP.privateKey) => (signed: string) => sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');

const jwk = OTHER_KEY.publicKey.export({ format: 'jwk' });

/** Members of a protected header that name a key, compress, or must be understood: https://www.rfc-editor.org/rfc/rfc7515#section-4.1 */
const MEMBERS: readonly (readonly [string, Fields])[] = [
  ['zip', { zip: 'DEF' }], ['jku', { jku: 'https://keys.example/jwks.json' }], ['jwk', { jwk }], ['x5c', { x5c: ['MIIB'] }], ['x5u', { x5u: 'https://keys.example/a.pem' }],
  ['x5t', { x5t: 'dGh1bWI' }], ['x5t#S256', { 'x5t#S256': 'dGh1bWI' }], ['crit', { crit: ['exp'] }], ['an empty crit', { crit: [] }], ['b64', { b64: true }],
  ['cty', { cty: 'JWT' }], ['a member that nobody knows', { x: null }],
];

describe.each(MEMBERS)('a token that is well signed, with %s in its header,', (_name, member) => {
  test('starts no session', async () => {
    const one = daemon();
    const token = rawToken({ alg: 'ES256', typ: 'JWT', ...member }, initClaims(), es256(BOOTSTRAP.privateKey));
    expect(await one.init({ token })).toMatchObject({ status: 401, body: { reason: 'INIT_SIGNATURE_INVALID' } });
    expect(one.identity.session).toBeUndefined();
  });

  test('reaches nothing of one', async () => {
    const one = daemon();
    await one.init(await boundInit(one));
    const claims = { iss: 'agentcube-router', session_id: 's-1', iat: NOW, exp: NOW + 300 };
    const token = rawToken({ alg: 'ES256', ...member }, claims, es256(SESSION_KEY.privateKey));
    expect(await one.execute(`Bearer ${token}`)).toMatchObject({ status: 401, body: { reason: 'TOKEN_REFUSED' } });
  });
});

test('the same tokens are taken without it', async () => {
  const one = daemon();
  expect(await one.init({ token: rawToken({ alg: 'ES256', typ: 'JWT', kid: 'boot-1' }, initClaims(), es256(BOOTSTRAP.privateKey)) })).toMatchObject({ status: 200 });
  expect(await one.execute(`Bearer ${requestToken()}`)).toMatchObject({ status: 200 });
});

test('a key that the token brings along is never tried', async () => {
  const one = daemon();
  const token = rawToken({ alg: 'ES256', jwk }, initClaims({ session_public_key: pemOf(OTHER_KEY.publicKey) }), es256(OTHER_KEY.privateKey));
  expect(await one.init({ token })).toMatchObject({ status: 401, body: { reason: 'INIT_SIGNATURE_INVALID' } });
});
