import { answered, CODER, conditionOf, FakeBroker, LeaseWorld, SECOND, START, timeText, unreachable } from './lease-world';
import { issueCredentials } from '../../../../../sidecar/src/operator/runs/leases/credentials';
import { issueEgressToken } from '../../../../../sidecar/src/operator/runs/leases/egress-token';
import { BrokerCode, NO_EXPIRY } from '../../../../../src/protocol/broker-api';
import { PREREQUISITE_SECONDS } from '../../../../../src/protocol/runs';

const NAMES = ['B_TOKEN', 'A_TOKEN'];
const many = (count: number) => Array.from({ length: count }, (_, at) => `TOKEN_${String(at).padStart(2, '0')}`);

let broker: FakeBroker;
let world: LeaseWorld;
beforeEach(() => {
  broker = new FakeBroker(() => world.now);
  world = new LeaseWorld(broker);
});

const issue = (names: readonly string[] = NAMES) => world.look((work) => issueCredentials(world.deps, work, names, CODER));
const failing = (code: BrokerCode, name = 'A_TOKEN') => {
  broker.before = (call, one) => {
    if (call !== 'revoke' && (one === name || one === '')) throw answered(code);
  };
};

test('the values are handed over by name, and the leases are in the API by then', async () => {
  expect(await issue()).toEqual({ kind: 'done', value: { A_TOKEN: 'pdk-usersecret-planted-A_TOKEN', B_TOKEN: 'pdk-usersecret-planted-B_TOKEN' } });
  const lease = (name: string) => ({ provider: 'UserSuppliedSecret', leaseID: `uss-${name}`, credentialName: name, expiresAt: timeText(START + broker.ttl) });
  const credential = (name: string) => ({ name, provider: 'UserSuppliedSecret', deliveryMode: 'ProxyInjected', hosts: ['api.example.test'] });
  expect(world.committed).toMatchObject({ issuedLeases: ['A_TOKEN', 'B_TOKEN'].map(lease), credentials: ['A_TOKEN', 'B_TOKEN'].map(credential) });
  expect(world.commits).toBe(1);
});

test('the condition counts what reaches the run how', async () => {
  broker.more = (name) => (name === 'A_TOKEN' ? { deliveryMode: 'InContainer', hosts: undefined, inContainerReason: 'the tool cannot use a proxy' } : {});
  await issue([...NAMES, 'C_TOKEN']);
  expect(conditionOf(world.committed, 'BrokerCredentialsReady')).toBe('True AllIssued: 3 credentials issued: 2 proxy-injected, 1 in-container');
  expect(world.committed.credentials![0]).toEqual({ name: 'A_TOKEN', provider: 'UserSuppliedSecret', deliveryMode: 'InContainer', inContainerReason: 'the tool cannot use a proxy' });
});

test('a lease without end has none in the status, and the first slot of a pool is a slot', async () => {
  broker.more = () => ({ expiresAt: NO_EXPIRY, provider: 'PATPool', poolSecretRef: { name: 'pool', key: 'tokens' }, poolSlotIndex: 0 });
  await issue(['A_TOKEN']);
  expect(world.committed.issuedLeases).toEqual([{ provider: 'PATPool', leaseID: 'uss-A_TOKEN', credentialName: 'A_TOKEN', poolRef: { secretRef: { name: 'pool', key: 'tokens' }, slotIndex: 0 } }]);
});

test('asking again, as after a restart, gets the same leases and keeps one entry for each', async () => {
  await issue();
  const first = world.committed;
  expect((await issue()).kind).toBe('done');
  expect(world.committed).toEqual(first);
});

test('the end that is written stays until half of it is over, so that no look alone changes the status', async () => {
  await issue(['A_TOKEN']);
  const ends = async () => {
    await issue(['A_TOKEN']);
    return world.committed.issuedLeases![0].expiresAt;
  };
  const [first, half] = [timeText(START + broker.ttl), broker.ttl / 2];
  world.now = START + half - SECOND;
  expect(await ends()).toBe(first);
  world.now = START + half;
  expect(await ends()).toBe(timeText(START + half + broker.ttl));
});

