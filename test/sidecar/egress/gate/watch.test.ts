import type { Question, Revalidation, Verdict } from '../../../../sidecar/src/egress/gate/verdicts';
import { watchVerdict } from '../../../../sidecar/src/egress/gate/watch';
import { PassingTime } from '../passing-time';

const QUESTION: Question = { token: 'pdk-egress-planted', clientAddress: '10.0.0.7', host: 'api.example.com', port: 443 };
const allowed = (until: number, more: Partial<Verdict> = {}): Revalidation => ({ outcome: 'allowed', verdict: { allowed: true, until, ...more } });

function watching(answers: readonly Revalidation[], verdict: Verdict = { allowed: true, until: 10_000 }) {
  const time = new PassingTime();
  const asked: [number, Question][] = [];
  const ended: string[] = [];
  const left = [...answers];
  const revalidate = async (question: Question): Promise<Revalidation> => {
    asked.push([time.now, question]);
    return left.shift()!;
  };
  const stop = watchVerdict({ verdicts: { revalidate }, clock: time.clock, after: time.after }, QUESTION, verdict, (why) => void ended.push(why));
  return { time, asked, ended, stop };
}

test('each verdict is followed by the next when its time is over, and not before', async () => {
  const { time, asked, ended } = watching([allowed(14_000), allowed(24_000), { outcome: 'refused' }]);
  await time.pass(9_999);
  expect(asked).toEqual([]);
  await time.pass(20_000);
  expect(asked).toEqual([[10_000, QUESTION], [14_000, QUESTION], [24_000, QUESTION]]);
  expect(ended).toEqual(['REVOKED']);
});

test.each<[string, Revalidation, string]>([
  ['a refusal', { outcome: 'refused' }, 'REVOKED'],
  ['no answer', { outcome: 'unanswered' }, 'NOT_REVALIDATED'],
  ['an answer by which credentials are substituted', allowed(20_000, { substituteAuth: true }), 'REVOKED'],
])('%s ends it, once', async (_what, answer, why) => {
  const { time, ended } = watching([answer]);
  await time.pass(100_000);
  expect(ended).toEqual([why]);
  expect(time.waiting).toBe(0);
});

test('a host whose credentials are not substituted any more is not served as before', async () => {
  const { time, ended } = watching([allowed(20_000, { substituteAuth: false })], { allowed: true, until: 1_500, substituteAuth: true });
  await time.pass(2_000);
  expect(ended).toEqual(['REVOKED']);
});

test('that it says nothing of credentials, or no, is the same', async () => {
  const { time, ended } = watching([allowed(20_000, { substituteAuth: false }), allowed(30_000)]);
  await time.pass(25_000);
  expect(ended).toEqual([]);
});

test('answers that are good for no time are asked for each second at most', async () => {
  const { time, asked } = watching(Array.from({ length: 20 }, () => allowed(0)), { allowed: true, until: 0 });
  await time.pass(5_500);
  expect(asked.map(([at]) => at)).toEqual([1_000, 2_000, 3_000, 4_000, 5_000]);
});

test('once it is stopped, nobody is asked and nothing ends', async () => {
  const { time, asked, ended, stop } = watching([]);
  stop();
  await time.pass(60_000);
  expect([asked, ended, time.waiting]).toEqual([[], [], 0]);
});

test('an answer that comes after the stop ends nothing', async () => {
  const time = new PassingTime();
  const ended = jest.fn();
  let answer = (_answer: Revalidation): void => undefined;
  const revalidate = (): Promise<Revalidation> => new Promise((resolve) => { answer = resolve; });
  const stop = watchVerdict({ verdicts: { revalidate }, clock: time.clock, after: time.after }, QUESTION, { allowed: true, until: 1_000 }, ended);
  await time.pass(1_000);
  stop();
  answer({ outcome: 'refused' });
  await time.pass(60_000);
  expect(ended).not.toHaveBeenCalled();
  expect(time.waiting).toBe(0);
});
