import { boundInit, BOOTSTRAP_RSA, daemon, Daemon, initToken, NOW, OTHER_KEY, requestToken } from './build-session';
import { newP256Pair, p256ToPem } from '../../../sidecar/src/crypto/p256';

/** What PicoD and its two-stage proposal get wrong about init and tokens, each the right way. */

describe('the init of AgentCube, pull request 352', () => {
  test('refuses the real token after five garbage ones with 429; here it is taken', async () => {
    const one = daemon();
    for (let at = 0; at < 5; at += 1) expect(await one.init({ token: `garbage-${at}` })).toMatchObject({ status: 401 });
    expect(await one.init({ token: initToken() })).toMatchObject({ status: 200 });
  });

  test('answers a repeated init with 401, so that a lost answer costs the sandbox; here it is the same answer', async () => {
    const one = daemon();
    const body = { token: initToken() };
    const { body: first } = await one.init(body);
    expect(await one.init(body)).toMatchObject({ status: 200, body: first });
  });

  test('uses up the jti of a token that it refuses; here the controller may try again', async () => {
    const one = daemon({ sessionId: 's-1' });
    expect(await one.init({ token: initToken({ sub: 's-2' }) })).toMatchObject({ status: 401 });
    expect(await one.init({ token: initToken({ session_public_key: 'none' }) })).toMatchObject({ status: 500 });
    expect(await one.init({ token: initToken() })).toMatchObject({ status: 200 });
  });

  test('lets a captured token initialize any warm pod; here it is for one boot of one pod', async () => {
    const [first, second] = [daemon({ podUid: 'pod-1' }), daemon({ podUid: 'pod-2' })];
    const captured = await boundInit(first, { pod_uid: 'pod-1' });
    expect(await second.init(captured)).toMatchObject({ status: 401, body: { reason: 'BOOT_ID_MISMATCH' } });
    expect(await second.init({ token: initToken({ pod_uid: 'pod-1' }) })).toMatchObject({ status: 401, body: { detail: 'pod_uid is that of another pod' } });
  });

  test('takes a token that is valid for ten years; here two minutes are the most', async () => {
    expect(await daemon().init({ token: initToken({ exp: NOW + 315_360_000 }, BOOTSTRAP_RSA.privateKey) })).toMatchObject({ status: 401 });
  });

  test('forgets a jti before its token is over; here a replay never pins anything', async () => {
    const one = daemon();
    const body = { token: initToken({ iat: NOW + 59, exp: NOW + 179 }) };
    await one.init(body);
    one.now = NOW + 238;
    expect(await one.init(body)).toMatchObject({ status: 200, body: { sessionId: 's-1' } });
    one.now = NOW + 239;
    expect(await one.init(body)).toMatchObject({ status: 401, body: { detail: 'the token has expired' } });
  });

  test('calls 409 a success of a controller that has made new keys; here 200 alone is one, and names the key', async () => {
    const one = daemon();
    await one.init({ token: initToken() });
    const answer = await one.init({ token: initToken({ jti: 'jti-2', session_public_key: p256ToPem(OTHER_KEY.publicKey) }) });
    expect(answer).toMatchObject({ status: 409 });
    expect(answer.body).not.toHaveProperty('status');
  });

  test('never compares the session of a request; here it must be the pinned one', async () => {
    const one = daemon();
    await one.init({ token: initToken() });
    expect(await one.execute(`Bearer ${requestToken({ session_id: 's-2' })}`)).toMatchObject({ status: 401 });
    expect(await one.execute(`Bearer ${requestToken()}`)).toMatchObject({ status: 200 });
  });
});

describe('a token of one sandbox is refused by every other', () => {
  const KEYS = Array.from({ length: 4 }, () => newP256Pair());
  const token = (at: number) => `Bearer ${requestToken({ session_id: `s-${at}` }, KEYS[at].privateKey)}`;
  const claim = (at: number) => ({ sub: `s-${at}`, session_public_key: p256ToPem(KEYS[at].publicKey) });

  /** Statuses by daemon, then by whose token it was. */
  const statuses = (one: Daemon) => Promise.all(KEYS.map(async (_key, at) => (await one.execute(token(at))).status));
  const matrix = (daemons: readonly Daemon[]) => Promise.all(daemons.map(statuses));
  const diagonal = (on: number, off: number) => KEYS.map((_one, row) => KEYS.map((_two, column) => row === column ? on : off));

  test('in all pairs of four, before and after restart and another claim', async () => {
    const daemons = KEYS.map(() => daemon());
    expect(await matrix(daemons)).toEqual(diagonal(503, 503));
    for (const [at, one] of daemons.entries()) await one.init(await boundInit(one, claim(at)));
    expect(await matrix(daemons)).toEqual(diagonal(200, 401));

    const restarted = KEYS.map(() => daemon());
    expect(await matrix(restarted)).toEqual(diagonal(503, 503));
    // Each sandbox goes to the session next to it.
    for (const [at, one] of restarted.entries()) await one.init(await boundInit(one, claim((at + 1) % KEYS.length)));
    const [first, ...rest] = diagonal(200, 401);
    expect(await matrix(restarted)).toEqual([...rest, first]);
  });

  test('and an init of one as well', async () => {
    const daemons = KEYS.map(() => daemon());
    const inits = await Promise.all(daemons.map((one, at) => boundInit(one, claim(at))));
    const answered = daemons.flatMap((one, row) => inits.filter((_body, at) => at !== row).map(async (body) => (await one.init(body)).status));
    expect(await Promise.all(answered)).toEqual(Array(12).fill(401));
  });
});