test('an end that has come nearer is written', async () => {
  await issue(['A_TOKEN']);
  broker.ttl -= SECOND;
  await issue(['A_TOKEN']);
  expect(world.committed.issuedLeases![0].expiresAt).toBe(timeText(START + broker.ttl));
});

test('a lease of another provider stays in the status until it is revoked', async () => {
  await issue(['A_TOKEN']);
  broker.more = () => ({ provider: 'GitHubApp', leaseId: 'gha-A_TOKEN' });
  await issue(['A_TOKEN']);
  expect(world.committed.issuedLeases?.map(({ leaseID }) => leaseID)).toEqual(['gha-A_TOKEN', 'uss-A_TOKEN']);
  expect(world.committed.credentials).toEqual([expect.objectContaining({ name: 'A_TOKEN', provider: 'GitHubApp' })]);
});

test('at most four are asked for at the same time', async () => {
  broker.turns = 3;
  await issue(many(32));
  expect(broker.most).toBe(4);
  expect(world.committed.issuedLeases).toHaveLength(32);
});

test('a run that needs none asks for none', async () => {
  expect(await issue([])).toEqual({ kind: 'done', value: {} });
  expect(broker.asked).toEqual([]);
  expect(world.committed).not.toHaveProperty('issuedLeases');
});

test('the egress token is handed over and is nowhere in the status', async () => {
  const work = world.work();
  expect(await issueEgressToken(world.deps, work)).toEqual({ kind: 'done', value: 'pdk-egress-planted-token' });
  expect(conditionOf(work.status, 'BrokerReady')).toBe('True Issued: ');
  expect(JSON.stringify(work.status)).not.toContain('planted');
});

describe('when one of them is refused,', () => {
  test('the leases of the others are in the API before anything else happens', async () => {
    broker.turns = 1;
    failing('ProviderFailure', 'TOKEN_01');
    expect((await issue(many(4))).kind).toBe('wait');
    expect(world.committed.issuedLeases?.map(({ credentialName }) => credentialName)).toEqual(['TOKEN_00', 'TOKEN_02', 'TOKEN_03']);
    expect(conditionOf(world.committed, 'BrokerCredentialsReady')).toBe('False Issuing: 3 of 4 credentials issued');
  });

  test('no further one is asked for, and it is the first that is asked for again', async () => {
    broker.turns = 1;
    failing('PoolExhausted', 'TOKEN_02');
    await issue(many(20));
    expect(broker.asked.length).toBeLessThanOrEqual(8);
    broker.asked.length = 0;
    await issue(many(20));
    expect(broker.asked[0]).toBe('issue TOKEN_02');
  });

  test('what ends the run counts more than what passes', async () => {
    broker.turns = 1;
    broker.before = (_, name) => { throw answered(name === 'B_TOKEN' ? 'Forbidden' : 'ProviderFailure'); };
    expect(await issue()).toMatchObject({ kind: 'fail', reason: 'BrokerDenied', message: expect.stringMatching(/credential B_TOKEN: Forbidden/) });
  });

  test('a commit that fails is told, and nothing is handed over', async () => {
    world.commitFailures.push({ written: false });
    await expect(issue()).rejects.toThrow('the API server did not answer');
    expect((await issue()).kind).toBe('done');
  });
});

