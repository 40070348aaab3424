import { answered, CODER, conditionOf, FakeBroker, HOUR, LeaseWorld, SECOND, START, timeText, unreachable } from './lease-world';
import { issueCredentials } from '../../../../../sidecar/src/operator/runs/leases/credentials';
import { renewLeases } from '../../../../../sidecar/src/operator/runs/leases/renewal';
import { BrokerFailure } from '../../../../../sidecar/src/server/wire/broker-exchange';

let broker: FakeBroker;
let world: LeaseWorld;

beforeEach(() => {
  broker = new FakeBroker(() => world.now);
  world = new LeaseWorld(broker, { podUID: 'pod-1', phase: 'Running' });
});

/** A pod with leases on the names, which this process has issued. */
async function running(...names: string[]): Promise<void> {
  await issueCredentials(world.deps, world.work(), names, CODER);
  broker.asked.length = 0;
}

/** One reconcile, with the write at its end. */
async function look() {
  const work = world.work();
  const again = await renewLeases(world.deps, work);
  await work.commit();
  return again;
}

const ends = () => world.committed.issuedLeases?.map(({ expiresAt }) => expiresAt);

test('a lease is renewed at half of its life, and its new end is in the API', async () => {
  await running('A_TOKEN');
  expect(await look()).toBe(HOUR / 2);
  world.now += HOUR / 2 - 1;
  expect(await look()).toBe(1);
  expect(broker.asked).toEqual([]);
  world.now += 1;
  expect(await look()).toBe(HOUR / 2);
  expect(broker.asked).toEqual(['renew A_TOKEN']);
  expect(ends()).toEqual([timeText(START + 1.5 * HOUR)]);
});

test('leases that are due together are renewed by one request', async () => {
  await running('B_TOKEN', 'A_TOKEN');
  world.now += HOUR / 2;
  await look();
  expect(broker.asked).toEqual(['renew A_TOKEN,B_TOKEN']);
});

test('after a restart nobody knows how old a lease is, so it is renewed at once', async () => {
  world.committed = {
    ...world.committed,
    issuedLeases: [{ provider: 'UserSuppliedSecret', leaseID: 'uss-A_TOKEN', credentialName: 'A_TOKEN', expiresAt: timeText(START + HOUR) }],
    credentials: [{ name: 'A_TOKEN', provider: 'UserSuppliedSecret', deliveryMode: 'ProxyInjected' }],
  };
  world.now += 600 * SECOND;
  expect(await look()).toBe(HOUR / 2);
  expect(ends()).toEqual([timeText(START + 600 * SECOND + HOUR)]);
});

test('an end counts only when it is written: a write that fails is made up for', async () => {
  await running('A_TOKEN');
  world.now += HOUR / 2;
  world.commitFailures.push({ written: false });
  await expect(renewLeases(world.deps, world.work())).rejects.toThrow('did not answer');
  expect(ends()).toEqual([timeText(START + HOUR)]);
  await look();
  expect(broker.asked).toEqual(['renew A_TOKEN', 'renew A_TOKEN']);
  expect(ends()).toEqual([timeText(START + 1.5 * HOUR)]);
});

test('an end never comes nearer', async () => {
  await running('A_TOKEN');
  world.now += HOUR / 2;
  broker.ttl = 60 * SECOND;
  await look();
  expect(ends()).toEqual([timeText(START + HOUR)]);
});

test('the deadline of the run is not asked for again and again', async () => {
  await running('A_TOKEN');
  broker.renewed = (names) => ({ leases: names.map((name) => ({ name, leaseId: `uss-${name}`, expiresAt: timeText(START + HOUR) })) });
  for (let again = await look(); again !== undefined && world.now < START + 2 * HOUR; again = await look()) world.now += again;
  expect(broker.asked.length).toBeLessThan(12);
});

describe('nothing is renewed', () => {
  const quiet = async () => {
    world.now += HOUR / 2;
    expect(await look()).toBeUndefined();
    expect(broker.asked).toEqual([]);
  };

  test('for a run without pod', async () => {
    await running('A_TOKEN');
    delete (world.committed as { podUID?: string }).podUID;
    await quiet();
  });

  test('for a run that is over', async () => {
    await running('A_TOKEN');
    world.committed = { ...world.committed, phase: 'Failed' };
    await quiet();
  });

  test('for a run that is deleted', async () => {
    await running('A_TOKEN');
    world.now += HOUR;
    expect(await renewLeases(world.deps, world.work({ deletedAt: world.now }))).toBeUndefined();
    expect(broker.asked).toEqual([]);
  });

  test('of a credential that was handed out as it is', async () => {
    broker.more = () => ({ deliveryMode: 'InContainer', inContainerReason: 'the tool cannot use a proxy' });
    await running('A_TOKEN');
    await quiet();
  });

  test('of a lease that somebody has revoked', async () => {
    await running('A_TOKEN');
    world.committed = { ...world.committed, revokedLeases: { 'uss-A_TOKEN': timeText(world.now) } };
    await quiet();
  });
});

