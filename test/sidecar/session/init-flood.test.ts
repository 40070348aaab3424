import { boundInit, daemon, initToken, NOW } from './build-session';
import { newP256Pair } from '../../../sidecar/src/crypto/p256';

const GARBAGE = initToken({}, newP256Pair().privateKey);

/** Statuses of inits, with how many there were of each. */
async function counts(answers: Promise<{ readonly status: number }>[]): Promise<Record<number, number>> {
  const found: Record<number, number> = {};
  for (const { status } of await Promise.all(answers)) found[status] = (found[status] ?? 0) + 1;
  return found;
}

test('ten thousand garbage inits keep the right one from nothing, even from the same address', async () => {
  const one = daemon();
  const right = await boundInit(one);
  const flood = (from: number) => Array.from({ length: 500 }, (_, at) => one.init({ token: at % 2 === 0 ? GARBAGE : `garbage-${from + at}` }));
  for (let from = 0; from < 5_000; from += 500) await Promise.all(flood(from));
  const during = flood(5_000);
  expect(await one.init(right)).toMatchObject({ status: 200 });
  await Promise.all(during);
  for (let from = 5_500; from < 10_000; from += 500) await Promise.all(flood(from));
  expect(await one.init(right)).toMatchObject({ status: 200 });
}, 60_000);

test('bad signatures of one address are soon answered with 429 and when to come again', async () => {
  const one = daemon();
  expect(await counts(Array.from({ length: 20 }, () => one.init({ token: GARBAGE })))).toEqual({ 401: 5, 429: 15 });
  const answer = await one.init({ token: GARBAGE });
  expect(answer).toMatchObject({ status: 429, body: { error: 'too many initialization requests', code: 429, reason: 'TOO_MANY_INITS' } });
  expect(answer.headers['retry-after']).toBe('1');
  expect(await one.init({ token: GARBAGE }, '10.0.0.2')).toMatchObject({ status: 401 });
  one.now += 1;
  expect(await counts(Array.from({ length: 5 }, () => one.init({ token: GARBAGE })))).toEqual({ 401: 2, 429: 3 });
});

test('a good signature with a claim that does not fit is never counted', async () => {
  const one = daemon();
  const late = initToken({ iat: NOW - 300, exp: NOW - 200 });
  expect(await counts(Array.from({ length: 50 }, () => one.init({ token: late })))).toEqual({ 401: 50 });
  expect(await one.init({ token: GARBAGE })).toMatchObject({ status: 401 });
});
