import { ADMIN, ALICE, BOB, controllerOver, DIRECT, TestController } from './world';

async function withSession(more: object = {}) {
  const one = controllerOver({ workers: 4 });
  const { body } = await one.create(more);
  return { one, id: body.sessionId as string };
}

async function exists(one: TestController, id: string): Promise<boolean> {
  return await one.store.get(id) !== undefined;
}

test('a session is shown as it is', async () => {
  const { one, id } = await withSession({ metadata: { team: 'x' }, idleTimeout: '90s' });
  const { body } = await one.send('GET', `/v1/sessions/${id}`);
  expect(body).toEqual({
    sessionId: id,
    kind: 'code-interpreter',
    namespace: 'team-a',
    name: 'python',
    ownerId: 'alice',
    status: 'ready',
    createdAt: '2026-05-04T09:00:00.000Z',
    expiresAt: '2026-05-04T10:00:00.000Z',
    lastActivityAt: '2026-05-04T09:00:00.000Z',
    idleTimeout: '1m30s',
    metadata: { team: 'x' },
    sandboxId: expect.any(String),
    sandboxName: expect.any(String),
    entryPoints: [expect.objectContaining({ path: '/' })],
  });
});

describe.each([
  ['GET', (id: string) => `/v1/sessions/${id}`, undefined], ['DELETE', (id: string) => `/v1/sessions/${id}`, undefined],
  ['DELETE', (id: string) => `/v1/code-interpreter/sessions/${id}`, undefined], ['DELETE', (id: string) => `/v1/agent-runtime/sessions/${id}`, undefined],
  ['POST', (id: string) => `/v1/sessions/${id}/extend`, { ttl: 1 }], ['POST', (id: string) => `/v1/sessions/${id}/recover`, undefined],
] as const)('%s %s', (method, url, body) => {
  test.each([['of another owner', BOB], ['of another account', DIRECT]])('tells nothing of a session %s', async (_name, headers) => {
    if (headers === DIRECT && url('x').endsWith('recover')) return;
    const { one, id } = await withSession();
    const theirs = await one.send(method, url(id), body, headers);
    await one.send('DELETE', `/v1/sessions/${id}`);
    const missing = await one.send(method, url(id), body, headers);
    expect(theirs).toMatchObject({ status: 404, body: { code: 'SESSION_NOT_FOUND', message: `sessions.agentcube.volcano.sh "${id}" not found` } });
    const withoutDate = ({ status, body: text, headers: { date, ...others } }: typeof theirs) => [status, text, others];
    expect(withoutDate(theirs)).toEqual(withoutDate(missing));
  });

  test.each(['expiry', 'last_activity', '..', '%2e%2e', 'a%2fb', '-x', 'x'.repeat(99), '%00'])('has no session called %s', async (id) => {
    const { status, body: { code } } = await controllerOver().send(method, url(id), body);
    expect([[404, 'SESSION_NOT_FOUND'], [404, 'NOT_FOUND'], [400, 'BAD_REQUEST']]).toContainEqual([status, code]);
  });

  test('is for administrators, too', async () => {
    const { one, id } = await withSession();
    expect((await one.send(method, url(id), body, ADMIN)).status).toBe(200);
  });
});

describe('a list', () => {
  test('has the sessions of its owner, page by page, and all of them for administrators', async () => {
    const one = controllerOver({ workers: 10 });
    const mine: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      one.world.now += 1000;
      mine.push((await one.create()).body.sessionId);
      await one.create({}, BOB);
    }
    const pages: string[][] = [];
    for (let next: string | undefined = ''; next !== undefined && pages.length < 9;) {
      const { body }: { body: { sessions: { sessionId: string }[]; next?: string } } = await one.send('GET', `/v1/sessions?limit=2${next === '' ? '' : `&cursor=${encodeURIComponent(next)}`}`);
      pages.push(body.sessions.map(({ sessionId }) => sessionId));
      next = body.next;
    }
    expect(pages.flat()).toEqual(mine);
    expect((await one.send('GET', '/v1/sessions', undefined, ADMIN)).body.sessions).toHaveLength(10);
    expect((await one.send('GET', '/v1/sessions', undefined, DIRECT)).body).toEqual({ sessions: [] });
  });

  test.each(['limit=0', 'limit=101', 'limit=-1', 'limit=x', 'cursor=', 'cursor=nonsense', 'owner=bob', 'limit=1&limit=2'])('is refused with %s', async (query) => {
    expect(await controllerOver().send('GET', `/v1/sessions?${query}`)).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
  });
});

