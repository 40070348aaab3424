import * as fc from 'fast-check';
import { idleAfter, MINUTE, recordOf, T0 } from './records';
import { eventually, isOnPath, TestServer, TIMES } from './servers';
import { StoreConnection } from '../../../sidecar/src/store/connection';
import { cursorText, firstOf } from '../../../sidecar/src/store/cursor';
import { dueAt, whyOver } from '../../../sidecar/src/store/due';
import { DUE_SHARDS, dueKey, dueShardOf, ownerKey } from '../../../sidecar/src/store/keys';
import { afterPage, newRound, Round, verdictsOf } from '../../../sidecar/src/store/round';
import type { SessionStore } from '../../../sidecar/src/store/store';
import { StoreError } from '../../../sidecar/src/store/store-error';
import { parseStoreUrl, ServerTarget } from '../../../sidecar/src/store/store-url';
import { ValkeySessionStore } from '../../../sidecar/src/store/valkey';
import type { RunScript } from '../../../sidecar/src/store/valkey-entries';

const IDS = ['a', 'b', 'c'];
const FOREVER = T0 + 1000 * MINUTE;

const put = fc.record({
  do: fc.constant('put' as const),
  id: fc.constantFrom(...IDS),
  idle: fc.integer({ min: 1, max: 30 }),
  life: fc.integer({ min: 6, max: 60 }),
  phase: fc.constantFrom('creating' as const, 'ready' as const, 'ending' as const),
  owner: fc.constantFrom('x', 'y'),
  active: fc.nat(30),
});
const touch = fc.record({ do: fc.constant('touch' as const), id: fc.constantFrom(...IDS), minutes: fc.nat(30) });
const remove = fc.record({ do: fc.constant('remove' as const), id: fc.constantFrom(...IDS) });
const reap = fc.record({ do: fc.constant('reap' as const), minutes: fc.nat(70) });
const browse = fc.record({ do: fc.constant('browse' as const), owner: fc.constantFrom('x', 'y') });
const step = fc.oneof({ weight: 3, arbitrary: put }, touch, remove, reap, browse);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function perform(store: SessionStore, action: Step): Promise<unknown> {
  switch (action.do) {
    case 'put': {
      const { id, idle, life, phase, owner, active } = action;
      const kept = await store.get(id);
      const record = recordOf(id, { idleTimeout: idle * MINUTE, expiresAt: T0 + life * MINUTE, phase, owner });
      return store.put(record, kept?.version ?? 0, T0 + active * MINUTE);
    }
    case 'touch': return store.touch(new Map([[action.id, T0 + action.minutes * MINUTE]]));
    case 'remove': return store.remove(action.id);
    case 'browse': return store.list({ owner: action.owner }, { limit: 2 });
    case 'reap': return reapAll(store, T0 + action.minutes * MINUTE);
  }
}

/** What the controller's reaper does, with pods left out. */
async function reapAll(store: SessionStore, now: number): Promise<void> {
  for (let round: Round | undefined = newRound(now); round !== undefined;) {
    const page = await store.list({ dueBy: round.dueBy }, { limit: 2, cursor: round.cursor });
    for (const { session } of verdictsOf(page, (kept) => whyOver(kept, now))) await store.remove(session.record.id, session.version);
    round = afterPage(round, page);
  }
}