describe('the run ends with', () => {
  test.each<BrokerCode>(['Forbidden', 'PolicyRevoked'])('%s, naming code and credential', async (code) => {
    failing(code);
    expect(await issue()).toMatchObject({ kind: 'fail', reason: 'BrokerDenied', message: expect.stringContaining(`the broker does not give the credential A_TOKEN: ${code} (`) });
    expect(conditionOf(world.committed, 'BrokerReady')).toMatch(new RegExp(`^False BrokerDenied: .*A_TOKEN: ${code}`));
  });

  test.each<BrokerCode>(['RunNotFound', 'CredentialNotFound', 'PolicyMissing'])('%s, when the broker has had the time to hear of it', async (code) => {
    failing(code);
    expect(await issue()).toMatchObject({ kind: 'wait', reason: 'BrokerUnavailable', againAfter: SECOND });
    world.now += PREREQUISITE_SECONDS * SECOND - 1;
    expect((await issue()).kind).toBe('wait');
    world.now += 1;
    expect(await issue()).toMatchObject({ kind: 'fail', reason: 'BrokerDenied', message: expect.stringContaining(code) });
  });

  test('Forbidden for the egress token', async () => {
    failing('Forbidden');
    const work = world.work();
    expect(await issueEgressToken(world.deps, work)).toMatchObject({ kind: 'fail', message: expect.stringMatching(/the run's egress token: Forbidden/) });
    expect(conditionOf(work.status, 'BrokerReady')).toMatch(/^False BrokerDenied/);
  });
});

describe('the run waits for', () => {
  test.each<[BrokerCode, string]>([
    ['PoolExhausted', 'PoolExhausted'], ['ProviderFailure', 'ProviderFailure'], ['Unavailable', 'BrokerUnavailable'],
    ['Unauthorized', 'BrokerUnavailable'], ['AuditUnavailable', 'AuditUnavailable'], ['BadRequest', 'BrokerUnavailable'], ['RunTerminated', 'BrokerUnavailable'], ['NotFound', 'BrokerUnavailable'],
  ])('%s, as %s', async (code, reason) => {
    failing(code);
    world.now += 2 * PREREQUISITE_SECONDS * SECOND;
    expect(await issue()).toMatchObject({ kind: 'wait', reason, againAfter: 10 * SECOND, message: expect.stringContaining(`A_TOKEN: ${code}`) });
    expect(conditionOf(world.committed, 'BrokerReady')).toMatch(new RegExp(`^False ${reason}: `));
  });

  test('a broker that was asked for too many tokens of the way out, and not for one that is away', async () => {
    failing('RateLimited');
    const work = world.work();
    expect(await issueEgressToken(world.deps, work)).toMatchObject({ kind: 'wait', reason: 'RateLimited', againAfter: 10 * SECOND });
    expect(conditionOf(work.status, 'BrokerReady')).toMatch(/^False RateLimited: .*asked too often/);
  });

  test('a broker that is not reached, and is told how it is not', async () => {
    broker.before = () => { throw unreachable(); };
    expect(await issue()).toMatchObject({ kind: 'wait', message: 'the broker does not give the credential A_TOKEN: asking the broker: the connection failed: ECONNREFUSED' });
    expect((await issueEgressToken(world.deps, world.work())).kind).toBe('wait');
  });

  test('a Secret that is missing, with the policy that names it', async () => {
    const grant = (name: string) => ({ name, provider: { kind: 'AnthropicAPI' as const, secretRef: { name: 's', key: 'k' } } });
    world.policies.push({ name: 'p1', spec: { appliesToTemplates: ['*'], grants: { credentials: [grant('A_TOKEN')] } } }, { name: 'p2', spec: { appliesToTemplates: ['*'], grants: {} } });
    failing('ProviderFailure');
    expect(await issue()).toMatchObject({ message: expect.stringMatching(/create or mend the Secret; the broker's log says more; granted by BrokerPolicy p1 from Secret 's', key 'k'\)$/) });
  });

  test.each<BrokerCode>(['AuditUnavailable', 'Forbidden', 'PolicyRevoked', 'PoolExhausted'])('what no Secret has caused, without the name of one: %s', async (code) => {
    const provider = { kind: 'AnthropicAPI' as const, secretRef: { name: 'hush', key: 'hidden' } };
    world.policies.push({ name: 'p1', spec: { appliesToTemplates: ['*'], grants: { credentials: [{ name: 'A_TOKEN', provider }] } } });
    failing(code);
    expect(await issue()).toMatchObject({ message: expect.stringMatching(/; granted by BrokerPolicy p1\)$/) });
    expect(world.visible()).not.toMatch(/hush|hidden/);
  });
});