describe('an extension', () => {
  test.each([[7200, 3600], [1, 600], [1200, 1200 + 60]])('by %d s ends %d s after the beginning', async (ttl, end) => {
    const { one, id } = await withSession({ ttl: 600 });
    one.world.now += 60_000;
    const { body } = await one.send('POST', `/v1/sessions/${id}/extend`, { ttl });
    expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBe(end * 1000);
  });

  test('that came at the same time as others is not lost', async () => {
    const { one, id } = await withSession({ ttl: 600 });
    await Promise.all([700, 800, 900].map((ttl) => one.send('POST', `/v1/sessions/${id}/extend`, { ttl })));
    expect((await one.store.get(id))!.record.expiresAt).toBe(one.world.now + 900_000);
  });

  test.each([[{}], [{ ttl: 0 }], [{ ttl: -5 }], [{ ttl: '60' }], [{ ttl: 60, idle: 1 }]])('is refused: %j', async (body) => {
    const { one, id } = await withSession();
    expect((await one.send('POST', `/v1/sessions/${id}/extend`, body)).body.code).toBe('BAD_REQUEST');
  });

  test('of a session that is over is one of none', async () => {
    const { one, id } = await withSession({ ttl: 60 });
    one.world.now += 60_000;
    expect((await one.send('POST', `/v1/sessions/${id}/extend`, { ttl: 60 })).status).toBe(404);
    expect((await one.send('GET', `/v1/sessions/${id}`)).body.status).toBe('ending');
  });
});

describe('a deletion', () => {
  test.each(['/v1/code-interpreter/sessions', '/v1/agent-runtime/sessions', '/v1/sessions'])('by %s ends session and worker, once', async (url) => {
    const { one, id } = await withSession();
    const json = { ...ALICE, 'content-type': 'application/json' };
    expect(await one.send('DELETE', `${url}/${id}`, undefined, json)).toMatchObject({ status: 200, body: { message: 'Sandbox deleted successfully' } });
    expect([await exists(one, id), one.provider.busy()]).toEqual([false, []]);
    expect((await one.send('DELETE', `${url}/${id}`, undefined, json)).status).toBe(404);
  });

  test('that fails half way is finished by the next', async () => {
    const { one, id } = await withSession();
    one.faults.failAlways('provider.release');
    expect(await one.send('DELETE', `/v1/sessions/${id}`)).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    expect((await one.send('GET', `/v1/sessions/${id}`)).body.status).toBe('ending');
    one.faults.failAlways();
    expect((await one.send('DELETE', `/v1/sessions/${id}`)).status).toBe(200);
    expect([await exists(one, id), one.provider.busy()]).toEqual([false, []]);
  });
});

test.each<['GET' | 'POST' | 'DELETE', string, object | undefined]>([
  ['GET', '/v1/sessions', undefined], ['GET', '/v1/sessions/s-1', undefined], ['DELETE', '/v1/sessions/s-1', undefined],
  ['POST', '/v1/sessions/s-1/extend', { ttl: 1 }], ['POST', '/v1/sessions/s-1/recover', undefined], ['POST', '/v1/code-interpreter', { namespace: 'team-a', name: 'python' }],
])('%s %s without the store is no 404', async (method, url, body) => {
  const one = controllerOver();
  one.faults.failAlways('store.get', 'store.put', 'store.list');
  expect(await one.send(method, url, body)).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE' } });
});