(isOnPath('redis-server') ? describe : describe.skip)('over one redis-server', () => {
  let server: TestServer;
  let connection: StoreConnection;

  beforeAll(async () => {
    server = await TestServer.start('redis-server');
    connection = new StoreConnection({ target: parseStoreUrl(server.url) as ServerTarget, times: TIMES });
    await eventually(async () => connection.problem() === undefined ? true : undefined);
  }, 60_000);

  beforeEach(() => server.command('FLUSHALL'));

  afterAll(async () => {
    await connection?.close();
    await server?.stop();
  });

  const scoreOf = async (id: string) => await server.command('ZSCORE', dueKey(dueShardOf(id)), id) as string | null;

  /** What must be true of the server at any moment between two steps, whoever has crashed before. */
  async function expectOrder(): Promise<void> {
    const store = new ValkeySessionStore(connection.run);
    for (const id of IDS) {
      const kept = await store.get(id);
      if (kept === undefined) continue;
      const score = await scoreOf(id);
      expect(score).not.toBeNull();
      expect(Number(score)).toBeLessThanOrEqual(dueAt(kept));
    }
  }

  async function expectNothingLeft(): Promise<void> {
    const store = new ValkeySessionStore(connection.run);
    await reapAll(store, FOREVER);
    for (const owner of ['x', 'y']) await store.list({ owner }, { limit: 100 });
    const keys = [...Array.from({ length: DUE_SHARDS }, (_, shard) => dueKey(shard)), ownerKey('x'), ownerKey('y')];
    expect(await server.command('EXISTS', ...keys)).toBe(0);
    for (const id of IDS) await expect(store.get(id)).resolves.toBeUndefined();
  }

  test('whoever ends between two steps leaves nothing that cannot be found, and nothing that stays', async () => {
    const crashing = fc.record({ action: step, after: fc.option(fc.nat(4), { nil: Infinity }), isDone: fc.boolean() });
    await fc.assert(fc.asyncProperty(fc.array(crashing, { maxLength: 12 }), async (steps) => {
      await server.command('FLUSHALL');
      for (const { action, after, isDone } of steps) {
        let count = 0;
        const run: RunScript = async (...call) => {
          count += 1;
          if (count > after && !isDone) throw new StoreError('Unavailable', 'crashed before');
          const answer = await connection.run(...call);
          if (count > after) throw new StoreError('Unavailable', 'crashed after');
          return answer;
        };
        await perform(new ValkeySessionStore(run), action).catch((error: StoreError) => expect(['Conflict', 'Missing', 'Unavailable']).toContain(error.code));
        await expectOrder();
      }
      await expectNothingLeft();
    }), { numRuns: 100 });
  }, 120_000);

  test('whatever order the steps of several writers and reapers come in, no session stands later than it is due', async () => {
    await fc.assert(fc.asyncProperty(fc.scheduler(), fc.array(step, { minLength: 2, maxLength: 6 }), async (scheduler, actions) => {
      await server.command('FLUSHALL');
      await new ValkeySessionStore(connection.run).put(recordOf('a', { idleTimeout: 1, owner: 'x' }), 0);
      await new ValkeySessionStore(connection.run).touch(new Map([['a', T0 + 10 * MINUTE]]));
      const store = new ValkeySessionStore(scheduler.scheduleFunction(connection.run));
      await scheduler.waitFor(Promise.all(actions.map((action) => perform(store, action).catch(({ code }: StoreError) => code))));
      await expectOrder();
      await expectNothingLeft();
    }), { numRuns: 150 });
  }, 120_000);

  test('whoever moves a session that is not due yet, while others write or end it, leaves it where it is found', async () => {
    const cursor = cursorText(firstOf(dueShardOf('a')));
    const look = (store: SessionStore) => store.list({ dueBy: T0 + 2 * MINUTE }, { limit: 5, cursor });
    const rivals: readonly ((store: SessionStore) => Promise<unknown>)[] = [
      (store) => store.put(recordOf('a', { idleTimeout: MINUTE, expiresAt: T0 + 5 * MINUTE }), 1),
      (store) => store.put(recordOf('a', { phase: 'ending' }), 1),
      (store) => store.remove('a'),
      (store) => store.put(recordOf('a'), 0),
      look,
    ];
    await fc.assert(fc.asyncProperty(fc.scheduler(), fc.subarray([...rivals], { minLength: 1, maxLength: 3 }), async (scheduler, chosen) => {
      await server.command('FLUSHALL');
      const before = new ValkeySessionStore(connection.run);
      await before.put(recordOf('a', { idleTimeout: MINUTE }), 0);
      await before.touch(new Map([['a', T0 + 10 * MINUTE]]));
      const store = new ValkeySessionStore(scheduler.scheduleFunction(connection.run));
      await scheduler.waitFor(Promise.all([look, ...chosen].map((action) => action(store).catch(({ code }: StoreError) => code))));
      await expectOrder();
    }), { numRuns: 300 });
  }, 120_000);

  test('a session that is enlisted too early is moved when it is met', async () => {
    const store = new ValkeySessionStore(connection.run);
    await store.put(recordOf('a'), 0);
    await store.touch(new Map([['a', T0 + 10 * MINUTE]]));
    expect(await scoreOf('a')).toBe(String(idleAfter(T0)));
    await reapAll(store, T0 + 20 * MINUTE);
    expect(await scoreOf('a')).toBe(String(idleAfter(T0 + 10 * MINUTE)));
  });

  test('a record that no index leads to goes by itself, after its session', async () => {
    await new ValkeySessionStore(connection.run).put(recordOf('a'), 0);
    const left = Number(await server.command('PTTL', 'session:{a}'));
    expect(left).toBeGreaterThan(60 * MINUTE);
    expect(left).toBeLessThanOrEqual(25 * 60 * MINUTE);
  });

  test('the id of an ended session is kept as used for an hour, and nothing else of it', async () => {
    const store = new ValkeySessionStore(connection.run);
    await store.put(recordOf('a'), 0);
    await store.remove('a');
    expect(await server.command('HGETALL', 'session:{a}')).toEqual(['used', '1']);
    expect(Number(await server.command('PTTL', 'session:{a}'))).toBeLessThanOrEqual(60 * MINUTE);
    expect(await server.command('DBSIZE')).toBe(1);
  });

  test('the id of an ended session is kept as used for longer where that is asked for', async () => {
    const store = new ValkeySessionStore(connection.run);
    await store.put(recordOf('a'), 0);
    await store.remove('a', 1, 8 * 60 * MINUTE);
    expect(Number(await server.command('PTTL', 'session:{a}'))).toBeGreaterThan(7 * 60 * MINUTE);
  });
});
