import fc from 'fast-check';
import { BrokerFailure, Credential, SessionBroker } from '../../../../sidecar/src/controller/broker-client';
import { refuseOversized, refuseTaken, surrogates } from '../../../../sidecar/src/controller/sessions/credentials';
import { ENV_NAME_PATTERN } from '../../../../src/protocol/reserved-env';

const NEVER = new AbortController().signal;

/** A broker whose credentials come as the function says, and what it was asked. */
function asking(give: (name: string, attempt: number) => Promise<Credential> | Credential) {
  const asked: string[] = [];
  const waits: number[] = [];
  let open = 0;
  let most = 0;
  const credential: SessionBroker['credential'] = async (name, token) => {
    asked.push(`${name} ${token}`);
    most = Math.max(most, open += 1);
    await new Promise((resolve) => setImmediate(resolve));
    open -= 1;
    return give(name, asked.filter((one) => one.startsWith(`${name} `)).length);
  };
  const broker: SessionBroker = { credential, issue: async () => '', revoke: async () => undefined };
  const wait = async (milliseconds: number, signal: AbortSignal) => {
    signal.throwIfAborted();
    waits.push(milliseconds);
  };
  const get = (names: readonly string[], gone = NEVER) => surrogates({ broker, wait }, names, 'token', gone);
  return { get, asked, waits, most: () => most };
}

const surrogate = (name: string): Credential => ({ value: `pdk-${name}`, deliveryMode: 'ProxyInjected' });
const failing = (code: 'Refused' | 'Unavailable', answered?: string) => () => { throw new BrokerFailure(code, 'planted-text', answered); };

test('each credential is asked for once with the token of the session, and is there under its name, in order', async () => {
  await fc.assert(fc.asyncProperty(fc.uniqueArray(fc.stringMatching(new RegExp(ENV_NAME_PATTERN)).filter((name) => name !== '__proto__'), { maxLength: 32 }), async (names) => {
    const { get, asked, most } = asking(surrogate);
    const environment = await get(names);
    expect(Object.entries(environment).sort()).toEqual(names.map((name) => [name, `pdk-${name}`]).sort());
    expect(asked).toEqual(names.map((name) => `${name} token`));
    expect(most()).toBe(Math.min(names.length, 4));
  }));
});

test('a broker that was asked too often is asked again a second later', async () => {
  const { get, asked, waits } = asking((name, attempt) => attempt < 3 ? failing('Unavailable', 'RateLimited')() : surrogate(name));
  expect(await get(['A'])).toEqual({ A: 'pdk-A' });
  expect([asked.length, waits]).toEqual([3, [1000, 1000]]);
});

describe('no session is made', () => {
  test.each<['Refused' | 'Unavailable', string | undefined, string, string]>([
    ['Refused', 'PolicyMissing', 'CREATION_FAILED', 'the credential broker refuses the credential A: PolicyMissing'],
    ['Refused', 'CredentialNotFound', 'CREATION_FAILED', 'the credential broker refuses the credential A: CredentialNotFound'],
    ['Refused', 'planted-code', 'CREATION_FAILED', 'the credential broker refuses the credential A'],
    ['Refused', 'toString', 'CREATION_FAILED', 'the credential broker refuses the credential A'],
    ['Unavailable', 'PoolExhausted', 'UNAVAILABLE', 'the credential broker does not give the credential A now: PoolExhausted'],
    ['Unavailable', 'ProviderFailure', 'UNAVAILABLE', 'the credential broker does not give the credential A now: ProviderFailure'],
    ['Unavailable', undefined, 'UNAVAILABLE', 'the credential broker does not give the credential A now'],
  ])('when the broker is %s with %s', async (code, answered, refusal, message) => {
    await expect(asking(failing(code, answered)).get(['A'])).rejects.toMatchObject({ code: refusal, message });
  });

  test('when the broker was asked too often ten times', async () => {
    const { get, asked } = asking(failing('Unavailable', 'RateLimited'));
    await expect(get(['A'])).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('RateLimited') });
    expect(asked).toHaveLength(10);
  });

  test('with a credential that is handed out as it is', async () => {
    const { get } = asking(() => ({ value: 'planted-real-value', deliveryMode: 'InContainer' }));
    await expect(get(['A'])).rejects.toMatchObject({ code: 'CREATION_FAILED', message: 'the credential A has the delivery InContainer: sessions get surrogates only' });
  });

  test('by a defect', async () => {
    await expect(asking(() => { throw new TypeError('defect'); }).get(['A'])).rejects.toThrow(TypeError);
  });

  test('for somebody who is gone, and the broker is not asked', async () => {
    const { get, asked } = asking(surrogate);
    await expect(get(['A'], AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    expect(asked).toEqual([]);
  });

  test('and of several refusals it is the first in order that is told, whichever comes first', async () => {
    const { get, asked } = asking(async (name) => {
      if (name === 'B') await new Promise((resolve) => setTimeout(resolve, 20));
      return name === 'A' ? surrogate(name) : failing('Refused', name === 'B' ? 'PolicyMissing' : 'PolicyRevoked')();
    });
    await expect(get(['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'])).rejects.toMatchObject({ message: 'the credential broker refuses the credential B: PolicyMissing' });
    expect(asked.length).toBeLessThan(8);
  });
});

test.each<[Record<string, string> | undefined, string[]]>([[undefined, ['A']], [{}, ['A']], [{ B: '1' }, ['A']], [{ A: '1' }, []], [{ B: '1' }, ['toString']]])(
  'variables %j beside the credentials %j are taken', (env, credentials) => expect(() => refuseTaken(env, credentials)).not.toThrow());

test('a variable with the name of a credential is refused, without its value', () => {
  expect(() => refuseTaken({ B: '1', A: 'planted' }, ['A'])).toThrow(/^the variable "A" of env is a credential of the pool's sessions$/);
});

test('an environment that the daemon would refuse is refused with both numbers, and nothing of it', () => {
  const many = Object.fromEntries(Array.from({ length: 256 }, (_, at) => [`A${at}`, '']));
  expect(() => refuseOversized(many)).not.toThrow();
  expect(() => refuseOversized({ ...many, B: '' })).toThrow('has 257 variables of');
  expect(() => refuseOversized({ A: 'é'.repeat(32_767) })).not.toThrow();
  expect(() => refuseOversized({ A: 'é'.repeat(32_768) })).toThrow(/has 1 variables of 65537 bytes; allowed: at most 256 variables of 65536 bytes$/);
});
