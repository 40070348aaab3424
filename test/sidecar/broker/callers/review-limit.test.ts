import type { Caller } from '../../../../sidecar/src/broker/callers/caller';
import { reviewedCallers } from '../../../../sidecar/src/broker/callers/identities';
import type { KubeClient } from '../../../../sidecar/src/kube/client';
import { TokenReview } from '../../../../sidecar/src/kube/token-review';
import { brokerOver, callerNamed } from '../build-broker';
import { harnessRun } from '../documents';

const RATE = { perSecond: 1, burst: 3 };
const EXPIRY = Date.UTC(2030, 0, 1) / 1000;

/** A token as the API server makes them; what is `good` about it is for the API server of the test. */
function token(subject: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part({ exp: EXPIRY, sub: subject })}.${Buffer.from('signature').toString('base64url')}`;
}

/** A broker whose callers are reviewed by an API server that knows the tokens of `good` accounts. */
function reviewedBroker() {
  const asked: string[] = [];
  const create = async (_: unknown, { spec }: { spec: { token: string } }) => {
    const { sub } = JSON.parse(Buffer.from(spec.token.split('.')[1], 'base64url').toString()) as { sub: string };
    asked.push(sub);
    const username = 'system:serviceaccount:team-a:r1-collector';
    return { metadata: { name: '' }, status: sub.startsWith('good') ? { authenticated: true, audiences: ['paddock-broker'], user: { username } } : {} };
  };
  const time = { now: Date.parse('2026-05-04T09:00:00Z') };
  const reviews = new TokenReview({ client: { create } as unknown as Pick<KubeClient, 'create'>, audience: 'paddock-broker', clock: () => time.now });
  const broker = brokerOver([harnessRun()], {
    callers: reviewedCallers((text, toll) => reviews.review(text, toll), () => new Map()), limits: { reviews: RATE }, clock: () => time.now,
  });
  const statusOf = async (subject: string, remoteAddress = '10.0.0.1') => (await broker.app.inject({
    method: 'POST', url: '/v1/validate-egress', remoteAddress, headers: { 'authorization': `Bearer ${token(subject)}`, 'x-paddock-run': 'r1' }, payload: { host: 'a.example', port: 443 },
  })).statusCode;
  return { statusOf, asked, time };
}

test('an address that shows ever new tokens has the API server asked about few of them', async () => {
  const { statusOf, asked, time } = reviewedBroker();
  const statuses: number[] = [];
  for (let i = 0; i < 6; i += 1) statuses.push(await statusOf(`bad-${i}`));
  expect(statuses).toEqual([401, 401, 401, 429, 429, 429]);
  expect(asked).toHaveLength(3);
  time.now += 1000;
  expect(await statusOf('bad-7')).toBe(401);
});

test('callers from elsewhere, and those from there that are known, are not kept out by it', async () => {
  const { statusOf, time } = reviewedBroker();
  expect(await statusOf('good-1')).toBe(200);
  for (let i = 0; i < 6; i += 1) await statusOf(`bad-${i}`);
  expect(await statusOf('good-1')).toBe(200);
  expect(await statusOf('good-2')).toBe(429);
  expect(await statusOf('good-2', '10.0.0.2')).toBe(200);
  // The verdict is asked for again, which costs nothing: it is known whose the token was.
  time.now += 31_000;
  for (let i = 0; i < 6; i += 1) await statusOf(`bad-${i}`);
  expect(await statusOf('good-1')).toBe(200);
});

test('valid tokens cost nothing, however many', async () => {
  const { statusOf, asked } = reviewedBroker();
  for (let i = 0; i < 10; i += 1) expect(await statusOf(`good-${i}`)).toBe(200);
  expect(asked).toHaveLength(10);
});

test('where nobody has to be asked there is no limit', async () => {
  const caller: Caller = callerNamed('team-a', 'r1-collector');
  const { app } = brokerOver([harnessRun()], { callers: { review: async () => caller }, limits: { reviews: { perSecond: 1, burst: 1 } } });
  const statuses = await Promise.all(Array.from({ length: 5 }, async (_, i) => (await app.inject({
    method: 'POST', url: '/v1/validate-egress', headers: { 'authorization': `Bearer x${i}`, 'x-paddock-run': 'r1' }, payload: { host: 'a.example', port: 443 },
  })).statusCode));
  expect(statuses).toEqual(Array(5).fill(200));
});
