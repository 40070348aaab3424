import { answering, asking, controller, failureOf, HURRIED, session } from './handshake-world';
import { shakeHands } from '../../../sidecar/src/controller/handshake';
import { thumbprintOf } from '../../../sidecar/src/crypto/p256';
import { daemon, NOW, OTHER_KEY, requestToken, SESSION_KEY } from '../session/build-session';

const THUMBPRINT = thumbprintOf(SESSION_KEY.publicKey);

describe('a handshake', () => {
  test('makes a daemon serve the session, with its environment, bound to its pod', async () => {
    const one = daemon({ podUid: 'pod-1', requireBootId: true });
    const shown = await shakeHands(controller(asking(() => one)), session({ podUid: 'pod-1', environment: { A: '1' } }));
    expect(shown).toEqual({ bootId: one.identity.bootId, keyThumbprint: THUMBPRINT });
    expect(await one.execute(`Bearer ${requestToken()}`)).toMatchObject({ status: 200, body: { environment: { A: '1' } } });
  });

  test('is over after the challenge when the daemon has the session already', async () => {
    const one = daemon();
    await shakeHands(controller(asking(() => one)), session());
    const ask = answering(asking(() => one));
    expect(await shakeHands(controller(ask), session())).toEqual({ bootId: one.identity.bootId, keyThumbprint: THUMBPRINT });
    expect(ask.asked.map(({ method }) => method)).toEqual(['GET']);
  });

  test('outlives a lost answer: the second look finds the session', async () => {
    const one = daemon();
    const direct = asking(() => one);
    const lost = async (request: Parameters<typeof direct>[0]) => {
      await direct(request);
      throw new Error('socket hang up');
    };
    expect(await shakeHands(controller(answering(direct, lost, direct)), session())).toMatchObject({ keyThumbprint: THUMBPRINT });
  });

  test('outlives a restart between challenge and init', async () => {
    let one = daemon();
    const ask = asking(() => one);
    const restarting = async (request: Parameters<typeof ask>[0]) => {
      one = daemon();
      return ask(request);
    };
    const shown = await shakeHands(controller(answering(ask, restarting, ask)), session());
    expect(shown).toEqual({ bootId: one.identity.bootId, keyThumbprint: THUMBPRINT });
  });

  test.each([408, 429, 502, 503, 504])('is tried again after %d', async (status) => {
    const one = daemon();
    const ask = asking(() => one);
    const passing = { status, body: {} };
    expect(await shakeHands(controller(answering(passing, ask, passing, ask)), session())).toMatchObject({ keyThumbprint: THUMBPRINT });
  });

  test('gives each attempt a token of its own', async () => {
    const one = daemon();
    const ask = answering(asking(() => one), new Error('lost before it arrived'), asking(() => one));
    await shakeHands(controller(ask), session());
    const tokens = ask.asked.filter(({ method }) => method === 'POST').map(({ body }) => (body as { token: string }).token);
    expect(new Set(tokens).size).toBe(2);
  });
});

