import { ACTIVITY_NOTED_WITHIN } from '../../../../src/protocol/session-record';
import { controllerOver, POOLS, TestController } from '../world';

const MINUTES = 60_000;
const IDLE = 15 * MINUTES;

const AWAY = ['store.list', 'store.get', 'store.put', 'store.touch'];

/** A session under a reaper that has looked since before it was made. */
async function reaped(more: object = {}): Promise<{ one: TestController; id: string }> {
  const one = controllerOver();
  await one.tick();
  return { one, id: (await one.create(more)).body.sessionId };
}

/** Time goes by, with a look of the reaper at each minute. */
async function passed(one: TestController, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    one.world.now += MINUTES;
    await one.tick();
  }
}

async function isThere(one: TestController, id: string): Promise<boolean> {
  return await one.store.get(id) !== undefined;
}

describe('after a store that was away for longer than the idle time', () => {
  async function outage(more: object = {}): Promise<{ one: TestController; id: string }> {
    const { one, id } = await reaped(more);
    one.faults.failAlways(...AWAY);
    await passed(one, 20);
    one.faults.failAlways();
    one.world.now += MINUTES;
    await one.tick();
    return { one, id };
  }

  test('a session goes on when it is noted at once, as one with an open stream is', async () => {
    const { one, id } = await outage();
    expect(await isThere(one, id)).toBe(true);
    await one.store.touch(new Map([[id, one.world.now]]));
    await passed(one, 15);
    expect(await isThere(one, id)).toBe(true);
  });

  test('a session goes on when its client, which was refused meanwhile, comes back within the idle time', async () => {
    const { one, id } = await outage();
    await passed(one, 14);
    await one.store.touch(new Map([[id, one.world.now]]));
    await passed(one, 15);
    expect(await isThere(one, id)).toBe(true);
  });

  test('a session that nobody uses ends one idle time later, not before', async () => {
    const { one, id } = await outage();
    one.world.now += IDLE + ACTIVITY_NOTED_WITHIN - 1;
    await one.tick();
    expect(await isThere(one, id)).toBe(true);
    one.world.now += 1;
    await one.tick();
    expect([await isThere(one, id), one.provider.busy()]).toEqual([false, []]);
  });

  test('a session that is over for another reason ends at once', async () => {
    const { one, id } = await outage({ ttl: 60 });
    expect(await isThere(one, id)).toBe(false);
  });
});

test('a store that fails now and then keeps no session that nobody uses', async () => {
  const { one, id } = await reaped();
  for (let minute = 0; minute < 18; minute += 1) {
    if (minute % 7 === 6) one.faults.failAlways('store.list');
    await passed(one, 1);
    one.faults.failAlways();
  }
  expect(await isThere(one, id)).toBe(true);
  await passed(one, 3);
  expect(await isThere(one, id)).toBe(false);
});

// A replica, or one that is full: gateways go on to serve, and keep what they could not note.
test('after a store that refused writes for longer than the idle time, a session goes on when it is noted', async () => {
  const { one, id } = await reaped();
  one.faults.failAlways('store.put');
  await passed(one, 20);
  one.faults.failAlways();
  await one.tick();
  await one.store.touch(new Map([[id, one.world.now]]));
  await passed(one, 15);
  expect(await isThere(one, id)).toBe(true);
});

test('a session whose end has begun is ended by a reaper that has just begun', async () => {
  const one = controllerOver();
  const id = (await one.create()).body.sessionId;
  const { record, version } = (await one.store.get(id))!;
  await one.store.put({ ...record, phase: 'ending' }, version);
  await one.tick();
  expect([await isThere(one, id), one.provider.busy()]).toEqual([false, []]);
});

test('a reaper that has just begun, or leads again, ends nothing as idle before one idle time is over', async () => {
  const one = controllerOver();
  const id = (await one.create()).body.sessionId;
  one.world.now += 10 * MINUTES;
  await one.tick();
  one.world.leading = false;
  await passed(one, 10);
  one.world.leading = true;
  await passed(one, 16);
  expect(await isThere(one, id)).toBe(true);
  await passed(one, 1);
  expect(await isThere(one, id)).toBe(false);
});

test.each([['an open stream', 5], ['writes that wait for one another', 10]])('a session with a short idle time goes on as long as it is noted, with %s', async (_what, seconds) => {
  const { one, id } = await reaped({ idleTimeout: '10s' });
  for (let look = 0; look < 20; look += 1) {
    await one.store.touch(new Map([[id, one.world.now]]));
    one.world.now += seconds * 1000;
    await one.tick();
  }
  expect(await isThere(one, id)).toBe(true);
});

test('a session whose creation took longer than its idle time goes on from when it is ready', async () => {
  const one = controllerOver();
  await one.tick();
  const { claim } = one.provider;
  one.provider.nextClaim = async (wanted) => {
    one.world.now += MINUTES;
    return claim.call(one.provider, POOLS[0], wanted);
  };
  const id = (await one.create({ idleTimeout: '10s' })).body.sessionId;
  await one.tick();
  expect((await one.store.get(id))?.lastActivity).toBe(one.world.now);
});
