import { KubernetesSecrets } from '../../../../sidecar/src/broker/catalog/kubernetes/kubernetes-secrets';
import { MemoryRevocations } from '../../../../sidecar/src/broker/revocations/revocations';
import { memoryKeyring } from '../../../../sidecar/src/crypto/keyring';
import { KubeClient } from '../../../../sidecar/src/kube/client';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';
import { staleSince } from '../../../../sidecar/src/kube/staleness';
import { TokenReview } from '../../../../sidecar/src/kube/token-review';
import { steadyClock } from '../../../../sidecar/src/server/time/clock';
import { brokerOver, TestBroker } from '../build-broker';
import { brokerPolicy, harnessRun, harnessTemplate, headerGrant, secret } from '../documents';

/** Whoever sets the clock of a broker by minutes locks nobody out and lengthens nothing. */

const MINUTE = 60_000;
const STEPS = [['ahead', 5 * MINUTE], ['back', -5 * MINUTE]] as const;
const DOCUMENTS = [
  harnessRun({}, { phase: 'Running' }), harnessTemplate(), secret({ token: 'planted-upstream-3f' }),
  brokerPolicy({}, { grants: { credentials: [headerGrant()], egress: [{ host: 'api.github.com' }] } }),
];
const swap = (broker: TestBroker, value: string) => broker.ask('substitute-auth', { host: 'api.github.com', port: 443, incomingAuthorization: `Bearer ${value}` });
const issue = async (broker: TestBroker) => (await broker.ask('issue', { name: 'GITHUB_TOKEN' })).body;

describe.each(STEPS)('a clock that is set five minutes %s', (_, step) => {
  test('ends no lease that was issued before, and issues the same one again', async () => {
    const broker = brokerOver(DOCUMENTS);
    const before = await issue(broker);
    broker.world.now += step;
    expect((await swap(broker, before.value)).status).toBe(200);
    const after = await issue(broker);
    expect(after.leaseId).toBe(before.leaseId);
    broker.world.now -= step;
    expect((await swap(broker, after.value)).status).toBe(200);
  });

  test('moves the end of a lease by no more than itself', async () => {
    const broker = brokerOver(DOCUMENTS);
    const { value } = await issue(broker);
    broker.world.now += 60 * MINUTE + Math.min(step, 0);
    expect((await swap(broker, value)).body.code).toBe(step < 0 ? undefined : 'SubstituteFailed');
    broker.world.now += 5 * MINUTE;
    expect((await swap(broker, value)).body.code).toBe('SubstituteFailed');
  });

  test('gives nobody more requests than the burst, and keeps nobody out for longer than without it', async () => {
    const broker = brokerOver(DOCUMENTS);
    const burst = async () => (await Promise.all(Array.from({ length: 60 }, () => broker.ask('issue', { name: 'GITHUB_TOKEN' })))).filter(({ status }) => status === 200).length;
    const first = await burst();
    expect(first).toBeLessThan(60);
    broker.world.now += step;
    expect(await burst()).toBeLessThanOrEqual(first);
    broker.world.now += 60_000;
    expect(await burst()).toBe(first);
  });

  test('brings no revoked session back', () => {
    const time = { now: Date.UTC(2026, 0, 1) };
    const revocations = new MemoryRevocations(() => time.now);
    revocations.addSession({ id: 's1', notAfter: time.now + MINUTE });
    time.now += step;
    revocations.allSessions();
    time.now -= step;
    expect(revocations.isSessionRevoked('s1')).toBe(true);
  });

  test('opens what was sealed before, and seals', async () => {
    const time = { now: Date.UTC(2026, 0, 1) };
    const broker = brokerOver(DOCUMENTS, { keyring: memoryKeyring(() => time.now) });
    const { value } = await issue(broker);
    time.now += step;
    expect((await swap(broker, (await issue(broker)).value)).status).toBe(200);
    expect((await swap(broker, value)).status).toBe(200);
  });
});

describe('during an outage', () => {
  const TOKEN = ['{"alg":"RS256"}', JSON.stringify({ exp: Date.UTC(2026, 0, 1) / 1000 + 3600 }), 'x'].map((part) => Buffer.from(part).toString('base64url')).join('.');

  function reviewer() {
    const time = { now: Date.UTC(2026, 0, 1) };
    const world = { down: false, authenticated: true };
    const client = {
      create: async () => {
        if (world.down) throw new KubeError('Unavailable', 'down');
        return { metadata: { name: '' }, status: { authenticated: world.authenticated, audiences: ['paddock-broker'], user: { username: 'system:serviceaccount:team-a:r1-collector' } } };
      },
    } as unknown as KubeClient;
    return { time, world, review: new TokenReview({ client, audience: 'paddock-broker', clock: () => time.now }) };
  }

  test('a verdict does not serve for longer because the clock was set back: that is unknown, not unauthenticated', async () => {
    const { review, time, world } = reviewer();
    await review.review(TOKEN);
    world.down = true;
    time.now -= 5 * MINUTE;
    await expect(review.review(TOKEN)).rejects.toThrow('down');
    world.down = false;
    time.now += 1000;
    expect(await review.review(TOKEN)).toMatchObject({ name: 'r1-collector' });
  });

  test('a token that was refused is asked about again at once when the clock was set back: nobody is locked out for minutes', async () => {
    const { review, time, world } = reviewer();
    world.authenticated = false;
    expect(await review.review(TOKEN)).toBeUndefined();
    world.authenticated = true;
    time.now -= 5 * MINUTE;
    expect(await review.review(TOKEN)).toMatchObject({ name: 'r1-collector' });
  });

  test('a Secret does not serve for longer either', async () => {
    const time = { now: 0 };
    const world = { down: false };
    const get = async () => {
      if (world.down) throw new KubeError('Unavailable', 'down');
      return { metadata: { name: 's' }, data: { token: 'b25l' } };
    };
    const secrets = new KubernetesSecrets({ get } as unknown as KubeClient, () => time.now);
    expect(String(await secrets.value('team-a', 's', 'token'))).toBe('one');
    world.down = true;
    time.now -= 5 * MINUTE;
    await expect(secrets.value('team-a', 's', 'token')).rejects.toThrow('down');
  });

  test('how old a snapshot is depends on no clock that can be set', () => {
    const now = jest.spyOn(Date, 'now');
    try {
      const lostAt = steadyClock();
      now.mockReturnValue(0);
      const later = steadyClock();
      expect([later >= lostAt, later - lostAt < 75_000]).toEqual([true, true]);
      expect(staleSince({ heardAt: lostAt, lostAt }, later + 75_000)).toBe(lostAt + 75_000);
    } finally {
      now.mockRestore();
    }
  });
});
