import { END, gateway, PLACE, soon } from './gateway-stand-in';
import { SessionClient, SessionError } from '../../src/client';
import { Requests } from '../../src/client/requests';
import type { SessionView } from '../../src/protocol/sessions-api';

const CREATED = { body: { kind: 'Sandbox', sessionId: 's-1', sandboxId: 'u', sandboxName: 'p', entryPoints: [], expiresAt: '2026-05-04T10:00:00Z' } };
const view = (sessionId: string): Partial<SessionView> => ({ sessionId, kind: 'code-interpreter', status: 'ready', ...PLACE });
const errorOf = (promise: Promise<unknown>): Promise<SessionError> => promise.then(() => new SessionError('NONE', 0, 'it resolved'), (error) => error);

describe('a new session', () => {
  test('is asked for with all that was said, and can be used', async () => {
    const { client, asked } = await gateway(CREATED);
    const more = { idleTimeout: '5m', env: { A: '1' }, metadata: { for: 'me' } };
    const session = await client().createSession({ ...PLACE, ...more, ttlSeconds: 60, idempotencyKey: 'k-1' });
    expect(session).toMatchObject({ id: 's-1', kind: 'code-interpreter', ...PLACE });
    expect(asked).toEqual([expect.objectContaining({ method: 'POST', url: '/v1/code-interpreter' })]);
    expect(asked[0].headers).toMatchObject({ 'authorization': 'Bearer planted-token', 'idempotency-key': 'k-1', 'content-type': 'application/json' });
    expect(JSON.parse(asked[0].text)).toEqual({ ...PLACE, ...more, ttl: 60 });
  });

  test('of the other kind has another route', async () => {
    const { client, asked } = await gateway(CREATED, { body: { ...END, stdout: '', stderr: '' } });
    const session = await client().createSession({ ...PLACE, kind: 'agent-runtime' });
    await session.execute(['true']);
    expect(asked.map(({ url }) => url)).toEqual(['/v1/agent-runtime', '/v1/namespaces/team-a/agent-runtimes/python/invocations/api/execute']);
  });

  test.each(['SESSION_NOT_READY', 'POOL_EMPTY', 'UNAVAILABLE'])('that is refused for a moment with %s is asked for again with the same key', async (code) => {
    const { client, asked } = await gateway(soon(code), soon(code), CREATED);
    expect((await client().createSession(PLACE)).id).toBe('s-1');
    const keys = asked.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  test('has a key that no other one has', async () => {
    const { client, asked } = await gateway(CREATED);
    await client().createSession(PLACE);
    await client().createSession(PLACE);
    expect(asked[0].headers['idempotency-key']).not.toBe(asked[1].headers['idempotency-key']);
  });

  test('is asked for five times at most', async () => {
    const { client, asked } = await gateway(soon('POOL_EMPTY'));
    expect(await errorOf(client().createSession(PLACE))).toMatchObject({ name: 'SessionError', code: 'POOL_EMPTY', status: 503, retryAfterSeconds: 0 });
    expect(asked).toHaveLength(5);
  });

  test.each<[string, object]>([
    ['that is not for a moment', { status: 503, body: { code: 'POOL_EMPTY' } }],
    ['that would take too long', { status: 503, headers: { 'retry-after': '31' }, body: { code: 'POOL_EMPTY' } }],
    ['because of a limit', soon('TOO_MANY_REQUESTS', 429)],
    ['for good', { status: 404, headers: { 'retry-after': '0' }, body: { code: 'POOL_NOT_FOUND' } }],
  ])('is not asked for again after a refusal %s', async (_, answer) => {
    const { client, asked } = await gateway(answer);
    await expect(client().createSession(PLACE)).rejects.toThrow(SessionError);
    expect(asked).toHaveLength(1);
  });
});

test('the time to wait is what the gateway says', async () => {
  const { url } = await gateway({ ...soon('UNAVAILABLE'), headers: { 'retry-after': '7' } }, { body: {} });
  const waited: number[] = [];
  const requests = new Requests({ url, token: 't', wait: async (milliseconds) => void waited.push(milliseconds) });
  await requests.send({ method: 'GET', path: '/', repeatable: true });
  expect(waited).toEqual([7000]);
});

test('waiting can be given up', async () => {
  const { client, asked } = await gateway({ ...soon('POOL_EMPTY'), headers: { 'retry-after': '30' } });
  const given = new AbortController();
  const created = errorOf(client().createSession({ ...PLACE, signal: given.signal }));
  while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  given.abort(new Error('given up'));
  expect((await created).message).toBe('given up');
});

test('sessions are listed page by page, also over one that is empty', async () => {
  const { client, asked } = await gateway(
    { body: { sessions: [view('a'), view('b')], next: 'x/1' } }, { body: { sessions: [], next: 'x&2' } }, { body: { sessions: [view('c')] } },
  );
  const ids: string[] = [];
  for await (const { sessionId } of client().list()) ids.push(sessionId);
  expect(ids).toEqual(['a', 'b', 'c']);
  expect(asked.map(({ url }) => url)).toEqual(['/v1/sessions', '/v1/sessions?cursor=x%2F1', '/v1/sessions?cursor=x%262']);
});

test('a page that nobody gets to is not asked for', async () => {
  const { client, asked } = await gateway({ body: { sessions: [view('a')], next: 'more' } });
  for await (const { sessionId } of client().list()) {
    expect(sessionId).toBe('a');
    break;
  }
  expect(asked).toHaveLength(1);
});

test('one session is looked at, extended and ended', async () => {
  const { client, asked } = await gateway({ body: view('s-1') });
  const session = client().session('s-1', PLACE);
  expect(await client().get('s-1')).toEqual(view('s-1'));
  expect(await session.extend(600)).toEqual(view('s-1'));
  await session.delete();
  expect(asked.map(({ method, url, text }) => [method, url, text])).toEqual([
    ['GET', '/v1/sessions/s-1', ''], ['POST', '/v1/sessions/s-1/extend', '{"ttl":600}'], ['DELETE', '/v1/sessions/s-1', ''],
  ]);
});

test('a token may be made for each request', async () => {
  const { client, asked } = await gateway({ body: { sessions: [] } });
  let count = 0;
  const own = client({ token: async () => `t-${count += 1}` });
  for (let i = 0; i < 2; i += 1) for await (const _ of own.list()) expect(_).toBeUndefined();
  expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer t-1', 'Bearer t-2']);
});

test('the gateway may be below a path', async () => {
  const { client, asked, url } = await gateway({ body: view('s-1') });
  await client({ url: `${url}/sandboxes/` }).get('s-1');
  expect(asked[0].url).toBe('/sandboxes/v1/sessions/s-1');
});

describe('an error has a code to decide by', () => {
  test.each<[string, object, object]>([
    ['of the gateway', { status: 404, body: { code: 'SESSION_NOT_FOUND', error: 'e', message: 'e' } }, { code: 'SESSION_NOT_FOUND', status: 404, message: 'e' }],
    ['of the session', { status: 400, body: { error: 'x', code: 400, reason: 'PATH_REFUSED', detail: 'd' } }, { code: 'PATH_REFUSED', status: 400, message: 'd' }],
    ['of something in between', { status: 502, body: '<html>' }, { code: 'HTTP_502', status: 502, message: 'the answer has status 502' }],
    ['with a time', { status: 429, headers: { 'retry-after': '3' }, body: { code: 'TOO_MANY_REQUESTS' } }, { code: 'TOO_MANY_REQUESTS', retryAfterSeconds: 3 }],
    ['with a date as time', { status: 429, headers: { 'retry-after': 'Mon, 04 May 2026' }, body: [] }, { code: 'HTTP_429', retryAfterSeconds: undefined }],
    ['for what is no JSON', { status: 200, body: '<html>' }, { code: 'ANSWER_BROKEN', status: 0 }],
    ['for an answer that is cut', { status: 200, headers: { 'content-length': '100' }, body: '{"a":', cut: true }, { code: 'ANSWER_BROKEN', status: 0 }],
  ])('%s', async (_, answer, expected) => {
    const { client } = await gateway(answer);
    expect(await errorOf(client().get('s-1'))).toMatchObject({ name: 'SessionError', ...expected });
  });

  test('for a redirect, which the token does not follow', async () => {
    const { client, asked } = await gateway({ status: 302, headers: { location: '/elsewhere' } }, { body: view('s-1') });
    expect(await errorOf(client().get('s-1'))).toMatchObject({ code: 'CONNECTION_FAILED', status: 0 });
    expect(asked).toHaveLength(1);
  });

  test('when nobody listens', async () => {
    const error = await errorOf(new SessionClient({ url: 'http://127.0.0.1:1', token: 't' }).get('s-1'));
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', status: 0 });
    expect(error.cause).toBeDefined();
  });
});

test.each(['', '.', '..'])('the id %j is refused, because it would make another URL', async (id) => {
  const { client, asked } = await gateway();
  await expect(client().get(id)).rejects.toThrow(/must be a name/);
  expect(() => client().session('s-1', { namespace: id, name: 'python' })).toThrow(/must be a name/);
  expect(asked).toEqual([]);
});

test.each(['gateway.example.com', 'ftp://gateway.example.com', ''])('the URL %j is refused', (url) => {
  expect(() => new SessionClient({ url, token: 't' })).toThrow(/^url must be an http or https URL/);
});
