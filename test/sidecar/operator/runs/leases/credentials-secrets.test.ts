import { answered, CODER, FakeBroker, LeaseWorld, START, unreachable } from './lease-world';
import { issueCredentials } from '../../../../../sidecar/src/operator/runs/leases/credentials';
import { issueEgressToken } from '../../../../../sidecar/src/operator/runs/leases/egress-token';
import { renewLeases } from '../../../../../sidecar/src/operator/runs/leases/renewal';
import { revokeLeases } from '../../../../../sidecar/src/operator/runs/leases/revocation';
import { BrokerFailure } from '../../../../../sidecar/src/server/wire/broker-exchange';

/** No mask of the log knows it. */
const PLANTED = 'hunter2-planted-value';

const FAILURES: readonly [string, (() => Error) | undefined][] = [
  ['nothing fails', undefined],
  ['the broker is not reached', unreachable],
  ['the broker refuses', () => answered('PolicyRevoked')],
  ['the broker answers with something that is no code', () => new BrokerFailure('Refused', `the broker answered 403 "${PLANTED}"`, PLANTED)],
  ['the broker answers so in another way', () => new BrokerFailure('Unavailable', `the broker answered 500 "${PLANTED}"`, PLANTED)],
];

function plantedWorld() {
  const broker = new FakeBroker(() => world.now);
  broker.more = (name) => ({ value: `${PLANTED}-${name}`, ...(name === 'RAW' ? { deliveryMode: 'InContainer' as const, inContainerReason: 'the tool cannot use a proxy' } : {}) });
  const world: LeaseWorld = new LeaseWorld(broker, { podUID: 'pod-1' });
  return { broker, world };
}

test.each(FAILURES)('no value is in the status, an Event, the log or an outcome when %s', async (_, failure) => {
  const { broker, world } = plantedWorld();
  const seen: unknown[] = [];
  await issueCredentials(world.deps, world.work(), ['B'], CODER);
  broker.before = (_call, name) => { if (failure !== undefined && name !== 'RAW') throw failure(); };
  const issued = await issueCredentials(world.deps, world.work(), ['A', 'B', 'RAW'], CODER);
  seen.push(issued.kind === 'done' ? Object.keys(issued.value) : issued);
  const work = world.work();
  const token = await issueEgressToken(world.deps, work);
  seen.push(token.kind === 'done' ? undefined : token, work.status);
  world.now += 1800_000;
  await renewLeases(world.deps, work);
  await work.commit();
  world.now += 1800_000;
  const late = world.work();
  await renewLeases(world.deps, late);
  seen.push(await revokeLeases(world.deps, late, { since: START }));
  await late.commit();
  expect(world.visible(...seen)).not.toContain(PLANTED);
  expect(world.visible()).toContain('uss-RAW');
});

test('no value is in the error of a status that could not be written', async () => {
  const { world } = plantedWorld();
  world.commitFailures.push({ written: false });
  const error = await issueCredentials(world.deps, world.work(), ['A', 'RAW'], CODER).catch((one: unknown) => one);
  expect(error).toBeInstanceOf(Error);
  expect(world.visible(error)).not.toContain(PLANTED);
});
