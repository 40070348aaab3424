import fc from 'fast-check';
import { CompactEncrypt } from 'jose';
import { boundInit, daemon, initToken, OTHER_KEY, requestToken } from './build-session';
import { p256FromJwk } from '../../../sidecar/src/crypto/p256';
import { hashOfSealed, sealToKey } from '../../../sidecar/src/crypto/sealed-to-key';
import { checkedEnvironment } from '../../../sidecar/src/session/environment';
import { WAY_OUT_ENV } from '../../../src/protocol/reserved-env';

/** What is wrong with an environment; fails when nothing is. */
function refusalOf(text: string): string {
  try {
    checkedEnvironment(text);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the environment was taken');
}

describe('the environment of a session', () => {
  test('is that of its commands', async () => {
    const one = daemon();
    expect(await one.init(await boundInit(one, {}, { API_URL: 'https://x', EMPTY: '' }))).toMatchObject({ status: 200 });
    expect((await one.execute(`Bearer ${requestToken()}`)).body).toEqual({ environment: { API_URL: 'https://x', EMPTY: '' } });
  });

  test('is empty without one', async () => {
    const one = daemon();
    await one.init(await boundInit(one));
    expect((await one.execute(`Bearer ${requestToken()}`)).body).toEqual({ environment: {} });
  });

  test('stays that of the first init when the init is repeated', async () => {
    const one = daemon();
    await one.init(await boundInit(one, {}, { A: '1' }));
    expect(await one.init(await boundInit(one, {}, { A: '2' }))).toMatchObject({ status: 200 });
    expect(one.identity.session!.environment).toEqual({ A: '1' });
  });

  test('is refused for a session that is not pinned, without a trace of it', async () => {
    const one = daemon();
    await one.init(await boundInit(one, {}, { A: '1' }));
    expect(await one.init(await boundInit(one, { sub: 's-2' }, { A: '2' }))).toMatchObject({ status: 409 });
    expect(one.identity.session!.environment).toEqual({ A: '1' });
  });
});

describe('an environment that the token does not cover is refused', () => {
  async function refusal(body: (one: ReturnType<typeof daemon>) => Promise<object>) {
    const one = daemon();
    const { status, body: answer } = await one.init(await body(one));
    expect(one.identity.session).toBeUndefined();
    expect({ status, error: answer.error, reason: answer.reason }).toEqual({ status: 400, error: 'invalid session environment', reason: 'INIT_ENV_REFUSED' });
    return answer.detail;
  }

  test('without the claims', async () => {
    const expected = 'env needs a token with the claims env_sha256 and boot_key_thumbprint';
    expect(await refusal((one) => boundInit(one, { env_sha256: undefined }, { A: '1' }))).toBe(expected);
    expect(await refusal((one) => boundInit(one, { boot_key_thumbprint: undefined }, { A: '1' }))).toBe(expected);
  });

  test('when it was exchanged on the way', async () => {
    const detail = await refusal(async (one) => ({ ...await boundInit(one, {}, { A: '1' }), env: (await boundInit(one, {}, { A: '2' })).env }));
    expect(detail).toBe('env is not the one that the token covers');
  });

  test('when it was left out on the way', async () => {
    expect(await refusal(async (one) => ({ token: (await boundInit(one, {}, { A: '1' })).token }))).toBe('the token covers an environment, and there is none');
  });

  const NO_JWE = 'env is not a JWE to the key of this boot, with ECDH-ES+A256KW and A256GCM';

  test('when it is for another key', async () => {
    const env = await sealToKey('{"A":"1"}', OTHER_KEY.publicKey);
    expect(await refusal(async (one) => ({ env, token: (await boundInit(one, { env_sha256: hashOfSealed(env) })).token }))).toBe(NO_JWE);
  });

  test.each([['ECDH-ES', 'A256GCM'], ['ECDH-ES+A128KW', 'A256GCM'], ['ECDH-ES+A256KW', 'A128CBC-HS256']])('when it is sealed by %s and %s', async (alg, enc) => {
    expect(await refusal(async (one) => {
      const key = p256FromJwk((await one.challenge()).publicKey)!;
      const env = await new CompactEncrypt(Buffer.from('{}')).setProtectedHeader({ alg, enc }).encrypt(key);
      return { env, token: (await boundInit(one, { env_sha256: hashOfSealed(env) })).token };
    })).toBe(NO_JWE);
  });

  test('when it is in the clear', async () => {
    const env = '{"A":"planted-91bc"}';
    expect(await refusal(async (one) => ({ env, token: (await boundInit(one, { env_sha256: hashOfSealed(env) })).token }))).toBe(NO_JWE);
  });

  test('when it comes with a token of the proposal, which knows of none', async () => {
    expect(await refusal(async (one) => ({ env: (await boundInit(one, {}, { A: '1' })).env, token: initToken() }))).toMatch(/^env needs a token/);
  });
});

describe('variables are refused', () => {
  test.each([
    ['LD_PRELOAD', '"x"', 'is set by the platform'],
    ['PADDOCK_X', '"x"', 'is set by the platform'], ['PICOD_BOOTSTRAP_PUBLIC_KEY', '"x"', 'is set by the platform'], ['POD_UID', '"x"', 'is set by the platform'],
    ['1A', '"x"', 'has a name that is none; allowed: letters, digits and _, no digit first'],
    ['A=B', '"x"', 'has a name that is none; allowed: letters, digits and _, no digit first'],
    ['', '"x"', 'has a name that is none; allowed: letters, digits and _, no digit first'],
    ['A', '1', 'is not a text'], ['A', 'null', 'is not a text'], ['A', '"planted\\u0000"', 'has a zero byte'],
  ])('%s with the value %s', (name, value, problem) => {
    expect(refusalOf(`{${JSON.stringify(name)}:${value}}`)).toBe(`the variable ${JSON.stringify(name)} ${problem}`);
  });

  test.each(['[]', '"x"', 'null', '{"A":"1","A":"2"}', '{"__proto__":"x"}', '{'])('in %s', (text) => {
    expect(refusalOf(text)).toBe('env is not a JSON object, or has a name twice');
  });

  test('when there are too many, or too much of them', () => {
    const many = Object.fromEntries(Array.from({ length: 257 }, (_, at) => [`A${at}`, '']));
    expect(refusalOf(JSON.stringify(many))).toBe('env has 257 variables; allowed: at most 256');
    expect(refusalOf(JSON.stringify({ A: 'é'.repeat(32_768) }))).toBe('env has 65537 bytes; allowed: at most 65536');
    expect(checkedEnvironment(JSON.stringify({ A: `${'é'.repeat(32_767)}x` })).A).toHaveLength(32_768);
  });
});

test('any text under any other name comes through as it was', () => {
  const value = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
  fc.assert(fc.property(fc.dictionary(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,9}$/).map((name) => `X_${name}`), value), (environment) => {
    expect({ ...checkedEnvironment(JSON.stringify(environment)) }).toEqual({ ...environment });
  }));
});

test.each(WAY_OUT_ENV)('%s is taken: the controller alone sends a session environment, and has found the way out', (name) => {
  expect(checkedEnvironment(JSON.stringify({ [name]: 'x' }))).toEqual({ [name]: 'x' });
});
