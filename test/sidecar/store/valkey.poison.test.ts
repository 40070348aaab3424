import { overBackends, BACKENDS } from './backends';
import { MINUTE, recordOf, T0 } from './records';
import { dueKey, dueShardOf, ownerKey, sessionKey } from '../../../sidecar/src/store/keys';
import type { Page, Poisoned } from '../../../sidecar/src/store/store';

const LATER = T0 + 60 * MINUTE;

overBackends(BACKENDS.filter(({ binary }) => binary !== undefined), (backend) => {
  const store = () => backend().open.store;

  /** What somebody else does, on whichever server it belongs to. */
  async function raw(...words: readonly string[]): Promise<unknown> {
    const answers = await Promise.allSettled(backend().servers.map((server) => server.command(...words)));
    return answers.find((one) => one.status === 'fulfilled')?.value;
  }

  async function due(): Promise<Page> {
    const pages: Page[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      pages.push(await store().list({ dueBy: LATER }, { limit: 2, cursor }));
      cursor = pages.at(-1)!.cursor;
    }
    return { sessions: pages.flatMap(({ sessions }) => sessions), poisoned: pages.flatMap(({ poisoned }) => poisoned) };
  }

  async function enlisted(...ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => raw('ZADD', dueKey(dueShardOf(id)), String(T0), id)));
  }

  const bad: readonly [string, (key: string) => readonly string[], string][] = [
    ['text that is no JSON', (key) => ['HSET', key, 'version', '1', 'activity', '1', 'record', '{"schema":1,'], 'is not a JSON object'],
    ['a list', (key) => ['HSET', key, 'version', '1', 'activity', '1', 'record', '[]'], 'is not a JSON object'],
    ['a key twice', (key) => ['HSET', key, 'version', '1', 'activity', '1', 'record', '{"id":"a","id":"b"}'], 'is not a JSON object'],
    ['the record of another', (key) => ['HSET', key, 'version', '1', 'activity', '1', 'record', JSON.stringify(recordOf('b'))], 'id is that of another session'],
    ['a field of another form', (key) => ['HSET', key, 'version', '1', 'activity', '1', 'record', JSON.stringify({ ...recordOf('a'), expiresAt: 'soon' })], 'expiresAt is missing, too long or of another form'],
    ['a version that is none', (key) => ['HSET', key, 'version', 'x', 'activity', '1', 'record', JSON.stringify(recordOf('a'))], 'lacks version or activity'],
    ['no fields of ours', (key) => ['HSET', key, 'x', 'y'], 'is not a JSON object'],
    ['more than is read', (key) => ['HSET', key, 'version', '1', 'activity', '1', 'record', 'x'.repeat(200_000)], 'is too long'],
    ['a text', (key) => ['SET', key, 'plain'], 'is a string'],
    ['a list type', (key) => ['RPUSH', key, 'x'], 'is a list'],
  ];

  test.each(bad)('%s is told, put aside, and met once', async (_what, write, problem) => {
    await raw(...write(sessionKey('a')));
    await enlisted('a');
    await store().put(recordOf('good'), 0);
    await expect(store().get('a')).rejects.toMatchObject({ code: 'Poison', message: `what is kept of session a cannot be used: ${problem}` });
    const first = await due();
    expect(first.poisoned).toEqual([{ id: 'a', problem, quarantined: true }]);
    expect(first.sessions.map(({ record }) => record.id)).toEqual(['good']);
    expect((await due()).poisoned).toEqual([]);
    expect(Number(await raw('PTTL', `quarantine:${sessionKey('a')}`))).toBeGreaterThan(0);
    await expect(store().get('a')).resolves.toBeUndefined();
  });

  test('what a later version has written is told and left alone', async () => {
    await raw('HSET', sessionKey('a'), 'version', '1', 'activity', '1', 'record', '{"schema":2,"other":true}');
    await enlisted('a');
    const expected: readonly Poisoned[] = [{ id: 'a', problem: 'has schema 2, which a later version reads', quarantined: false }];
    expect((await due()).poisoned).toEqual(expected);
    expect((await due()).poisoned).toEqual(expected);
  });

  test('a hundred records that cannot be read keep nobody from being reaped', async () => {
    const ids = Array.from({ length: 100 }, (_, at) => `bad${at}`);
    await Promise.all(ids.map((id) => raw('SET', sessionKey(id), 'x')));
    await enlisted(...ids);
    await store().put(recordOf('good', { createdAt: T0 + 1 }), 0);
    const found = await due();
    expect(found.sessions.map(({ record }) => record.id)).toEqual(['good']);
    expect(found.poisoned).toHaveLength(100);
  }, 30_000);

  test('entries that lead nowhere, or are no ids, are struck off', async () => {
    await enlisted('gone', 'not an id', '}{');
    expect(await due()).toEqual({ sessions: [], poisoned: [] });
    for (const id of ['gone', 'not an id', '}{']) expect(await raw('EXISTS', dueKey(dueShardOf(id)))).toBe(0);
  });

  test('an index of another type is told and put aside, and the others are read', async () => {
    await store().put(recordOf('a'), 0);
    const free = Array.from({ length: 16 }, (_, shard) => shard).find((shard) => shard !== dueShardOf('a'))!;
    await raw('SET', dueKey(free), 'x');
    const found = await due();
    expect(found.sessions.map(({ record }) => record.id)).toEqual(['a']);
    expect(found.poisoned).toEqual([{ id: dueKey(free), problem: 'is a string', quarantined: true }]);
    expect(await raw('EXISTS', dueKey(free))).toBe(0);
  });

  test('while its index is of another type a session is not created, and nothing is left of it', async () => {
    await raw('SET', dueKey(dueShardOf('a')), 'x');
    await expect(store().put(recordOf('a'), 0)).rejects.toMatchObject({ code: 'Poison' });
    await expect(store().get('a')).resolves.toBeUndefined();
    await due();
    await expect(store().put(recordOf('a'), 0)).resolves.toMatchObject({ version: 1 });
  });

  test('a write over what cannot be read is refused, and removing it works', async () => {
    await raw('SET', sessionKey('a'), 'x');
    await expect(store().put(recordOf('a'), 0)).rejects.toMatchObject({ code: 'Poison' });
    await expect(store().remove('a', 1)).rejects.toMatchObject({ code: 'Poison' });
    await expect(store().touch(new Map([['a', T0]]))).resolves.toEqual(['a']);
    await expect(store().remove('a')).resolves.toBe(true);
  });

  test('an owner is not shown a session that is not theirs, whatever the index says', async () => {
    await store().put(recordOf('a', { owner: 'alice' }), 0);
    await raw('ZADD', ownerKey('mallory'), String(T0), 'a');
    expect((await store().list({ owner: 'mallory' }, { limit: 10 })).sessions).toEqual([]);
    expect(await raw('EXISTS', ownerKey('mallory'))).toBe(0);
  });

  test('no record shows a message of the server or a value', async () => {
    await raw('HSET', sessionKey('a'), 'version', '1', 'activity', '1', 'record', '{"sealedKey":"-----BEGIN PRIVATE KEY-----"}');
    const error: Error = await store().get('a').then(() => new Error('none'), (thrown) => thrown);
    expect(error.message).not.toContain('PRIVATE');
  });
});