describe('a renewal that is refused', () => {
  const refusing = (code: string) => {
    broker.renewed = (names) => ({ leases: names.filter((name) => name !== 'A_TOKEN').map((name) => ({ name, leaseId: `uss-${name}`, expiresAt: timeText(world.now + HOUR) })), refused: [{ name: 'A_TOKEN', code }] });
  };
  const said = 'RenewalFailed: leases that are not renewed: A_TOKEN (PolicyMissing)';

  test('is told once, with code and name, and stops no other', async () => {
    await running('A_TOKEN', 'B_TOKEN');
    refusing('PolicyMissing');
    world.now += HOUR / 2;
    for (let looks = 0; looks < 3; looks += 1) world.now += (await look())!;
    expect(world.events).toEqual([`Warning ${said}`]);
    expect(conditionOf(world.committed, 'BrokerCredentialsReady')).toBe(`False ${said}`);
    expect(ends()).toEqual([timeText(START + HOUR), timeText(START + 1.5 * HOUR)]);
  });

  test('is tried again until the end of the lease, and not after it', async () => {
    await running('A_TOKEN');
    refusing('PolicyMissing');
    world.now += HOUR / 2;
    let again = await look();
    for (; again !== undefined; again = await look()) {
      expect(again).toBeLessThanOrEqual(60 * SECOND);
      world.now += again;
    }
    expect(world.now).toBeGreaterThanOrEqual(START + HOUR);
    expect(world.now).toBeLessThan(START + HOUR + 2 * SECOND);
    expect(broker.asked.length).toBeGreaterThan(30);
  });

  test('may be granted again, and then the condition says so', async () => {
    await running('A_TOKEN');
    refusing('PolicyMissing');
    world.now += HOUR / 2;
    world.now += (await look())!;
    broker.renewed = undefined;
    await look();
    expect(conditionOf(world.committed, 'BrokerCredentialsReady')).toBe('True AllIssued: 1 credentials issued: 1 proxy-injected, 0 in-container');
  });

  test('may be so for all of them', async () => {
    await running('A_TOKEN', 'B_TOKEN');
    broker.before = () => { throw answered('Forbidden'); };
    world.now += HOUR / 2;
    await look();
    expect(conditionOf(world.committed, 'BrokerCredentialsReady')).toMatch(/A_TOKEN \(Forbidden\), B_TOKEN \(Forbidden\)$/);
  });

  test('with a code that nobody knows is not repeated', async () => {
    await running('A_TOKEN');
    refusing('pdk-planted');
    world.now += HOUR / 2;
    await look();
    expect(world.visible()).not.toContain('planted');
    expect(world.events).toHaveLength(1);
  });

  test('is one for another lease than that of the pod, too', async () => {
    await running('A_TOKEN');
    broker.renewed = () => ({ leases: [{ name: 'A_TOKEN', leaseId: 'uss-other', expiresAt: timeText(world.now + HOUR) }] });
    world.now += HOUR / 2;
    await look();
    expect(ends()).toEqual([timeText(START + HOUR)]);
    expect(conditionOf(world.committed, 'BrokerCredentialsReady')).toMatch(/another lease/);
  });
});

describe('a broker that is away', () => {
  test('is tried again, and the condition of the broker says so until it is back', async () => {
    await running('A_TOKEN');
    broker.before = () => { throw unreachable(); };
    world.now += HOUR / 2;
    const again = await look();
    expect(again).toBe(60 * SECOND);
    expect(conditionOf(world.committed, 'BrokerReady')).toBe('False BrokerUnavailable: the broker does not renew leases: asking the broker: the connection failed: ECONNREFUSED');
    expect(world.events).toEqual([]);
    broker.before = () => undefined;
    world.now += again!;
    await look();
    expect(conditionOf(world.committed, 'BrokerReady')).toBe('True Issued: ');
    expect(ends()).toEqual([timeText(world.now + HOUR)]);
  });

  test.each<[string, () => Error]>([
    ['does not know the operator', () => answered('Unauthorized')], ['is overloaded', () => answered('Unavailable')],
    ['is behind something that answers for it', () => new BrokerFailure('Refused', 'the broker answered 302')],
  ])('is one that %s, too', async (_, failure) => {
    await running('A_TOKEN');
    broker.before = () => { throw failure(); };
    world.now += HOUR / 2;
    await look();
    expect(world.events).toEqual([]);
    expect(conditionOf(world.committed, 'BrokerReady')).toMatch(/^False BrokerUnavailable/);
  });

  test('is not one that answers why it does not renew now', async () => {
    await running('A_TOKEN');
    broker.before = () => { throw new BrokerFailure('Unavailable', 'the broker answered 503', 'AuditUnavailable'); };
    world.now += HOUR / 2;
    await look();
    expect(conditionOf(world.committed, 'BrokerReady')).toBe('False AuditUnavailable: the broker does not renew leases: AuditUnavailable');
  });

  test('beyond the end of a lease is told, and the lease comes back with it', async () => {
    await running('A_TOKEN');
    broker.before = () => { throw unreachable(); };
    world.now += HOUR + SECOND;
    const again = await look();
    expect(world.events).toEqual(['Warning RenewalFailed: leases that are not renewed: A_TOKEN (ended while the broker could not be asked)']);
    broker.before = () => undefined;
    world.now += again!;
    await look();
    expect(ends()).toEqual([timeText(world.now + HOUR)]);
    expect(conditionOf(world.committed, 'BrokerCredentialsReady')).toMatch(/^True AllIssued/);
  });
});
