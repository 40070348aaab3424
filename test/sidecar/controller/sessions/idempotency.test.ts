import { ALICE, BOB, controllerOver } from '../world';

const KEYED = { ...ALICE, 'idempotency-key': 'key-1' };

describe('one idempotency key', () => {
  test('gives one session, however often it is used', async () => {
    const one = controllerOver({ workers: 3 });
    const first = await one.create({ env: { A: '1', B: '2' }, ttl: 60 }, KEYED);
    const again = await one.create({ ttl: 60, env: { B: '2', A: '1' } }, KEYED);
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(one.provider.claims).toHaveLength(1);
  });

  test('gives one session to many who use it at once', async () => {
    const one = controllerOver({ workers: 5 });
    const answers = await Promise.all(Array.from({ length: 5 }, () => one.create({}, KEYED)));
    expect(new Set(answers.map(({ body }) => body.sessionId)).size).toBe(1);
    expect(one.provider.claims).toHaveLength(1);
  });

  test('gives another session to another owner, and for another pool', async () => {
    const one = controllerOver({ workers: 3 });
    const answers = [await one.create({}, KEYED), await one.create({}, { ...BOB, 'idempotency-key': 'key-1' }), await one.create({ name: 'online' }, KEYED)];
    expect(new Set(answers.map(({ body }) => body.sessionId)).size).toBe(3);
  });

  test('makes a session later when the first could not be made', async () => {
    const one = controllerOver({ workers: 0 });
    expect((await one.create({}, KEYED)).body.code).toBe('POOL_EMPTY');
    await one.settled();
    one.provider.add('team-a', 'python');
    expect((await one.create({}, KEYED)).status).toBe(200);
  });

  test('makes another session once the first has ended', async () => {
    const one = controllerOver({ workers: 2 });
    const first = await one.create({}, KEYED);
    await one.send('DELETE', `/v1/sessions/${first.body.sessionId}`);
    const second = await one.create({}, KEYED);
    expect(second.status).toBe(200);
    expect(second.body.sessionId).not.toBe(first.body.sessionId);
    expect((await one.create({}, KEYED)).body.sessionId).toBe(second.body.sessionId);
  });

  test('leads no further than to sixteen sessions in an hour', async () => {
    const one = controllerOver({ workers: 20 });
    for (let i = 0; i < 16; i += 1) await one.send('DELETE', `/v1/sessions/${(await one.create({}, KEYED)).body.sessionId}`);
    expect(await one.create({}, KEYED)).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
  });

  test.each([[{ ttl: 61 }], [{ env: { A: '2' } }], [{ metadata: { a: 'b' } }], [{ idleTimeout: '1m' }]])('is refused with another body: %j', async (changed) => {
    const one = controllerOver({ workers: 2 });
    await one.create({ ttl: 60, env: { A: '1' } }, KEYED);
    const answer = await one.create({ ttl: 60, env: { A: '1' }, ...changed }, KEYED);
    expect([answer.status, answer.body.code]).toEqual([422, 'IDEMPOTENCY_MISMATCH']);
  });

  test('waits for a session that another request makes, and not for ever', async () => {
    const one = controllerOver();
    let go = (): void => undefined;
    one.provider.nextClaim = () => new Promise((_resolve, reject) => { go = () => reject(new Error('never')); });
    const first = one.create({}, KEYED);
    while (one.provider.claims.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const answer = await one.create({}, KEYED);
    expect([answer.status, answer.body.code, answer.headers['retry-after']]).toEqual([503, 'SESSION_NOT_READY', '1']);
    go();
    expect((await first).status).toBe(500);
  });

  test('that cannot be looked up harms no session that it has made', async () => {
    const one = controllerOver({ workers: 2 });
    const first = await one.create({}, KEYED);
    one.faults.failAlways('store.put');
    expect((await one.create({}, KEYED)).body.code).toBe('STORE_UNAVAILABLE');
    await one.settled();
    one.faults.failAlways();
    expect(await one.create({}, KEYED)).toMatchObject({ status: 200, body: first.body });
  });

  test.each([[''], ['a b'], ['k'.repeat(256)], ['\u00e4']])('is refused when it is %j', async (key) => {
    expect((await controllerOver().create({}, { ...ALICE, 'idempotency-key': key })).body).toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('idempotency-key') });
  });

  test('is in neither id nor record, and two keyrings make other ids of it', async () => {
    const ids = await Promise.all([controllerOver(), controllerOver()].map(async (one) => {
      const { body } = await one.create({}, KEYED);
      expect(JSON.stringify(await one.records())).not.toContain('key-1');
      return body.sessionId;
    }));
    expect(ids[0]).not.toBe(ids[1]);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
