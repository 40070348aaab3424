import { createHmac, sign } from 'node:crypto';
import { boundInit, BOOTSTRAP, BOOTSTRAP_RSA, daemon, Fields, foreignKeys, initClaims, initToken, NOW, OTHER_KEY, pemOf, rawToken, requestToken, SESSION_KEY } from './build-session';
import { newP256Pair } from '../../../sidecar/src/crypto/p256';

const { p384, k256, ed25519, rsa1024 } = foreignKeys();

/** Started for one session, in a known pod, and strict about boots. */
const strict = () => daemon({ sessionId: 's-1', podUid: 'pod-1', requireBootId: true });

const VERIFICATION = 'bootstrap token verification failed';

describe('claims that do not fit are refused', () => {
  test.each<[string, Fields, string, string]>([
    ['expired', { iat: NOW - 181, exp: NOW - 61 }, 'INIT_TOKEN_REFUSED', 'the token has expired'],
    ['from the future', { iat: NOW + 61, exp: NOW + 120 }, 'INIT_TOKEN_REFUSED', 'the token is from the future'],
    ['not valid yet', { nbf: NOW + 61 }, 'INIT_TOKEN_REFUSED', 'the token is not valid yet'],
    ['without exp', { exp: undefined }, 'INIT_TOKEN_REFUSED', 'exp must be a time in seconds'],
    ['without iat', { iat: undefined }, 'INIT_TOKEN_REFUSED', 'iat must be a time in seconds'],
    ['with a text as exp', { exp: String(NOW + 60) }, 'INIT_TOKEN_REFUSED', 'exp must be a time in seconds'],
    ['that lives too long', { exp: NOW + 121 }, 'INIT_TOKEN_REFUSED', 'the token lives for 121 s; allowed: at most 120'],
    ['that lives for ten years', { exp: NOW + 315_360_000 }, 'INIT_TOKEN_REFUSED', 'the token lives for 315360000 s; allowed: at most 120'],
    ['that ends before it begins', { iat: NOW + 30, exp: NOW + 30 }, 'INIT_TOKEN_REFUSED', 'the token ends before it begins'],
    ['of the wrong issuer', { iss: 'agentcube-router' }, 'INIT_TOKEN_REFUSED', 'iss must be agentcube-workload-manager'],
    ['without issuer', { iss: undefined }, 'INIT_TOKEN_REFUSED', 'iss must be agentcube-workload-manager'],
    ['without jti', { jti: undefined }, 'INIT_TOKEN_REFUSED', 'jti must be a text of 1 to 128 characters'],
    ['with an empty jti', { jti: '' }, 'INIT_TOKEN_REFUSED', 'jti must be a text of 1 to 128 characters'],
    ['without session', { sub: undefined }, 'INIT_TOKEN_REFUSED', 'sub must be a session id: letters, digits, dot, _ and -'],
    ['of a session that is a path', { sub: '../s-1' }, 'INIT_TOKEN_REFUSED', 'sub must be a session id: letters, digits, dot, _ and -'],
    ['of another session', { sub: 's-2' }, 'INIT_TOKEN_REFUSED', 'sub is another session than the daemon was started for'],
    ['of another boot', { boot_id: 'b' }, 'BOOT_ID_MISMATCH', 'boot_id is that of another boot; GET /init tells the present one'],
    ['of no boot', { boot_id: undefined }, 'BOOT_ID_MISMATCH', 'boot_id is missing; GET /init tells it'],
    ['of another pod', { pod_uid: 'pod-2' }, 'INIT_TOKEN_REFUSED', 'pod_uid is that of another pod'],
    ['for another boot key', { boot_key_thumbprint: 't' }, 'INIT_TOKEN_REFUSED', 'boot_key_thumbprint is that of another key'],
    ['with a number as env_sha256', { env_sha256: 1 }, 'INIT_TOKEN_REFUSED', 'env_sha256 must be a text'],
  ])('a token %s', async (_name, changed, reason, detail) => {
    const one = strict();
    expect(await one.init(await boundInit(one, changed))).toMatchObject({ status: 401, body: { error: VERIFICATION, code: 401, reason, detail } });
    expect(one.identity.session).toBeUndefined();
    // What was refused uses nothing up: the same jti is good in a token that fits.
    expect(await one.init(await boundInit(one))).toMatchObject({ status: 200 });
  });

  test('a token that names a pod, where the daemon does not know its own', async () => {
    const detail = 'pod_uid cannot be compared: POD_UID is not set';
    expect(await daemon().init({ token: initToken({ pod_uid: 'pod-1' }) })).toMatchObject({ status: 401, body: { reason: 'INIT_TOKEN_REFUSED', detail } });
  });

  test.each([
    ['another curve', pemOf(p384.publicKey)], ['a curve of the same size', pemOf(k256.publicKey)], ['another kind', pemOf(ed25519.publicKey)],
    ['RSA', pemOf(rsa1024.publicKey)], ['no PEM', 'key'], ['a private key', SESSION_KEY.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['two keys', pemOf(SESSION_KEY.publicKey) + pemOf(OTHER_KEY.publicKey)], ['a list', [pemOf(SESSION_KEY.publicKey)]], ['nothing', undefined],
  ])('a session key that is %s', async (_name, key) => {
    const one = daemon();
    const answer = await one.init({ token: initToken({ session_public_key: key }) });
    expect(answer).toMatchObject({ status: 500, body: { error: 'failed to initialize session key', code: 500, reason: 'SESSION_KEY_REFUSED' } });
    expect(answer.body.detail).toMatch(/^session_public_key must be /);
    expect(one.identity.session).toBeUndefined();
  });
});

describe('clocks may differ by less than a minute', () => {
  test.each([
    ['59 s behind what made it', { iat: NOW + 59, exp: NOW + 179 }, 200],
    ['61 s behind what made it', { iat: NOW + 61, exp: NOW + 181 }, 401],
    ['59 s after its end', { iat: NOW - 179, exp: NOW - 59 }, 200],
    ['61 s after its end', { iat: NOW - 181, exp: NOW - 61 }, 401],
  ])('a token is read %s', async (_name, changed, status) => {
    expect(await daemon().init({ token: initToken(changed) })).toMatchObject({ status });
  });
});

describe('signatures that are not of a bootstrap key are refused', () => {
  const es256 = (key: typeof BOOTSTRAP.privateKey) => (signed: string) => sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  const hmac = (secret: string) => (signed: string) => createHmac('sha256', secret).update(signed).digest('base64url');
  const rsa = (hash: string, more: object = {}) => (signed: string) => sign(hash, Buffer.from(signed), { key: BOOTSTRAP_RSA.privateKey, ...more }).toString('base64url');

  test.each<[string, string]>([
    ['none', rawToken({ alg: 'none' }, initClaims(), () => '')],
    ['none, with a signature', rawToken({ alg: 'none' }, initClaims(), es256(BOOTSTRAP.privateKey))],
    ['HS256 with the public key as secret', rawToken({ alg: 'HS256' }, initClaims(), hmac(pemOf(BOOTSTRAP.publicKey)))],
    ['HS256 with the RSA public key as secret', rawToken({ alg: 'HS256' }, initClaims(), hmac(pemOf(BOOTSTRAP_RSA.publicKey)))],
    ['RS512', rawToken({ alg: 'RS512' }, initClaims(), rsa('sha512'))],
    ['PS256', rawToken({ alg: 'PS256' }, initClaims(), rsa('sha256', { padding: 6, saltLength: 32 }))],
    ['ES256 by a key of somebody else', initToken({}, newP256Pair().privateKey)],
    ['ES256 in the name of an RSA key', rawToken({ alg: 'RS256' }, initClaims(), es256(BOOTSTRAP.privateKey))],
    ['on another curve', rawToken({ alg: 'ES384' }, initClaims(), (signed) => sign('sha384', Buffer.from(signed), { key: p384.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url'))],
    ['by RSA of 1024 bits', rawToken({ alg: 'RS256' }, initClaims(), (signed) => sign('sha256', Buffer.from(signed), rsa1024.privateKey).toString('base64url'))],
    ['by another key than the kid says', initToken({}, BOOTSTRAP.privateKey, 'boot-2')],
    ['by the key of the session itself', requestToken()],
    ['none at all', 'garbage'],
  ])('%s', async (_name, token) => {
    const one = daemon();
    const body = { error: VERIFICATION, code: 401, reason: 'INIT_SIGNATURE_INVALID', detail: 'the token is not signed by a bootstrap key' };
    expect(await one.init({ token })).toMatchObject({ status: 401, body });
    expect(one.identity.session).toBeUndefined();
  });

  test('a bad signature comes before anything that the token says', async () => {
    const key = newP256Pair().privateKey;
    expect(await strict().init({ token: initToken({ exp: NOW - 500, iss: 'x', sub: 's-2' }, key) })).toMatchObject({ status: 401, body: { reason: 'INIT_SIGNATURE_INVALID' } });
  });
});

describe('requests that are none are refused', () => {
  test.each<[string, unknown, number, string]>([
    ['no JSON', '{"token"', 400, 'the body is not JSON'],
    ['a token twice', '{"token":"a","token":"b"}', 400, 'the body has a key twice'],
    ['no object', '[]', 400, 'body must be object'],
    ['no token', {}, 400, "body must have required property 'token'"],
    ['a number as token', { token: 1 }, 400, 'body/token must be string'],
    ['an empty token', { token: '' }, 400, 'body/token must NOT have fewer than 1 characters'],
    ['a long token', { token: 'x'.repeat(8193) }, 400, 'body/token must NOT have more than 8192 characters'],
    ['an object as env', { token: 'x', env: {} }, 400, 'body/env must be string'],
    ['another field', { token: 'x', environment: 'y' }, 400, 'body must NOT have additional properties: "environment"'],
    ['a long body', { token: 'x'.repeat(200_000) }, 413, 'the body is too long'],
  ])('%s', async (_name, body, status, detail) => {
    expect(await daemon().init(body)).toMatchObject({ status, body: { error: 'invalid request format', code: status, reason: 'INIT_MALFORMED', detail } });
  });
});

describe('a restarted daemon', () => {
  test('refuses the init of the boot before, within its time', async () => {
    const before = daemon();
    const body = await boundInit(before);
    expect(await before.init(body)).toMatchObject({ status: 200 });
    const after = daemon();
    expect(await after.init(body)).toMatchObject({ status: 401, body: { reason: 'BOOT_ID_MISMATCH' } });
    expect(await after.execute(`Bearer ${requestToken()}`)).toMatchObject({ status: 503 });
  });

  test('serves the same session with the same key again after a new init', async () => {
    const after = daemon();
    await after.init(await boundInit(after));
    expect(await after.execute(`Bearer ${requestToken()}`)).toMatchObject({ status: 200 });
  });
});
