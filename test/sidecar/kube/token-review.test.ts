import type { KubeClient } from '../../../sidecar/src/kube/client';
import { KubeError } from '../../../sidecar/src/kube/kube-error';
import { TokenReview } from '../../../sidecar/src/kube/token-review';

const T0 = Date.UTC(2026, 0, 1);
const POD_UID = 'authentication.kubernetes.io/pod-uid';

function jwt(claims: object): string {
  const part = (value: object | string) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.${part('signature')}`;
}

const TOKEN = jwt({ exp: T0 / 1000 + 3600 });

function statusOf(username = 'system:serviceaccount:team-a:r1-collector', more: object = {}) {
  return { authenticated: true, audiences: ['paddock-broker'], user: { username, extra: { [POD_UID]: ['pod-1'] } }, ...more };
}

function reviewer(max?: number) {
  const time = { now: T0 };
  const world = { status: statusOf() as object, down: false, hold: undefined as Promise<void> | undefined };
  const asked: { token: string; audiences: string[] }[] = [];
  const client = {
    create: async (_: unknown, object: { spec: { token: string; audiences: string[] } }) => {
      asked.push(object.spec);
      await world.hold;
      if (world.down) throw new KubeError('Unavailable', 'down');
      return { metadata: { name: '' }, status: world.status };
    },
  } as unknown as Pick<KubeClient, 'create'>;
  const observed: string[] = [];
  const observe = (result: string) => observed.push(result);
  return { review: new TokenReview({ client, audience: 'paddock-broker', clock: () => time.now, max, observe }), time, world, asked, observed };
}

test('a valid token is its ServiceAccount, with the pod it is bound to', async () => {
  const { review, asked } = reviewer();
  expect(await review.review(TOKEN)).toEqual({ namespace: 'team-a', name: 'r1-collector', podUid: 'pod-1' });
  expect(asked).toEqual([{ token: TOKEN, audiences: ['paddock-broker'] }]);
});

describe('a token is not valid', () => {
  test.each<[string, object]>([
    ['that is not authenticated', statusOf(undefined, { authenticated: false })],
    ['about which nothing is said', {}],
    ['for another audience', statusOf(undefined, { audiences: ['https://kubernetes.default.svc'] })],
    ['of an API server that knows no audiences', statusOf(undefined, { audiences: undefined })],
    ['whose audience only begins like ours', statusOf(undefined, { audiences: ['paddock-broker-2'] })],
    ['of a person', statusOf('jane')],
    ['of a node', statusOf('system:node:n1')],
    ['whose name has too few parts', statusOf('system:serviceaccount:team-a')],
    ['whose name has too many parts', statusOf('system:serviceaccount:team-a:r1:x')],
    ['without a name', statusOf('system:serviceaccount:team-a:')],
    ['without a namespace', statusOf('system:serviceaccount::r1')],
    ['without a user', statusOf(undefined, { user: undefined })],
  ])('%s', async (_, status) => {
    const { review, world } = reviewer();
    world.status = status;
    expect(await review.review(TOKEN)).toBeUndefined();
  });

  test.each<[string, string]>([
    ['that is empty', ''],
    ['with two parts', 'a.b'],
    ['with five parts, as a sealed one', 'a.b.c.d.e'],
    ['with a blank', `${TOKEN} `],
    ['whose claims are no JSON', 'YQ.YQ.YQ'],
    ['whose claims are a list', `YQ.${Buffer.from('[]').toString('base64url')}.YQ`],
    ['whose end is a text', jwt({ exp: 'never' })],
    ['that has ended', jwt({ exp: T0 / 1000 })],
    ['that is too long', jwt({ exp: T0, padding: 'x'.repeat(8192) })],
  ])('%s, and the API server never sees it', async (_, token) => {
    const { review, asked } = reviewer();
    expect(await review.review(token)).toBeUndefined();
    expect(asked).toEqual([]);
  });
});

test.each([[[]], [['a', 'b']], ['pod-1'], [['']], [[7]]])('a pod UID that is none of one text is left out: %j', async (uid) => {
  const { review, world } = reviewer();
  world.status = statusOf(undefined, { user: { username: 'system:serviceaccount:team-a:r1', extra: { [POD_UID]: uid } } });
  expect(await review.review(TOKEN)).toEqual({ namespace: 'team-a', name: 'r1' });
});

describe('a verdict is remembered', () => {
  test('for 30 s when it is positive', async () => {
    const { review, time, asked, world } = reviewer();
    await review.review(TOKEN);
    time.now += 29_999;
    await review.review(TOKEN);
    expect(asked).toHaveLength(1);
    time.now += 1;
    world.status = {};
    expect(await review.review(TOKEN)).toBeUndefined();
    expect(asked).toHaveLength(2);
  });

  test('for 5 s when it is negative', async () => {
    const { review, time, asked, world } = reviewer();
    world.status = {};
    await review.review(TOKEN);
    world.status = statusOf();
    time.now += 4_999;
    expect(await review.review(TOKEN)).toBeUndefined();
    time.now += 1;
    expect(await review.review(TOKEN)).toBeDefined();
    expect(asked).toHaveLength(2);
  });

  test('never longer than the token lasts', async () => {
    const { review, time, asked } = reviewer();
    const short = jwt({ exp: T0 / 1000 + 10 });
    await review.review(short);
    time.now += 10_000;
    expect(await review.review(short)).toBeUndefined();
    expect(asked).toHaveLength(1);
  });

  test('not past a clock that was set back', async () => {
    const { review, time, asked } = reviewer();
    await review.review(TOKEN);
    time.now -= 60_000;
    await review.review(TOKEN);
    expect(asked).toHaveLength(2);
  });

  test('within bounds, and guesses push out nothing that is valid', async () => {
    const { review, world, asked } = reviewer(2);
    await review.review(TOKEN);
    world.status = {};
    for (let i = 0; i < 10; i += 1) await review.review(jwt({ exp: T0, i }));
    expect(await review.review(TOKEN)).toBeDefined();
    expect(asked).toHaveLength(11);
  });
});

test('each look-up is counted, those of texts that are no tokens are not', async () => {
  const { review, observed, time, world } = reviewer();
  await review.review(TOKEN);
  await review.review(TOKEN);
  await review.review('no token');
  time.now += 30_000;
  world.down = true;
  await review.review(TOKEN);
  expect(observed).toEqual(['miss', 'hit', 'error']);
});

test('many who ask at once cause one review', async () => {
  const { review, asked } = reviewer();
  const answers = await Promise.all(Array.from({ length: 50 }, () => review.review(TOKEN)));
  expect(asked).toHaveLength(1);
  expect(answers.every((answer) => answer?.name === 'r1-collector')).toBe(true);
});

test('more than 128 reviews at once are refused, not queued', async () => {
  const { review, world, asked } = reviewer();
  let release = () => undefined as void;
  world.hold = new Promise((resolve) => { release = resolve; });
  const under = Array.from({ length: 128 }, (_, i) => review.review(jwt({ exp: T0, i })));
  await expect(review.review(TOKEN)).rejects.toThrow('128 tokens are being reviewed already');
  release();
  await Promise.all(under);
  expect(asked).toHaveLength(128);
});

describe('while the API server does not answer', () => {
  test('a token without a verdict is neither valid nor invalid', async () => {
    const { review, world } = reviewer();
    world.down = true;
    await expect(review.review(TOKEN)).rejects.toThrow('down');
  });

  test('a positive verdict serves for 75 s after its review, and no longer', async () => {
    const { review, world, time } = reviewer();
    await review.review(TOKEN);
    world.down = true;
    time.now += 74_999;
    expect(await review.review(TOKEN)).toBeDefined();
    time.now += 1;
    await expect(review.review(TOKEN)).rejects.toThrow();
  });

  test('never past the end of the token', async () => {
    const { review, world, time } = reviewer();
    const short = jwt({ exp: T0 / 1000 + 40 });
    await review.review(short);
    world.down = true;
    time.now += 39_000;
    expect(await review.review(short)).toBeDefined();
    time.now += 1_000;
    expect(await review.review(short)).toBeUndefined();
  });

  test('who has a verdict does not wait for it, and what it says once it is back counts', async () => {
    const { review, time, world, asked } = reviewer();
    await review.review(TOKEN);
    world.down = true;
    time.now += 30_000;
    await review.review(TOKEN);
    let answer = () => undefined as void;
    world.hold = new Promise((resolve) => { answer = resolve; });
    time.now += 1_000;
    expect(await review.review(TOKEN)).toMatchObject({ name: 'r1-collector' });
    expect(asked).toHaveLength(3);
    Object.assign(world, { down: false, status: { authenticated: false } });
    answer();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await review.review(TOKEN)).toBeUndefined();
  });

  test('a negative verdict does not become positive by it', async () => {
    const { review, world, time } = reviewer();
    await review.review(TOKEN);
    time.now += 30_000;
    world.status = {};
    await review.review(TOKEN);
    world.down = true;
    time.now += 5_000;
    await expect(review.review(TOKEN)).rejects.toThrow('down');
  });

  test('it is asked once a second, not by every request', async () => {
    const { review, world, time, asked } = reviewer();
    world.down = true;
    for (let i = 0; i < 20; i += 1) await review.review(jwt({ exp: T0, i })).catch(() => undefined);
    expect(asked).toHaveLength(1);
    time.now += 1_000;
    await review.review(TOKEN).catch(() => undefined);
    expect(asked).toHaveLength(2);
  });
});
