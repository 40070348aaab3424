import { GatewayClient, INVOCATIONS } from './client';
import { Fleet } from './fleet';
import { isOnPath } from '../store/servers';

(isOnPath('redis-server') ? describe : describe.skip)('sessions of others, with redis-server at hand', () => {
  let fleet: Fleet;
  let ofAlice: string;

  beforeAll(async () => {
    fleet = await Fleet.open();
    await fleet.startController();
    await fleet.startGateway();
    await fleet.startGateway({ API_KEYS_FILE: undefined, ANONYMOUS: 'true' });
    ({ body: { sessionId: ofAlice } } = await fleet.as('alice').create({ metadata: { planted: 'of-alice' } }));
  }, 120_000);
  afterAll(() => fleet?.stop());

  afterEach(async () => {
    const left = await idsOf(fleet.as('boss'));
    await Promise.all(left.filter((id) => id !== ofAlice).map((id) => fleet.as('boss').end(id)));
  });

  /** Over all pages. */
  async function idsOf(client: GatewayClient, first = ''): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let query = first, page = 0; page < 200; page += 1) {
      const { body: { sessions, next } } = await client.ask('GET', `/v1/sessions${query}`);
      ids.push(...sessions.map(({ sessionId }: { sessionId: string }) => sessionId));
      if (next === undefined) return ids;
      query = `?cursor=${encodeURIComponent(next)}`;
    }
    throw new Error('the pages have no end');
  }

  /** Everything that can be asked about a session. */
  const everything = (client: GatewayClient, id: string) => Promise.all([
    client.get(id), client.end(id), client.ask('DELETE', `/v1/agent-runtime/sessions/${id}`), client.ask('DELETE', `/v1/sessions/${id}`),
    client.ask('POST', `/v1/sessions/${id}/extend`, { body: { ttl: 60 } }), client.execute(id, 'cat *'),
    client.ask('GET', `${INVOCATIONS}/api/files?path=.`, { headers: { 'x-agentcube-session-id': id } }),
  ]);

  const clients: [string, () => GatewayClient][] = [['somebody else', () => fleet.as('bob')], ['somebody without a name', () => fleet.anonymous(1)]];

  test.each(clients)('are for %s as those that are not there', async (_, client) => {
    const unknown = ofAlice.replace(/.$/, (last) => last === '0' ? '1' : '0');
    const [real, none] = await Promise.all([everything(client(), ofAlice), everything(client(), unknown)]);
    expect(real.map(({ status }) => status)).toEqual(Array(7).fill(404));
    expect(JSON.stringify(real.map(({ body }) => body)).replaceAll(ofAlice, '')).toBe(JSON.stringify(none.map(({ body }) => body)).replaceAll(unknown, ''));
    expect(await idsOf(client())).toEqual([]);
    expect(await fleet.as('alice').get(ofAlice)).toMatchObject({ status: 200, body: { status: 'ready' } });
  });

  test('an administrator sees and ends them', async () => {
    const { body: { sessionId } } = await fleet.as('bob').create();
    expect([...await idsOf(fleet.as('boss'))].sort()).toEqual([ofAlice, sessionId].sort());
    expect(await fleet.as('boss').execute(sessionId, 'echo hi')).toMatchObject({ status: 200 });
    expect(await fleet.as('boss').end(sessionId)).toMatchObject({ status: 200 });
  });

  test('those without a name share what they make, and only they', async () => {
    const { body: { sessionId, ownerId } } = await fleet.anonymous(1).create();
    expect(ownerId).toBeUndefined();
    expect(await idsOf(fleet.anonymous(1))).toEqual([sessionId]);
    expect(await fleet.as('alice').get(sessionId)).toMatchObject({ status: 404 });
    expect(await fleet.as('alice').execute(sessionId, 'true')).toMatchObject({ status: 404 });
    expect(await fleet.anonymous(1).execute(sessionId, 'echo hi')).toMatchObject({ status: 200, body: { stdout: 'hi\n' } });
    expect(await fleet.anonymous(1).end(sessionId)).toMatchObject({ status: 200 });
  });

  test.each<Readonly<Record<string, string>>>([{ 'x-agent-platform-owner': 'api-key%3Aalice' }, { 'x-agent-platform-admin': 'true' }, { 'x-agent-platform-owner': '', 'x-agent-platform-admin': 'true' }])(
    'nobody becomes their owner by %j', async (headers) => {
      for (const client of [fleet.as('bob'), fleet.anonymous(1)]) {
        expect((await client.ask('GET', '/v1/sessions', { headers })).body.sessions).toEqual([]);
        for (const method of ['GET', 'DELETE']) expect(await client.ask(method, `/v1/sessions/${ofAlice}`, { headers })).toMatchObject({ status: 404 });
        const { body: { sessionId, ownerId } } = await client.create({}, headers);
        expect(ownerId).not.toBe('api-key:alice');
        expect(await client.end(sessionId)).toMatchObject({ status: 200 });
      }
    });

  test('a cursor of somebody leads nobody else to them', async () => {
    const { body: { sessionId } } = await fleet.as('alice').create();
    const first = await fleet.as('alice').ask('GET', '/v1/sessions?limit=1');
    expect(first.body.next).toEqual(expect.any(String));
    const query = `?limit=1&cursor=${encodeURIComponent(first.body.next)}`;
    expect(await idsOf(fleet.as('alice'), query)).toEqual([sessionId]);
    for (const client of [fleet.as('bob'), fleet.anonymous(1)]) {
      const { status, body } = await client.ask('GET', `/v1/sessions${query}`);
      expect(status === 400 ? body.code : body.sessions).toEqual(status === 400 ? 'BAD_REQUEST' : []);
    }
    await fleet.as('alice').end(sessionId);
  });

  test.each(['..', '%2e%2e', '..%2Fpools', '%00', 'expiry', 'a'.repeat(10_000), '%ff', '*'])('the id %s is that of none', async (id) => {
    for (const [method, path] of [['GET', ''], ['DELETE', ''], ['POST', '/extend']]) {
      const { status, body } = await fleet.as('alice').ask(method, `/v1/sessions/${id}${path}`, method === 'POST' ? { body: { ttl: 60 } } : {});
      expect([400, 404]).toContain(status);
      expect(body).toMatchObject({ code: expect.stringMatching(/^(SESSION_NOT_FOUND|NOT_FOUND|BAD_REQUEST)$/) });
    }
  });

  test.each(['a b', 'a\tb', 'é', '\x80', 'a'.repeat(256), ''])('the idempotency key %j is refused before anything is made', async (key) => {
    expect(await fleet.as('bob').create({}, { 'idempotency-key': key })).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
    expect(await idsOf(fleet.as('bob'))).toEqual([]);
  });

  test('the same idempotency key is another one for another owner', async () => {
    const headers = { 'idempotency-key': 'shared/../..%2f"' };
    const [a, b] = await Promise.all([fleet.as('alice').create({}, headers), fleet.as('bob').create({}, headers)]);
    expect([a.body.ownerId, b.body.ownerId, a.body.sessionId === b.body.sessionId]).toEqual(['api-key:alice', 'api-key:bob', false]);
    await Promise.all([fleet.as('alice').end(a.body.sessionId), fleet.as('bob').end(b.body.sessionId)]);
  });
});