describe('a handshake fails', () => {
  test('when the daemon serves another session, or this one with another key', async () => {
    const one = daemon();
    await shakeHands(controller(asking(() => one)), session());
    for (const other of [session({ id: 's-2' }), session({ publicKey: OTHER_KEY.publicKey })]) {
      expect(await failureOf(shakeHands(controller(asking(() => one)), other))).toEqual({ code: 'Taken', message: 'the daemon serves another session or key' });
    }
  });

  test('when another controller was faster', async () => {
    const one = daemon();
    const ask = asking(() => one);
    const late = async (request: Parameters<typeof ask>[0]) => {
      await shakeHands(controller(ask), session({ id: 's-2' }));
      return ask(request);
    };
    expect(await failureOf(shakeHands(controller(answering(ask, late)), session()))).toEqual({ code: 'Taken', message: 'another session or key was pinned first' });
  });

  test('when the daemon does not know the bootstrap key', async () => {
    const one = daemon();
    const refused = controller(asking(() => one), { key: { privateKey: OTHER_KEY.privateKey } });
    expect(await failureOf(shakeHands(refused, session()))).toEqual({ code: 'Refused', message: 'POST /init answered 401: "the token is not signed by a bootstrap key"' });
  });

  test.each([[-61 - 120, 'the token has expired'], [61, 'the token is from the future']])('when the clock of the controller is off by %d s', async (off, reason) => {
    const one = daemon();
    const refused = controller(asking(() => one), { clock: () => (NOW + off) * 1000 });
    expect(await failureOf(shakeHands(refused, session()))).toEqual({ code: 'Refused', message: `POST /init answered 401: ${JSON.stringify(reason)}` });
  });

  test('when the pod is another one', async () => {
    const one = daemon({ podUid: 'pod-2' });
    expect(await failureOf(shakeHands(controller(asking(() => one)), session({ podUid: 'pod-1' })))).toMatchObject({ code: 'Refused' });
  });

  test.each<[string, unknown]>([
    ['another key', { bootId: 'b', sessionId: 's-1', keyThumbprint: 'x' }], ['another session', { bootId: 'b', sessionId: 's-2', keyThumbprint: THUMBPRINT }],
    ['another boot', { bootId: 'c', sessionId: 's-1', keyThumbprint: THUMBPRINT }], ['no key, as daemons of the proposal', { status: 'initialized successfully' }],
    ['nothing', undefined],
  ])('when the answer to init names %s', async (_name, body) => {
    const challenge = { ...await daemon().challenge(), bootId: 'b' };
    const ask = answering({ status: 200, body: challenge }, { status: 200, body });
    expect(await failureOf(shakeHands(controller(ask), session()))).toEqual({ code: 'NoDaemon', message: 'the daemon does not name the boot, session and key of its init' });
  });

  test.each<[string, number, unknown]>([
    ['404, as daemons of the proposal', 404, {}], ['no JSON', 200, undefined], ['no boot', 200, { publicKey: {}, initialized: false }], ['a list', 200, []],
    ['no state', 200, { bootId: 'b', publicKey: {} }], ['no key', 200, { bootId: 'b', publicKey: 'x', initialized: false }],
  ])('when the challenge is %s', async (_name, status, body) => {
    expect(await failureOf(shakeHands(controller(answering({ status, body })), session()))).toEqual({ code: 'NoDaemon', message: `GET /init answered ${status} without a challenge` });
  });

  test('when the key of the challenge is on another curve', async () => {
    const body = { bootId: 'b', publicKey: { kty: 'EC', crv: 'P-384', x: 'x', y: 'y' }, initialized: false };
    expect(await failureOf(shakeHands(controller(answering({ status: 200, body })), session()))).toEqual({ code: 'NoDaemon', message: 'the daemon shows no key on P-256' });
  });

  test('when there is no connection, and says so', async () => {
    const message = 'the daemon did not become the session in 200 ms: the connection failed';
    expect(await failureOf(shakeHands(controller(answering(new Error('ECONNREFUSED')), { times: HURRIED }), session()))).toEqual({ code: 'Unreachable', message });
  });

  test('when no answer ever comes, and every request was ended', async () => {
    const ask = answering(({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))));
    expect(await failureOf(shakeHands(controller(ask, { times: HURRIED }), session()))).toMatchObject({ code: 'Unreachable', message: expect.stringMatching(/: no answer in time$/) });
    expect(ask.asked.length).toBeGreaterThan(0);
    expect(ask.asked.every(({ signal }) => signal.aborted)).toBe(true);
  });

  test('with a bounded part of what the pod answered, which may be anything', async () => {
    const challenge = { status: 200, body: await daemon().challenge() };
    const { message } = await failureOf(shakeHands(controller(answering(challenge, { status: 400, body: { detail: '\n'.repeat(9000) } })), session()));
    expect(message).toBe(`POST /init answered 400: "${'\\n'.repeat(200)}"`);
  });
});
