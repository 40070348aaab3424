import fc from 'fast-check';
import { BrokerFailure, isRefusal } from '../../../../sidecar/src/egress/broker/broker-failure';
import { Question, Verdicts } from '../../../../sidecar/src/egress/gate/verdicts';
import type { ValidateEgressResponse } from '../../../../src/protocol/broker-api';

const QUESTION: Question = { token: 'pdk-egress-planted', clientAddress: '10.0.0.7', host: 'api.example.com', port: 443 };
const down = () => new BrokerFailure('Unavailable', 'the broker has not answered in time');
const forbidden = () => new BrokerFailure('Refused', 'the broker answered 403 Forbidden', { code: 'Forbidden', status: 403 });

type Ask = (question: Question) => Promise<ValidateEgressResponse>;

function world(ask: Ask, max?: number) {
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  const state = { now: 0 };
  const asked = jest.fn(ask);
  const after = (ms: number, run: () => void) => {
    const timer = { at: state.now + ms, run };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  /** Lets time pass, and what was waiting for it happen in its turn. */
  const pass = async (ms: number): Promise<void> => {
    const end = state.now + ms;
    for (;;) {
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
      const next = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      timers.delete(next);
      state.now = next.at;
      next.run();
    }
    state.now = end;
  };
  return { state, asked, timers, pass, verdicts: new Verdicts({ ask: asked, isRefusal, clock: () => state.now, after, max }) };
}

const allow = (validForSeconds?: number): Ask => async () => ({ allowed: true, ...(validForSeconds === undefined ? {} : { validForSeconds }) });

describe('an answer is used', () => {
  test.each<[string, number | undefined, number]>([
    ['as long as it says', 7, 7_000], ['ten seconds at most', 3_600, 10_000], ['one second when it does not say', undefined, 1_000], ['half a second', 0.5, 500],
  ])('%s', async (_what, seconds, lifetime) => {
    const { verdicts, asked, state } = world(allow(seconds));
    expect(await verdicts.verdict(QUESTION)).toMatchObject({ allowed: true, until: lifetime });
    state.now = lifetime - 1;
    await verdicts.verdict(QUESTION);
    expect(asked).toHaveBeenCalledTimes(1);
    state.now = lifetime;
    await verdicts.verdict(QUESTION);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test.each([0, -1, Number.NaN])('once when it is good for %d seconds', async (seconds) => {
    const { verdicts, asked } = world(allow(seconds));
    await verdicts.verdict(QUESTION);
    await verdicts.verdict(QUESTION);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test('from the time of the question on', async () => {
    const slow = world(async () => { slow.state.now += 4_000; return { allowed: true, validForSeconds: 4 }; });
    await slow.verdicts.verdict(QUESTION);
    await slow.verdicts.verdict(QUESTION);
    expect(slow.asked).toHaveBeenCalledTimes(2);
  });

  test('by all who ask at once, with all that it says', async () => {
    const answer = { allowed: true, matchedPolicy: 'p', substituteAuth: true, discoveryAllow: false, validForSeconds: 10 };
    const { verdicts, asked } = world(async () => answer);
    const all = await Promise.all(Array.from({ length: 20 }, () => verdicts.verdict(QUESTION)));
    expect(all).toEqual(all.map(() => ({ ...answer, until: 10_000 })));
    expect(asked.mock.calls).toEqual([[QUESTION]]);
  });

  test.each<[string, Partial<Question>]>([
    ['token', { token: 'pdk-egress-other' }], ['address', { clientAddress: '10.0.0.8' }], ['host', { host: 'other.example.com' }], ['port', { port: 8443 }],
  ])('for no other %s', async (_what, other) => {
    const { verdicts, asked } = world(allow(10));
    await verdicts.verdict(QUESTION);
    await verdicts.verdict({ ...QUESTION, ...other });
    expect(asked).toHaveBeenCalledTimes(2);
  });
});

test('nothing that is remembered holds a token', async () => {
  const { verdicts } = world(allow(10));
  await verdicts.verdict(QUESTION);
  expect(JSON.stringify(verdicts, (_key, value: unknown) => (value instanceof Map ? [...value] : value))).not.toContain('planted');
});

describe('a refusal', () => {
  test.each<[string, Ask]>([
    ['of the policies', async () => ({ allowed: false, reason: 'no egress grant covers the destination', validForSeconds: 10 })], ['of the caller', () => Promise.reject(forbidden())],
    ['that is a failure', () => Promise.reject(down())],
  ])('%s is remembered for a second', async (_what, ask) => {
    const { verdicts, asked, state } = world(ask);
    const said = () => verdicts.verdict(QUESTION).catch((error: unknown) => error);
    const first = await said();
    state.now = 999;
    expect(await said()).toBe(first);
    state.now = 1_000;
    await said();
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test('pushes out nothing that is allowed', async () => {
    const { verdicts, asked } = world(async ({ host }) => ({ allowed: host === QUESTION.host, validForSeconds: 10 }), 2);
    await verdicts.verdict(QUESTION);
    for (let guess = 0; guess < 10; guess += 1) await verdicts.verdict({ ...QUESTION, host: `x${guess}.example` });
    await verdicts.verdict(QUESTION);
    expect(asked.mock.calls.filter(([{ host }]) => host === QUESTION.host)).toHaveLength(1);
  });
});

describe('an open tunnel', () => {
  test('goes on with a new answer', async () => {
    const { verdicts, timers } = world(allow(10));
    expect(await verdicts.revalidate(QUESTION)).toEqual({ outcome: 'allowed', verdict: { allowed: true, validForSeconds: 10, until: 10_000 } });
    expect(timers.size).toBe(0);
  });

  test('takes the answer that another one has brought', async () => {
    const { verdicts, asked } = world(allow(10));
    await verdicts.verdict(QUESTION);
    await Promise.all(Array.from({ length: 20 }, () => verdicts.revalidate(QUESTION)));
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test.each<[string, Ask]>([['the policies', async () => ({ allowed: false })], ['the broker', () => Promise.reject(forbidden())]])('ends at once when %s refuse it', async (_what, ask) => {
    const { verdicts, timers } = world(ask);
    expect(await verdicts.revalidate(QUESTION)).toEqual({ outcome: 'refused' });
    expect(timers.size).toBe(0);
  });

  test('waits for a broker that comes back', async () => {
    let failures = 3;
    const { verdicts, pass, asked, timers } = world(async () => { if (failures-- > 0) throw down(); return { allowed: true, validForSeconds: 10 }; });
    const revalidation = verdicts.revalidate(QUESTION);
    await pass(4_000);
    expect(await revalidation).toMatchObject({ outcome: 'allowed' });
    expect(asked).toHaveBeenCalledTimes(4);
    expect(timers.size).toBe(0);
  });

  test.each<[string, Ask]>([['that fails', () => Promise.reject(down())], ['that hangs', () => new Promise(() => undefined)]])('ends five seconds after a broker %s', async (_what, ask) => {
    const { verdicts, pass, timers, asked } = world(ask);
    const settled = jest.fn();
    void verdicts.revalidate(QUESTION).then(settled);
    await pass(4_999);
    expect(settled).not.toHaveBeenCalled();
    await pass(1);
    await pass(0);
    expect(settled).toHaveBeenCalledWith({ outcome: 'unanswered' });
    expect(timers.size).toBe(0);
    const { length } = asked.mock.calls;
    await pass(60_000);
    expect(asked).toHaveBeenCalledTimes(length);
  });
});

test('a tunnel that ended without an answer asks no more when one comes late', async () => {
  let failLate: (error: Error) => void = () => undefined;
  const { verdicts, pass, timers } = world(() => new Promise((_resolve, reject) => { failLate = reject; }));
  const revalidation = verdicts.revalidate(QUESTION);
  await pass(5_000);
  expect(await revalidation).toEqual({ outcome: 'unanswered' });
  failLate(down());
  await pass(0);
  expect(timers.size).toBe(0);
});

test('no answer is used longer than it says or than ten seconds, whatever happens in between', async () => {
  const step = fc.record({ wait: fc.integer({ min: 0, max: 4_000 }), host: fc.constantFrom('a.example', 'b.example', 'c.example'), allowed: fc.boolean(), seconds: fc.integer({ min: 0, max: 30 }), fails: fc.boolean() });
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
    let next = steps[0];
    const since = new Map<string, { at: number; lasts: number; answer: unknown }>();
    const { verdicts, state } = world(async ({ host }) => {
      const answer = next.fails ? down() : { allowed: next.allowed, validForSeconds: next.seconds };
      since.set(host, { at: state.now, lasts: next.allowed && !next.fails ? Math.min(next.seconds, 10) * 1000 : 1_000, answer });
      if (answer instanceof Error) throw answer;
      return answer;
    }, 2);
    for (next of steps) {
      state.now += next.wait;
      const said = await verdicts.verdict({ ...QUESTION, host: next.host }).catch((error: unknown) => error);
      const { at, lasts, answer } = since.get(next.host)!;
      expect(state.now === at || state.now - at < lasts).toBe(true);
      if (answer instanceof Error) expect(said).toBe(answer);
      else expect(said).toMatchObject(answer as object);
    }
  }));
});

describe('an address', () => {
  const nth = (token: number, clientAddress = QUESTION.clientAddress): Question => ({ ...QUESTION, clientAddress, token: `pdk-egress-planted-${token}` });

  test('has so many questions open at once, and others are asked for all the same', async () => {
    const { verdicts, asked } = world(() => new Promise(() => undefined));
    for (let token = 0; token < 64; token += 1) void verdicts.verdict(nth(token));
    await expect(verdicts.verdict(nth(64))).rejects.toMatchObject({ code: 'SERVER_OVERLOADED', status: 503, headers: { 'retry-after': '1' } });
    void verdicts.verdict(nth(65, '10.0.0.8'));
    expect(asked).toHaveBeenCalledTimes(65);
  });

  test('may ask again when a question was answered', async () => {
    const { verdicts, asked } = world(allow());
    for (let token = 0; token < 200; token += 1) await verdicts.verdict(nth(token));
    expect(asked).toHaveBeenCalledTimes(200);
  });

  test('that shows refused tokens is not listened to for a while, but for what is remembered', async () => {
    const good: Ask = async ({ token, clientAddress }) => {
      if (token === QUESTION.token || clientAddress !== QUESTION.clientAddress) return { allowed: true, validForSeconds: 10 };
      throw forbidden();
    };
    const { verdicts, asked, state } = world(good);
    await verdicts.verdict(QUESTION);
    for (let token = 0; token < 100; token += 1) await verdicts.verdict(nth(token)).catch(() => undefined);
    await expect(verdicts.verdict(nth(100))).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS', status: 429 });
    expect(asked).toHaveBeenCalledTimes(101);
    expect(await verdicts.verdict(QUESTION)).toMatchObject({ allowed: true });
    expect(await verdicts.verdict(nth(0, '10.0.0.8'))).toMatchObject({ allowed: true });
    state.now = 1_000;
    await expect(verdicts.verdict(nth(100))).rejects.toMatchObject({ code: 'Forbidden' });
  });

  test('that asks while the broker is away is not taken for one that guesses', async () => {
    const { verdicts, asked } = world(async () => { throw down(); });
    for (let token = 0; token < 300; token += 1) await verdicts.verdict(nth(token)).catch(() => undefined);
    expect(asked).toHaveBeenCalledTimes(300);
  });
});
