import { answered, conditionOf, FakeBroker, LeaseWorld, SECOND, START, timeText, unreachable } from './lease-world';
import { revokeLeases } from '../../../../../sidecar/src/operator/runs/leases/revocation';
import type { HarnessRunStatus } from '../../../../../src/protocol/resources';
import { REVOKE_SECONDS } from '../../../../../src/protocol/runs';

const lease = (name: string) => ({ provider: 'UserSuppliedSecret' as const, leaseID: `uss-${name}`, credentialName: name });
const names = (count: number) => Array.from({ length: count }, (_, at) => `T${at}`);

let broker: FakeBroker;
let world: LeaseWorld;

function over(leases: readonly string[], more: HarnessRunStatus = {}): void {
  broker = new FakeBroker();
  world = new LeaseWorld(broker, { phase: 'Succeeded', issuedLeases: leases.map(lease), ...more });
}

async function revoke(since = START) {
  const work = world.work();
  const outcome = await revokeLeases(world.deps, work, { since });
  await work.commit();
  return outcome;
}

test('every lease of a run is revoked, and the condition says so', async () => {
  over(['A', 'B']);
  expect(await revoke()).toEqual({ kind: 'done', value: undefined });
  expect(broker.asked).toEqual(['revoke uss-A', 'revoke uss-B']);
  expect(conditionOf(world.committed, 'CredentialsRevoked')).toBe('True Revoked: 2 leases revoked');
});

test('credentials that the run had in its container are named: no broker takes them back', async () => {
  over(['A', 'B', 'C']);
  const credentials = (['ProxyInjected', 'InContainer', 'InContainer'] as const).map((deliveryMode, at) => ({ name: 'ABC'[at], deliveryMode }));
  world.committed = { ...world.committed, credentials };
  await revoke();
  expect(conditionOf(world.committed, 'CredentialsRevoked')).toBe(
    'True Revoked: 3 leases revoked; credentials that the run had in its container stay good at their provider until they are changed there: B, C',
  );
});

test('what the broker has said to be revoked is not revoked again', async () => {
  over(['A', 'B'], { revokedLeases: { 'uss-A': timeText(START) } });
  await revoke();
  expect(broker.asked).toEqual(['revoke uss-B']);
});

test('a run without leases needs no call and no condition', async () => {
  over([]);
  expect((await revoke()).kind).toBe('done');
  expect(broker.asked).toEqual([]);
  expect(world.committed).not.toHaveProperty('conditions');
});

test('once they are revoked, nothing is asked for any more, whether the broker says so in the status or not', async () => {
  over(['A']);
  await revoke();
  expect((await revoke(START + SECOND)).kind).toBe('done');
  expect(broker.asked).toHaveLength(1);
});

test('at most four are revoked at the same time', async () => {
  over(names(20));
  broker.turns = 2;
  await revoke();
  expect(broker.most).toBe(4);
  expect(broker.asked).toHaveLength(20);
});

describe('a broker that fails', () => {
  test('for one lease does not keep the others from being revoked', async () => {
    over(names(9));
    broker.before = (_, id) => { if (id === 'uss-T0') throw answered('ProviderFailure'); };
    expect(await revoke()).toEqual({ kind: 'wait', reason: 'InProgress', message: '1 of 9 leases are not revoked yet: ProviderFailure', againAfter: SECOND });
    expect(broker.asked).toHaveLength(9);
    expect(conditionOf(world.committed, 'CredentialsRevoked')).toBe('False Revoking: 1 of 9 leases are not revoked yet: ProviderFailure');
  });

  test('to answer at all is not asked for each of them', async () => {
    over(names(20));
    broker.turns = 1;
    broker.before = () => { throw unreachable(); };
    await revoke();
    expect(broker.asked).toHaveLength(4);
  });

  test('is asked again with longer and longer pauses, until the run goes on without it and an Event names the leases', async () => {
    over(names(8));
    broker.before = () => { throw answered('AuditUnavailable'); };
    const pauses: number[] = [];
    let outcome = await revoke();
    for (; outcome.kind === 'wait' && pauses.length < 20; outcome = await revoke()) {
      pauses.push(outcome.againAfter! / SECOND);
      world.now += outcome.againAfter!;
    }
    expect(pauses).toEqual([1, 1, 2, 4, 8, 14]);
    expect(outcome.kind).toBe('done');
    expect(world.now).toBe(START + REVOKE_SECONDS * SECOND);
    expect(world.events).toEqual(['Warning RevokeFailed: leases that are not revoked: uss-T0, uss-T1, uss-T2, uss-T3, uss-T4, uss-T5 and 2 more: AuditUnavailable']);
    expect(conditionOf(world.committed, 'CredentialsRevoked')).toMatch(/^False RevokeFailed: .*uss-T7: AuditUnavailable$/);
  });

  test('is not asked any more after that, until the run is deleted', async () => {
    over(['A']);
    broker.before = () => { throw answered('Forbidden'); };
    world.now += REVOKE_SECONDS * SECOND;
    await revoke();
    expect((await revoke()).kind).toBe('done');
    expect([broker.asked.length, world.events.length]).toEqual([1, 1]);
    broker.before = () => undefined;
    await revoke(world.now);
    expect(conditionOf(world.committed, 'CredentialsRevoked')).toBe('True Revoked: 1 lease revoked');
  });

  test('in a way that nobody foresaw does not keep the run from its end either, and is in the log', async () => {
    over(['A']);
    broker.before = () => { throw new Error('pdk-usersecret-planted-text'); };
    world.now += REVOKE_SECONDS * SECOND;
    expect((await revoke()).kind).toBe('done');
    expect(world.events).toEqual(['Warning RevokeFailed: leases that are not revoked: uss-A: the broker could not be asked']);
    expect(world.captured.lines()).toHaveLength(1);
    expect(world.visible()).not.toContain('planted');
  });
});

test('an operator that was away for longer than the time still tries once', async () => {
  over(['A']);
  world.now += 10 * REVOKE_SECONDS * SECOND;
  expect((await revoke()).kind).toBe('done');
  expect(conditionOf(world.committed, 'CredentialsRevoked')).toMatch(/^True Revoked/);
});
