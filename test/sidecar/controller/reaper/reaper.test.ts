import type { Page } from '../../../../sidecar/src/store/store';
import { StoreError } from '../../../../sidecar/src/store/store-error';
import { ACTIVITY_NOTED_WITHIN } from '../../../../src/protocol/session-record';
import { controllerOver, TestController } from '../world';

const MINUTES = 60_000;
const NOTED = ACTIVITY_NOTED_WITHIN;

async function withSessions(count: number, more: object = {}): Promise<{ one: TestController; ids: string[] }> {
  const one = controllerOver({ workers: count });
  const ids: string[] = [];
  // It has looked before.
  await one.tick();
  for (let i = 0; i < count; i += 1) ids.push((await one.create(more)).body.sessionId);
  return { one, ids };
}

async function countOf(one: TestController, reason: string): Promise<string | undefined> {
  return new RegExp(`controller_ended_sessions_total\\{reason="${reason}",.*\\} (\\d+)`).exec(await one.registry.metrics())?.[1];
}

test.each([['Expired', { ttl: 600, idleTimeout: '10m' }, 10 * MINUTES], ['Idle', { idleTimeout: '5m' }, 5 * MINUTES + NOTED]])('a session that is %s ends, not before its time', async (reason, more, time) => {
  const { one } = await withSessions(1, more);
  one.world.now += time - 1;
  await one.tick();
  expect(one.provider.busy()).toHaveLength(1);
  one.world.now += 1;
  await one.tick();
  expect([await one.records(), one.provider.busy(), await countOf(one, reason)]).toEqual([[], [], '1']);
});

test('activity keeps a session', async () => {
  const { one, ids } = await withSessions(1, { idleTimeout: '5m' });
  one.world.now += 4 * MINUTES;
  await one.store.touch(new Map([[ids[0], one.world.now]]));
  one.world.now += 2 * MINUTES;
  await one.tick();
  expect(one.provider.busy()).toHaveLength(1);
});

test('a request in the last moment of the idle time keeps a session, although it is noted later', async () => {
  const { one, ids } = await withSessions(1, { idleTimeout: '5m' });
  const request = one.world.now += 5 * MINUTES - 1;
  one.world.now += NOTED - 1;
  await one.tick();
  await one.store.touch(new Map([[ids[0], request]]));
  one.world.now += 4 * MINUTES;
  await one.tick();
  expect(one.provider.busy()).toHaveLength(1);
});

test('activity that comes while the reaper is on its way keeps a session, too', async () => {
  const { one, ids } = await withSessions(1, { idleTimeout: '5m' });
  one.world.now += 6 * MINUTES;
  const { list } = one.store;
  one.store.list = async (...args) => {
    const page = await list.apply(one.store, args);
    await one.store.touch(new Map([[ids[0], one.world.now]]));
    return page;
  };
  await one.tick();
  expect(one.provider.busy()).toHaveLength(1);
});

test('more than a page of sessions end in one tick', async () => {
  const { one } = await withSessions(130);
  one.world.now += 120 * MINUTES;
  await one.tick();
  expect(await one.records()).toEqual([]);
}, 60_000);

test('what cannot be ended holds up nothing behind it, and is tried again', async () => {
  const { one, ids } = await withSessions(5);
  const { release } = one.provider;
  one.provider.release = (namespace, id) => id === ids[0] ? Promise.reject(new Error('stuck')) : release.call(one.provider, namespace, id);
  one.world.now += 120 * MINUTES;
  await one.tick();
  expect((await one.records()).map(({ record: { id } }) => id)).toEqual([ids[0]]);
  one.provider.release = release;
  await one.tick();
  expect(await one.records()).toEqual([]);
});

test('poison is told, and holds up nothing', async () => {
  const { one } = await withSessions(2);
  const { list } = one.store;
  one.store.list = async (...args): Promise<Page> => ({ ...await list.apply(one.store, args), poisoned: [{ id: 's-bad', problem: 'is not JSON', quarantined: true }] });
  one.world.now += 120 * MINUTES;
  await one.tick();
  expect(await one.records()).toEqual([]);
  expect(one.output.join('')).toContain('"session":"s-bad","problem":"is not JSON","quarantined":true');
});

test('a part of the store that is away holds up none of the others', async () => {
  const { one } = await withSessions(2);
  const { list } = one.store;
  let asked = 0;
  one.store.list = async (listing, page) => {
    asked += 1;
    if (asked === 1) throw new StoreError('Unavailable', 'one shard is away', { next: 'behind' });
    return list.call(one.store, listing, { limit: page.limit });
  };
  one.world.now += 120 * MINUTES;
  await one.tick();
  expect([asked, await one.records()]).toEqual([2, []]);
});

test('a store that is away is told once a turn, however many pages it has', async () => {
  const { one } = await withSessions(1);
  let left = 16;
  one.store.list = async () => {
    left -= 1;
    throw new StoreError('Unavailable', 'the store is away', left === 0 ? {} : { next: `shard ${left}` });
  };
  await one.tick();
  expect([left, one.output.join('').split('could not be listed').length - 1]).toEqual([0, 1]);
});

describe('the reaper leaves alone', () => {
  test('everything, while another replica leads', async () => {
    const { one } = await withSessions(1);
    one.world.now += 120 * MINUTES;
    one.world.leading = false;
    one.faults.arm(undefined);
    await one.tick();
    expect(one.faults.calls).toEqual([]);
  });

  test('workers, when the lease is lost on the way', async () => {
    const { one, ids } = await withSessions(1);
    await one.store.remove(ids[0]);
    one.world.now += 6 * MINUTES;
    const { recycled } = one.provider;
    const { list } = one.store;
    one.store.list = async (...args) => {
      one.world.leading = false;
      return list.apply(one.store, args);
    };
    await one.tick();
    expect([one.provider.busy().length, one.provider.recycled]).toEqual([1, recycled]);
  });

  test('workers without a session, while the store does not answer', async () => {
    const { one, ids } = await withSessions(1);
    await one.store.remove(ids[0]);
    one.world.now += 6 * MINUTES;
    one.faults.failAlways('store.get');
    await one.tick();
    expect(one.provider.busy()).toHaveLength(1);
  });

  test('workers that were claimed a moment ago', async () => {
    const { one, ids } = await withSessions(1);
    await one.store.remove(ids[0]);
    one.world.now += 5 * MINUTES - 1;
    await one.tick();
    expect(one.provider.busy()).toHaveLength(1);
  });
});

test('a worker that claims to be of a session in another namespace goes, and the session stays', async () => {
  const { one, ids } = await withSessions(1);
  const forged = one.provider.workers.find(({ namespace }) => namespace === 'team-b')!;
  Object.assign(forged, { sessionId: ids[0], claimedBy: one.world.now });
  one.world.now += 6 * MINUTES;
  await one.tick();
  expect(one.provider.busy().map(({ namespace }) => namespace)).toEqual(['team-a']);
  expect(await countOf(one, 'Orphaned')).toBe('1');
});

test('warm workers that nobody should get are recycled, whatever else fails', async () => {
  const one = controllerOver();
  one.faults.failAlways('store.list', 'provider.claimed');
  await one.tick();
  expect(one.provider.recycled).toBe(1);
  expect(await one.registry.metrics()).toContain('controller_reaper_failures_total{part="orphan",role="controller"} 1');
});

test('two ticks at once are one', async () => {
  const one = controllerOver();
  await Promise.all([one.tick(), one.tick()]);
  expect(one.provider.recycled).toBe(1);
});
