import { answered, SECOND } from './lease-world';
import { Limiter } from '../../../../../sidecar/src/server/bounds/limiter';
import { BROKER_RATES } from '../../../../../src/protocol/broker-api';
import type { BrokerCode } from '../../../../../src/protocol/broker-api';
import { RunWorld, TEMPLATE } from '../run-world';

const failing = (world: RunWorld, code: BrokerCode, fails: (call: string, name: string) => boolean) => {
  world.broker.before = (call, name) => {
    if (fails(call, name)) throw answered(code);
  };
};

describe('a run that gets no further writes its status once and is looked at when it asks to be', () => {
  test.each<[string, number, (world: RunWorld) => void]>([
    ['without a token for its way out', 10, (world) => failing(world, 'Unavailable', (call) => call === 'issue-egress')],
    ['without one of its credentials', 10, (world) => failing(world, 'ProviderFailure', (_, name) => name === 'B')],
    ['without any', 10, (world) => failing(world, 'AuditUnavailable', () => true)],
    ['without the address of the proxy', 5, (world) => world.publishProxy({})],
  ])('%s', async (_, seconds, stop) => {
    const world = new RunWorld();
    stop(world);
    await world.reconcile();
    const written = world.api.statuses.length;
    for (let look = 0; look < 20; look += 1) {
      world.pass(seconds * SECOND);
      expect(await world.reconcile()).toBe(seconds * SECOND);
    }
    expect(world.api.statuses).toHaveLength(written);
  });
});

test('a broker that is well again is said to be, with the first token', async () => {
  const world = new RunWorld();
  failing(world, 'Unavailable', (call) => call === 'issue-egress');
  await world.reconcile();
  expect(world.condition('BrokerReady')).toMatch(/^False BrokerUnavailable: .*egress token: Unavailable/);
  world.broker.before = () => undefined;
  await world.reconcile();
  expect(world.condition('BrokerReady')).toBe('True Issued: ');
});

describe('a run with more credentials than the broker gives at once', () => {
  const names = Array.from({ length: 32 }, (_, at) => ({ name: `TOKEN_${String(at).padStart(2, '0')}` }));

  function limitedWorld() {
    const world = new RunWorld();
    const [{ spec }] = world.policies;
    const [grant] = spec.grants.credentials!;
    world.templates.coder = { ...TEMPLATE, requires: { credentials: names } };
    world.policies[0] = { name: 'all', spec: { ...spec, grants: { credentials: names.map(({ name }) => ({ ...grant, name })) } } };
    const limiter = new Limiter({ ...BROKER_RATES.issue, maxKeys: 1, clock: () => world.api.now });
    failing(world, 'RateLimited', (call) => call === 'issue' && !limiter.take('r1').allowed);
    return world;
  }

  /** As the queue does: at once when the status was written, else when it asks to be. Milliseconds until there is a pod. */
  async function untilPod(world: RunWorld): Promise<number> {
    const begin = world.api.now;
    for (let look = 0; look < 50; look += 1) {
      const written = world.api.statuses.length;
      const again = await world.reconcile();
      if (world.status.podUID !== undefined) return world.api.now - begin;
      if (world.api.statuses.length === written) world.pass(again!);
    }
    throw new Error('it never has all of them');
  }

  test('has all of them as soon as the rate allows, and nobody is alarmed', async () => {
    const world = limitedWorld();
    const { perSecond, burst } = BROKER_RATES.issue;
    expect(await untilPod(world)).toBe(Math.ceil((names.length - burst) / perSecond) * SECOND);
    expect(world.status.issuedLeases).toHaveLength(32);
    expect(world.condition('BrokerCredentialsReady')).toMatch(/^True AllIssued: 32 credentials/);
    expect(world.events.join()).not.toContain('Broker');
    // No credential is asked for again that was given.
    const given = names.map(({ name }) => world.broker.asked.filter((call) => call === `issue ${name}`).length);
    expect(Math.max(...given)).toBeLessThan(10);
  });

  test('says how far it is, and that nothing is wrong with the broker', async () => {
    const world = limitedWorld();
    await world.reconcile();
    expect(world.condition('Completed')).toBe('False InProgress: 10 of 32 credentials issued; the broker gives no more at once');
    expect(world.condition('BrokerCredentialsReady')).toBe('False Issuing: 10 of 32 credentials issued');
    expect(world.condition('BrokerReady')).toBeUndefined();
  });

  test('has all of them after a change of the leader, which knows nothing of the values', async () => {
    const world = limitedWorld();
    await world.reconcile();
    world.pass(SECOND);
    await world.reconcile();
    world.anotherReplica();
    expect(await untilPod(world)).toBeGreaterThan(0);
    expect(world.status.issuedLeases).toHaveLength(32);
  });
});
