import { calculateJwkThumbprint } from 'jose';
import { boundInit, BOOTSTRAP_RSA, daemon, initToken, OTHER_KEY, requestToken, SESSION_KEY } from './build-session';
import { newP256Pair, p256ToJwk, p256ToPem, thumbprintOf } from '../../../sidecar/src/crypto/p256';
import { verifyingKey } from '../../../sidecar/src/crypto/signed-token';

const THUMBPRINT = thumbprintOf(SESSION_KEY.publicKey);

describe('the challenge', () => {
  test('names the boot, a key on P-256, and no session before init', async () => {
    const { bootId, publicKey, ...rest } = await daemon().challenge();
    expect(bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(publicKey).toEqual({ kty: 'EC', crv: 'P-256', x: expect.stringMatching(/^[\w-]{43}$/), y: expect.stringMatching(/^[\w-]{43}$/) });
    expect(rest).toEqual({ initialized: false });
  });

  test('names session and key afterwards', async () => {
    const one = daemon();
    await one.init(await boundInit(one));
    expect(await one.challenge()).toMatchObject({ bootId: one.identity.bootId, initialized: true, sessionId: 's-1', keyThumbprint: THUMBPRINT });
  });

  test('is another one after a restart', async () => {
    const [before, after] = [await daemon().challenge(), await daemon().challenge()];
    expect(after.bootId).not.toBe(before.bootId);
    expect(after.publicKey).not.toEqual(before.publicKey);
  });

  test('holds no private key', async () => {
    const one = daemon();
    await one.challenge();
    expect(one.output()).not.toContain('"d"');
  });
});

describe('init', () => {
  test('pins session and key, and names the key as jose does', async () => {
    const one = daemon();
    const { status, body } = await one.init(await boundInit(one));
    expect(status).toBe(200);
    expect(body).toEqual({ status: 'initialized successfully', bootId: one.identity.bootId, sessionId: 's-1', keyThumbprint: THUMBPRINT });
    expect(THUMBPRINT).toBe(await calculateJwkThumbprint(p256ToJwk(SESSION_KEY.publicKey), 'sha256'));
  });

  test('takes the token of a controller that knows nothing of boots, signed by RSA', async () => {
    expect(await daemon({ podUid: 'pod-1' }).init({ token: initToken({}, BOOTSTRAP_RSA.privateKey) })).toMatchObject({ status: 200 });
  });

  test('takes a token that names the pod it runs in', async () => {
    const one = daemon({ podUid: 'pod-1', sessionId: 's-1', requireBootId: true });
    expect(await one.init(await boundInit(one, { pod_uid: 'pod-1' }))).toMatchObject({ status: 200 });
  });

  test('takes tokens of the old and the new key while keys rotate', async () => {
    const next = newP256Pair();
    const keys = [verifyingKey(BOOTSTRAP_RSA.publicKey, 'a'), verifyingKey(next.publicKey, 'b')];
    for (const [key, kid] of [[BOOTSTRAP_RSA.privateKey, 'a'], [next.privateKey, 'b'], [next.privateKey, undefined]] as const) {
      expect(await daemon({ bootstrapKeys: () => keys }).init({ token: initToken({}, key, kid) })).toMatchObject({ status: 200 });
    }
  });

  test('answers a controller whose first answer was lost the same again', async () => {
    const one = daemon();
    const body = await boundInit(one);
    const first = await one.init(body);
    expect(await one.init(body)).toMatchObject({ status: 200, body: first.body });
    expect(await one.init(await boundInit(one, { jti: 'jti-2' }))).toMatchObject({ status: 200, body: first.body });
  });

  test.each([
    ['another session', { sub: 's-2' }],
    ['the same session with another key', { session_public_key: p256ToPem(OTHER_KEY.publicKey) }],
  ])('is refused once, for %s', async (_name, changed) => {
    const one = daemon();
    await one.init(await boundInit(one));
    const answer = await one.init(await boundInit(one, { jti: 'jti-2', ...changed }));
    expect(answer).toMatchObject({ status: 409, body: { error: 'session already initialized', code: 409, reason: 'ALREADY_INITIALIZED' } });
    expect(answer.body.detail).toBe(`the session s-1 is pinned, with the key ${THUMBPRINT}`);
    expect(await one.execute(`Bearer ${requestToken()}`)).toMatchObject({ status: 200 });
  });

  test('of several controllers at once lets exactly one pin', async () => {
    const one = daemon();
    const bodies = await Promise.all(['s-1', 's-2', 's-3', 's-4'].map((sub) => boundInit(one, { sub, jti: sub }, { WHO: sub })));
    const answers = await Promise.all(bodies.map((body) => one.init(body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    const { body: { sessionId } } = answers.find(({ status }) => status === 200)!;
    expect(one.identity.session).toMatchObject({ id: sessionId, environment: { WHO: sessionId } });
  });

  test('says in the log who was pinned by which token, and nothing secret', async () => {
    const one = daemon();
    const { token, env } = await boundInit(one, {}, { SECRET: 'planted-3e1f' });
    await one.init({ token, env });
    expect(one.output()).toContain('"session":"s-1","jti":"jti-1"');
    for (const secret of [token, env!, 'planted-3e1f']) expect(one.output()).not.toContain(secret);
  });
});

describe('without a bootstrap key', () => {
  test('every init is put off, and works once a key is there', async () => {
    const keys = [verifyingKey(BOOTSTRAP_RSA.publicKey)];
    let known: typeof keys = [];
    const one = daemon({ bootstrapKeys: () => known });
    const body = { token: initToken({}, BOOTSTRAP_RSA.privateKey) };
    const answer = await one.init(body);
    expect(answer).toMatchObject({ status: 503, body: { reason: 'UNAVAILABLE', detail: 'no bootstrap key is known yet' } });
    expect(answer.headers['retry-after']).toBe('1');
    known = keys;
    expect(await one.init(body)).toMatchObject({ status: 200 });
  });
});
