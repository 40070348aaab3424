import { METHODS } from 'node:http';
import { verifyingKey, verifyToken } from '../../../../sidecar/src/crypto/signed-token';
import { StoreError } from '../../../../sidecar/src/store/store-error';
import type { SessionRecord } from '../../../../src/protocol/session-record';
import { freePort } from '../../../helpers/free-port';
import { rawAnswer } from '../../server/frame';
import { SESSION_KEY } from '../../session/build-session';
import { ask, closeAll, ECHO, invoke, rawWorker, until, worker } from '../sockets';
import { BASE, gateway, gatewayBefore, ID } from '../world';

afterEach(closeAll);

const HEADER = 'x-agentcube-session-id';

async function echoing() {
  const world = await gatewayBefore(await worker(ECHO));
  return world;
}

test.each(METHODS.filter((method) => !['HEAD', 'CONNECT', 'TRACE'].includes(method)))('%s reaches the worker', async (method) => {
  const { port } = await echoing();
  // QUERY is no request without one: https://www.ietf.org/archive/id/draft-ietf-httpbis-safe-method-w-body-11.html#section-2.1
  expect(await invoke(port, '/a', { method, headers: { 'content-type': 'text/plain' } })).toMatchObject({ status: 200, body: { method, url: '/a' }, headers: { [HEADER]: ID } });
});

test('HEAD reaches the worker and its answer has no body', async () => {
  const { port } = await echoing();
  expect(await invoke(port, '/a', { method: 'HEAD' })).toMatchObject({ status: 200, text: '', headers: { [HEADER]: ID, 'content-type': 'application/json' } });
});

test('TRACE and CONNECT are refused', async () => {
  const { port } = await echoing();
  expect(await invoke(port, '/a', { method: 'TRACE' })).toMatchObject({ status: 405, body: { code: 'BAD_REQUEST' } });
  expect(await rawAnswer(port, `CONNECT ${BASE}/a HTTP/1.1\r\nHost: x\r\n\r\n`)).toBe('');
});

test.each([
  '/a%2Fb', '/..%2f..%2fetc', '/%2e%2e/x', '//double//slash', '/a;b=c', '/a?', '/a?b=%2F&c', '/', '/invocations/x', '/a/../b', '/%F0%9F%98%80',
])('the path %s goes on as it is', async (path) => {
  const { port } = await echoing();
  expect((await invoke(port, path)).body.url).toBe(path);
});

test.each(['http://evil.example', 'https://127.0.0.1:1'])('an absolute URL of %s reaches the session and nothing else', async (origin) => {
  const { port } = await echoing();
  const answer = await ask(port, `${origin}${BASE}/a`, { headers: { [HEADER]: ID } });
  expect(answer.body.url).toBe('/a');
  expect(answer.body.headers.host).not.toContain('evil');
});

test.each(['/v1/namespaces/team-a/code-interpreters/python/invocations', '/v1/namespaces/team-a/others/python/invocations/x', '/v1/namespaces//code-interpreters/python/invocations/'])(
  '%s is no path', async (path) => {
    const { port } = await echoing();
    expect(await ask(port, path, { headers: { [HEADER]: ID } })).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });

test('the worker gets a token of its session in place of the credentials of the client', async () => {
  const { port } = await echoing();
  const { body } = await invoke(port, '/', { headers: { authorization: 'Bearer of-the-client', connection: 'Authorization, close' } });
  const [scheme, token] = body.headers.authorization.split(' ');
  expect(scheme).toBe('Bearer');
  expect(verifyToken(token, [verifyingKey(SESSION_KEY.publicKey)], 8192)).toMatchObject({ session_id: ID, iss: 'agentcube-router' });
  expect(JSON.stringify(body)).not.toContain('of-the-client');
});

