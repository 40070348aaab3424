import fc from 'fast-check';
import { boundInit, BOOTSTRAP, daemon, Fields, initToken, NOW, OTHER_KEY, rawToken, requestToken, SESSION_KEY } from './build-session';
import * as signedToken from '../../../sidecar/src/crypto/signed-token';

async function initialized() {
  const one = daemon();
  await one.init(await boundInit(one));
  return one;
}

describe('before init', () => {
  test.each([['no header', undefined], ['a malformed header', 'bearer x'], ['a token of a session', `Bearer ${requestToken()}`], ['an init token', `Bearer ${initToken()}`]])(
    'a request with %s is put off', async (_name, header) => {
      const answer = await daemon().execute(header);
      expect(answer).toMatchObject({
        status: 503,
        body: { error: 'Daemon not initialized', code: 'DAEMON_NOT_INITIALIZED', reason: 'DAEMON_NOT_INITIALIZED', detail: 'the daemon has no session yet' },
      });
      expect(answer.headers['retry-after']).toBe('1');
    });
});

describe('after init', () => {
  test('a request with a token of the session is answered, however often', async () => {
    const one = await initialized();
    for (let times = 0; times < 3; times += 1) expect(await one.execute(`Bearer ${requestToken()}`)).toMatchObject({ status: 200 });
  });

  test.each<[string, string | undefined, string, string]>([
    ['no header', undefined, 'AUTHORIZATION_MISSING', 'Missing Authorization header'],
    ['another scheme', 'Basic eDp5', 'AUTHORIZATION_MALFORMED', 'Invalid Authorization header format'],
    ['the scheme in lower case', `bearer ${requestToken()}`, 'AUTHORIZATION_MALFORMED', 'Invalid Authorization header format'],
    ['two spaces', `Bearer  ${requestToken()}`, 'AUTHORIZATION_MALFORMED', 'Invalid Authorization header format'],
    ['something behind the token', `Bearer ${requestToken()} x`, 'AUTHORIZATION_MALFORMED', 'Invalid Authorization header format'],
    ['no token', 'Bearer', 'AUTHORIZATION_MALFORMED', 'Invalid Authorization header format'],
    ['garbage', 'Bearer x.y.z', 'TOKEN_REFUSED', 'Invalid token'],
  ])('a request with %s is refused', async (_name, header, reason, error) => {
    const answer = await (await initialized()).execute(header);
    expect(answer).toMatchObject({ status: 401, body: { error, code: 401, reason } });
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  test.each<[string, Fields, string]>([
    ['expired', { iat: NOW - 361, exp: NOW - 61 }, 'the token has expired'],
    ['from the future', { iat: NOW + 61 }, 'the token is from the future'],
    ['not valid yet', { nbf: NOW + 61 }, 'the token is not valid yet'],
    ['without exp', { exp: undefined }, 'exp must be a time in seconds'],
    ['that lives too long', { exp: NOW + 601 }, 'the token lives for 601 s; allowed: at most 600'],
    ['without iat that lives too long', { iat: undefined, exp: NOW + 601 }, 'the token lives for 601 s; allowed: at most 600'],
    ['of another issuer', { iss: 'agentcube-workload-manager' }, 'iss must be agentcube-router'],
    ['of another session', { session_id: 's-2' }, 'session_id is another session'],
    ['of no session', { session_id: undefined }, 'session_id is another session'],
  ])('a token %s is refused', async (_name, changed, detail) => {
    const answer = await (await initialized()).execute(`Bearer ${requestToken(changed)}`);
    expect(answer).toMatchObject({ status: 401, body: { error: 'Invalid token', code: 401, reason: 'TOKEN_REFUSED', detail } });
  });

  test.each([
    ['by the key of another session', requestToken({}, OTHER_KEY.privateKey)],
    ['by the bootstrap key', requestToken({}, BOOTSTRAP.privateKey)],
    ['by nobody', rawToken({ alg: 'none' }, { iss: 'agentcube-router', session_id: 's-1', exp: NOW + 60 }, () => '')],
    ['for init', initToken({}, SESSION_KEY.privateKey).slice(0, -2)],
  ])('a token signed %s is refused', async (_name, token) => {
    const detail = 'the token is not signed by the key of this session';
    expect(await (await initialized()).execute(`Bearer ${token}`)).toMatchObject({ status: 401, body: { reason: 'TOKEN_REFUSED', detail } });
  });

  test('clocks may differ by less than a minute', async () => {
    const one = await initialized();
    for (const changed of [{ iat: NOW + 59 }, { iat: NOW - 300, exp: NOW - 59 }]) {
      expect(await one.execute(`Bearer ${requestToken(changed)}`)).toMatchObject({ status: 200 });
    }
  });
});

describe('a token that was verified', () => {
  test('is not verified again, and ends at its time all the same', async () => {
    const one = await initialized();
    const verify = jest.spyOn(signedToken, 'verifyToken');
    const header = `Bearer ${requestToken({ exp: NOW + 100 })}`;
    await one.execute(header);
    one.now = NOW + 159;
    expect(await one.execute(header)).toMatchObject({ status: 200 });
    expect(verify).toHaveBeenCalledTimes(1);
    one.now = NOW + 160;
    expect(await one.execute(header)).toMatchObject({ status: 401, body: { detail: 'the token has expired' } });
    verify.mockRestore();
  });

  test('is forgotten when more than a thousand others came, and is good all the same', async () => {
    const one = await initialized();
    const header = `Bearer ${requestToken()}`;
    await one.execute(header);
    for (let at = 0; at < 1024; at += 1) await one.execute(`Bearer ${requestToken({ at })}`);
    const verify = jest.spyOn(signedToken, 'verifyToken');
    expect(await one.execute(header)).toMatchObject({ status: 200 });
    expect(verify).toHaveBeenCalledTimes(1);
    verify.mockRestore();
  }, 30_000);
});

test('no token but its own passes, whatever is changed in it', async () => {
  const one = await initialized();
  const token = requestToken();
  await one.execute(`Bearer ${token}`);
  await fc.assert(fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...'AZaz09_-.='), async (at, letter) => {
    fc.pre(token[at] !== letter);
    expect(await one.execute(`Bearer ${token.slice(0, at)}${letter}${token.slice(at + 1)}`)).toMatchObject({ status: 401 });
  }), { numRuns: 100 });
});
