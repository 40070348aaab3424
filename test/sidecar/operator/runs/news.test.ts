import { answered } from './leases/lease-world';
import { RunWorld } from './run-world';
import type { BrokerCode } from '../../../../src/protocol/broker-api';

const LOOK = 10_000;

/** Looks at a run whose broker answers so, one after the other, to the call; answers what the run waited for each time. */
async function looks(world: RunWorld, answers: readonly (readonly [call: 'issue' | 'issue-egress', code: BrokerCode])[]): Promise<string[]> {
  const waited: string[] = [];
  for (const [call, code] of answers) {
    world.broker.before = (one) => { if (one === call) throw answered(code); };
    await world.reconcile();
    waited.push(world.completed);
    world.pass(LOOK);
  }
  return waited;
}

function many<T>(times: number, ...items: readonly T[]): T[] {
  return Array.from({ length: times }, () => items).flat();
}

const warnings = ({ events }: RunWorld) => events.filter((event) => event.startsWith('Warning'));

test('replicas of the broker that fail each in its own way are told as one trouble, and the status says each', async () => {
  const world = new RunWorld();
  const waited = await looks(world, many(3, ['issue', 'Unavailable'], ['issue', 'ProviderFailure'], ['issue', 'AuditUnavailable'], ['issue', 'RunNotFound']));
  expect(new Set(waited)).toEqual(new Set(['False BrokerUnavailable', 'False ProviderFailure', 'False AuditUnavailable']));
  expect(world.events).toEqual(['Warning BrokerUnavailable']);
});

test('nor is it another trouble after the broker has asked for time, for credentials or the token of the way out', async () => {
  const world = new RunWorld();
  const waited = await looks(world, many(3, ['issue', 'ProviderFailure'], ['issue', 'RateLimited'], ['issue', 'AuditUnavailable'], ['issue-egress', 'RateLimited']));
  expect(waited.slice(0, 4)).toEqual(['False ProviderFailure', 'False InProgress', 'False AuditUnavailable', 'False RateLimited']);
  expect(world.events).toEqual(['Warning ProviderFailure']);
});

test('a broker that asks for time is nothing to be told', async () => {
  const world = new RunWorld();
  expect(await looks(world, many(3, ['issue-egress', 'RateLimited'], ['issue', 'RateLimited']))).toContain('False RateLimited');
  expect(world.events).toEqual([]);
});

test('a trouble that comes after that is told', async () => {
  const world = new RunWorld();
  await looks(world, [['issue-egress', 'RateLimited'], ['issue', 'RateLimited'], ['issue', 'ProviderFailure'], ['issue', 'ProviderFailure']]);
  expect(world.events).toEqual(['Warning ProviderFailure']);
});

test('a pool without a free token is told once, whenever the broker asks for time', async () => {
  const world = new RunWorld();
  await looks(world, many(3, ['issue', 'PoolExhausted'], ['issue', 'RateLimited'], ['issue-egress', 'RateLimited']));
  expect(world.events).toEqual(['Warning PoolExhausted']);
});

test('a pool without a free token is another thing to wait for than a broker that fails', async () => {
  const world = new RunWorld();
  await looks(world, [['issue', 'PoolExhausted'], ['issue', 'ProviderFailure']]);
  expect(world.events).toEqual(['Warning PoolExhausted', 'Warning ProviderFailure']);
});

test('a trouble that comes back after another thing was waited for is told again', async () => {
  const world = new RunWorld();
  await looks(world, [['issue', 'Unavailable']]);
  world.policies.length = 0;
  await world.reconcile();
  world.policies.push(...new RunWorld().policies);
  await looks(world, [['issue', 'AuditUnavailable']]);
  expect(warnings(world)).toEqual(['Warning BrokerUnavailable', 'Warning PolicyMissing', 'Warning AuditUnavailable']);
});