test('who forwarded is what the gateway says', async () => {
  const { port } = await echoing();
  const { body } = await invoke(port, '/', { headers: { 'x-forwarded-for': '6.6.6.6', 'x-forwarded-host': 'evil', 'x-forwarded-user': 'root', 'forwarded': 'for=6.6.6.6', 'host': 'gateway.example' } });
  expect(body.headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': 'gateway.example', 'x-forwarded-proto': 'http' });
  expect(JSON.stringify(body)).not.toMatch(/6\.6\.6\.6|evil|root/);
});

test('a session is made on first use, and named in the answer', async () => {
  const upstream = await worker(ECHO);
  const { port, asked } = await gateway({
    controls: async (_request, world) => {
      await world.session(upstream);
      return { status: 200, body: { sessionId: ID } };
    },
  });
  expect(await ask(port, `${BASE}/a`)).toMatchObject({ status: 200, headers: { [HEADER]: ID } });
  expect(asked).toMatchObject([{ method: 'POST', path: '/v1/code-interpreter', behalf: { owner: 'alice' }, body: '{"namespace":"team-a","name":"python"}' }]);
});

test('a session that was made is named although its worker does not answer', async () => {
  const dead = await freePort();
  const { port } = await gateway({
    controls: async ({ path }, world) => {
      if (!path.endsWith('/recover')) await world.session(dead);
      return { status: 200, body: { sessionId: ID } };
    },
  });
  expect(await ask(port, `${BASE}/a`)).toMatchObject({ status: 502, body: { code: 'SANDBOX_UNREACHABLE' }, headers: { [HEADER]: ID } });
});

const FOREIGN: Readonly<Record<string, Partial<SessionRecord>>> = {
  'of another owner': { owner: 'bob' },
  'without an owner': { owner: undefined },
  'of another namespace': { namespace: 'team-b' },
  'of another name': { name: 'ruby' },
  'of another kind': { kind: 'agent-runtime' },
  'that ends': { phase: 'ending' },
  'whose time is over': { createdAt: 1, expiresAt: 2 },
};

test.each(Object.keys(FOREIGN))('a session %s is answered as one that is not there', async (what) => {
  const { port, session } = await gateway();
  const missing = await invoke(port);
  await session(await worker(ECHO), FOREIGN[what]);
  const answer = await invoke(port);
  expect(answer).toMatchObject({ status: 404, body: { code: 'SESSION_NOT_FOUND', error: `sessions.agentcube.volcano.sh "${ID}" not found` } });
  expect(answer.text).toBe(missing.text);
  expect(answer.headers[HEADER]).toBeUndefined();
});

test('who sees all sessions reaches that of another', async () => {
  const { port, session } = await gateway();
  await session(await worker(ECHO), { owner: 'bob' });
  expect(await invoke(port, '/', { headers: { 'x-test-admin': '1' } })).toMatchObject({ status: 200 });
});

test('a session in the making is for later', async () => {
  const { port, session } = await gateway();
  await session(1, { phase: 'creating', worker: undefined });
  expect(await invoke(port)).toMatchObject({ status: 503, body: { code: 'SESSION_NOT_READY' }, headers: { 'retry-after': '1', [HEADER]: ID } });
});

test.each(['../x', 'a b', 'x'.repeat(129), 'a, b'])('the id %j is refused before the store is asked', async (id) => {
  const get = jest.fn();
  const { port } = await gateway({ store: { get } as never });
  expect(await invoke(port, '/', { headers: { [HEADER]: id } })).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
  expect(get).not.toHaveBeenCalled();
});

test('a store that is down is said so, and comes back', async () => {
  const { port, store } = await gatewayBefore(await worker(ECHO));
  const get = jest.spyOn(store, 'get').mockRejectedValueOnce(new StoreError('Unavailable', 'redis://secret@host'));
  const answer = await invoke(port);
  expect(answer).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE' }, headers: { 'retry-after': '1' } });
  expect(answer.text).not.toContain('secret');
  get.mockRestore();
  expect(await invoke(port)).toMatchObject({ status: 200 });
});

test('a key that does not open is said so', async () => {
  const { port, session } = await gateway();
  await session(await worker(ECHO), { sealedKey: 'v1.0123456789abcdef.bm9uY2Vub25jZQ.eA' });
  expect(await invoke(port)).toMatchObject({ status: 503, body: { code: 'SESSION_PRIVATE_KEY_NOT_FOUND' } });
});

test('hop-by-hop headers and a session of the worker itself end at the gateway', async () => {
  const port = await rawWorker((_text, socket) => socket.write(
    'HTTP/1.1 200 OK\r\nConnection: x-private\r\nKeep-Alive: timeout=9\r\nX-Private: 1\r\nX-AgentCube-Session-Id: stolen\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok'));
  const world = await gatewayBefore(port);
  const { headers, text } = await invoke(world.port);
  expect(text).toBe('ok');
  expect(headers).toMatchObject({ [HEADER]: ID, 'set-cookie': ['a=1', 'b=2'] });
  expect(headers).not.toHaveProperty('x-private');
  expect(headers['keep-alive']).not.toBe('timeout=9');
});

test('slots and activity end with their requests', async () => {
  const { port, open } = await gatewayBefore(await worker(ECHO));
  await Promise.all(Array.from({ length: 20 }, () => invoke(port)));
  await invoke(port, '/', { headers: { [HEADER]: '!' } });
  await until(() => open() === 0, 'the end of the slots');
});
