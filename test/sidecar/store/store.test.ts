import * as fc from 'fast-check';
import { BACKENDS, overBackends } from './backends';
import { idleAfter, MINUTE, recordOf, T0 } from './records';
import { dueAt } from '../../../sidecar/src/store/due';
import type { Kept, Listing, SessionStore } from '../../../sidecar/src/store/store';
import { RECORD_LIMITS, SessionRecord } from '../../../src/protocol/session-record';

/** Every session of a listing, page by page. */
async function all(store: SessionStore, listing: Listing, limit = 3): Promise<readonly Kept[]> {
  const found: Kept[] = [];
  for (let cursor: string | undefined, pages = 0; pages === 0 || cursor !== undefined; pages += 1) {
    if (pages > 100) throw new Error('the listing has no end');
    const page = await store.list(listing, { limit, cursor });
    found.push(...page.sessions);
    cursor = page.cursor;
  }
  return found;
}

async function idsOf(store: SessionStore, listing: Listing): Promise<readonly string[]> {
  return (await all(store, listing)).map(({ record }) => record.id).sort();
}

overBackends(BACKENDS, (backend) => {
  const store = () => backend().open.store;

  test('a new session is kept as it was given, as version 1 and active since its creation', async () => {
    const record = recordOf('s1', { metadata: { purpose: 'tëst' }, sealedEnv: 'v1.x' });
    await expect(store().put(record, 0)).resolves.toEqual({ record, version: 1, lastActivity: T0 });
    await expect(store().get('s1')).resolves.toEqual({ record, version: 1, lastActivity: T0 });
  });

  test('fields of a later version are kept', async () => {
    const record = { ...recordOf('s1'), region: 'west' } as SessionRecord;
    await store().put(record, 0);
    expect((await store().get('s1'))?.record).toEqual(record);
  });

  test.each(['unknown', '', 'expiry', 'a b', '}{', '../x', 'x'.repeat(200)])('there is no session %j', async (id) => {
    await expect(store().get(id)).resolves.toBeUndefined();
    await expect(store().remove(id)).resolves.toBe(false);
    await expect(store().touch(new Map([[id, T0]]))).resolves.toEqual([id]);
  });

  test('a second session of the same id is refused, and the first stays', async () => {
    await store().put(recordOf('s1'), 0);
    await expect(store().put(recordOf('s1', { owner: 'mallory' }), 0)).rejects.toMatchObject({ code: 'Conflict' });
    expect((await store().get('s1'))?.record.owner).toBe('oidc|alice');
    await expect(idsOf(store(), { owner: 'mallory' })).resolves.toEqual([]);
  });

  test('of many that create a session at once, one succeeds', async () => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, at) => store().put(recordOf('s1', { name: `n${at}` }), 0)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('a write over the version that was read counts it up', async () => {
    await store().put(recordOf('s1', { phase: 'creating', worker: undefined }), 0);
    await expect(store().put(recordOf('s1'), 1)).resolves.toMatchObject({ version: 2 });
    expect((await store().get('s1'))?.record.phase).toBe('ready');
  });

  test('a write over an older or later version is refused', async () => {
    await store().put(recordOf('s1'), 0);
    await store().put(recordOf('s1'), 1);
    await expect(store().put(recordOf('s1', { name: 'late' }), 1)).rejects.toMatchObject({ code: 'Conflict' });
    await expect(store().put(recordOf('s1', { name: 'early' }), 3)).rejects.toMatchObject({ code: 'Conflict' });
    expect((await store().get('s1'))?.record.name).toBe('python');
  });

  test('a write over a session that is gone is refused, and does not bring it back', async () => {
    await store().put(recordOf('s1'), 0);
    await expect(store().remove('s1')).resolves.toBe(true);
    await expect(store().put(recordOf('s1'), 1)).rejects.toMatchObject({ code: 'Missing' });
    await expect(store().get('s1')).resolves.toBeUndefined();
    await expect(idsOf(store(), { dueBy: Number.MAX_SAFE_INTEGER })).resolves.toEqual([]);
  });

  test('the id of an ended session is not used again', async () => {
    await store().put(recordOf('s1'), 0);
    await store().remove('s1');
    await expect(store().put(recordOf('s1'), 0)).rejects.toMatchObject({ code: 'Conflict' });
    await expect(store().remove('s1')).resolves.toBe(false);
  });

  test('a removal that has seen an older version is refused', async () => {
    await store().put(recordOf('s1'), 0);
    await store().put(recordOf('s1'), 1);
    await expect(store().remove('s1', 1)).rejects.toMatchObject({ code: 'Conflict' });
    await expect(store().remove('s1', 2)).resolves.toBe(true);
  });

  test('activity moves forward only, and writes keep it', async () => {
    await store().put(recordOf('s1'), 0);
    await store().touch(new Map([['s1', T0 + 5000]]));
    await expect(store().touch(new Map([['s1', T0 + 2000], ['gone', T0]]))).resolves.toEqual(['gone']);
    await expect(store().put(recordOf('s1'), 1)).resolves.toMatchObject({ lastActivity: T0 + 5000 });
    await expect(store().put(recordOf('s1'), 2, T0 + 4000)).resolves.toMatchObject({ lastActivity: T0 + 5000 });
    await expect(store().put(recordOf('s1'), 3, T0 + 6000)).resolves.toMatchObject({ lastActivity: T0 + 6000 });
    await expect(store().get('s1')).resolves.toMatchObject({ lastActivity: T0 + 6000, version: 4 });
  });

  test('activity does not bring a session back', async () => {
    await store().put(recordOf('s1'), 0);
    await store().remove('s1');
    await expect(store().touch(new Map([['s1', T0 + 5000]]))).resolves.toEqual(['s1']);
    await expect(store().get('s1')).resolves.toBeUndefined();
  });

  test('what is due is found at the moment it is, and not before', async () => {
    await store().put(recordOf('idle'), 0);
    await store().put(recordOf('busy'), 0);
    await store().touch(new Map([['busy', T0 + 10 * MINUTE]]));
    await expect(idsOf(store(), { dueBy: idleAfter(T0) - 1 })).resolves.toEqual([]);
    await expect(idsOf(store(), { dueBy: idleAfter(T0) })).resolves.toEqual(['idle']);
    await expect(idsOf(store(), { dueBy: idleAfter(T0 + 10 * MINUTE) - 1 })).resolves.toEqual(['idle']);
    await expect(idsOf(store(), { dueBy: idleAfter(T0 + 10 * MINUTE) })).resolves.toEqual(['busy', 'idle']);
  });

  test('an owner sees its sessions alone, oldest first', async () => {
    await store().put(recordOf('b', { createdAt: T0 - 1 }), 0);
    await store().put(recordOf('a'), 0);
    await store().put(recordOf('other', { owner: 'bob' }), 0);
    await store().put(recordOf('nobody', { owner: undefined }), 0);
    expect((await all(store(), { owner: 'oidc|alice' })).map(({ record }) => record.id)).toEqual(['b', 'a']);
    await expect(idsOf(store(), {})).resolves.toEqual(['a', 'b', 'nobody', 'other']);
  });

  test('pages hold all of many sessions of one moment, each once', async () => {
    const ids = Array.from({ length: 60 }, (_, at) => `s${at}`).sort();
    await Promise.all(ids.map((id) => store().put(recordOf(id), 0)));
    for (const listing of [{}, { owner: 'oidc|alice' }, { dueBy: idleAfter(T0) }]) {
      await expect(idsOf(store(), listing)).resolves.toEqual(ids);
    }
  });

  test('removing what a page has shown hides nothing from the next', async () => {
    const ids = Array.from({ length: 30 }, (_, at) => `s${at}`);
    await Promise.all(ids.map((id) => store().put(recordOf(id), 0)));
    const seen: string[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await store().list({ owner: 'oidc|alice' }, { limit: 4, cursor });
      for (const { record } of page.sessions) await store().remove(record.id);
      seen.push(...page.sessions.map(({ record }) => record.id));
      cursor = page.cursor;
    }
    expect(seen.sort()).toEqual([...ids].sort());
  });

  test.each<[string, Partial<Record<keyof SessionRecord, unknown>>]>([
    ['an id that is none', { id: '}' }],
    ['a phase that is none', { phase: 'gone' }],
    ['no worker though it is ready', { worker: undefined }],
    ['an end before its beginning', { expiresAt: T0 }],
    ['a life of a year', { expiresAt: T0 + 365 * 24 * 60 * MINUTE }],
    ['an address that is none', { worker: { ...recordOf('s1').worker, podIP: 'localhost' } }],
    ['a secret that is too long', { sealedEnv: 'x'.repeat(RECORD_LIMITS.sealedEnv + 1) }],
  ])('a record with %s is refused, and the message does not repeat it', async (_what, changes) => {
    await expect(store().put({ ...recordOf('s1'), ...changes } as SessionRecord, 0)).rejects.toThrow(/^the record cannot be kept: [a-z.]+ [a-z ,]+$/i);
    await expect(store().get('s1')).resolves.toBeUndefined();
  });

  test('pages and batches have bounds, and a foreign cursor is refused', async () => {
    await expect(store().list({}, { limit: 0 })).rejects.toThrow('got 0');
    await expect(store().list({}, { limit: 101 })).rejects.toThrow('from 1 to 100');
    await expect(store().list({}, { limit: 5, cursor: 'bm9uZQ' })).rejects.toThrow('the cursor is none of this listing');
    await expect(store().touch(new Map(Array.from({ length: 1001 }, (_, at) => [`s${at}`, T0])))).rejects.toThrow('at most 1000');
    await expect(store().touch(new Map([['s1', NaN]]))).rejects.toThrow('got NaN');
  });

  test('does what a map would do', async () => {
    const id = fc.constantFrom('a', 'b', 'c');
    const put = fc.record({
      do: fc.constant('put' as const),
      id,
      version: fc.nat(3),
      minutes: fc.integer({ min: 1, max: 30 }),
      idle: fc.integer({ min: 1, max: 30 }),
      phase: fc.constantFrom('creating' as const, 'ready' as const, 'ending' as const),
      owner: fc.constantFrom('x', 'y'),
    });
    const touch = fc.record({ do: fc.constant('touch' as const), id, minutes: fc.nat(30) });
    const remove = fc.record({ do: fc.constant('remove' as const), id, version: fc.option(fc.nat(3), { nil: undefined }) });
    const list = fc.record({ do: fc.constant('list' as const), minutes: fc.nat(40) });
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(put, touch, remove, list), { maxLength: 20 }), async (steps) => {
      await backend().wipe();
      const model = new Map<string, Kept>();
      const used = new Set<string>();
      for (const step of steps) {
        if (step.do === 'list') {
          const due = [...model.values()].filter((kept) => dueAt(kept) <= T0 + step.minutes * MINUTE).map(({ record }) => record.id);
          expect(await idsOf(store(), { dueBy: T0 + step.minutes * MINUTE })).toEqual(due.sort());
          continue;
        }
        const known = model.get(step.id);
        if (step.do === 'put') {
          const { minutes, idle, phase, owner } = step;
          const record = recordOf(step.id, { expiresAt: T0 + minutes * MINUTE, idleTimeout: idle * MINUTE, phase, owner });
          const outcome = await store().put(record, step.version).catch(({ code }: { code: string }) => code);
          const isNew = known === undefined && step.version === 0 && !used.has(step.id);
          if (isNew || known?.version === step.version) {
            model.set(step.id, { record, version: step.version + 1, lastActivity: known?.lastActivity ?? T0 });
            expect(outcome).toEqual(model.get(step.id));
          } else {
            expect(outcome).toBe(known === undefined && step.version > 0 ? 'Missing' : 'Conflict');
          }
        } else if (step.do === 'touch') {
          const time = T0 + step.minutes * MINUTE;
          expect(await store().touch(new Map([[step.id, time]]))).toEqual(known === undefined ? [step.id] : []);
          if (known !== undefined) model.set(step.id, { ...known, lastActivity: Math.max(known.lastActivity, time) });
        } else {
          const outcome = await store().remove(step.id, step.version).catch(({ code }: { code: string }) => code);
          const isRemoved = known !== undefined && (step.version === undefined || step.version === known.version);
          expect(outcome).toBe(isRemoved || (known === undefined ? false : 'Conflict'));
          if (isRemoved) used.add(step.id);
          if (isRemoved) model.delete(step.id);
        }
      }
      for (const owner of ['x', 'y']) {
        const owned = [...model.values()].filter(({ record }) => record.owner === owner);
        expect(await idsOf(store(), { owner })).toEqual(owned.map(({ record }) => record.id).sort());
      }
    }), { numRuns: 40 });
  }, 60_000);
});
