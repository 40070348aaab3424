import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { ControllerAnswer, ControllerRequest } from '../../../sidecar/src/gateway/controller-client';
import { managementRoutes } from '../../../sidecar/src/gateway/management';
import type { Principal } from '../../../sidecar/src/gateway/principal';
import { buildServer } from '../../../sidecar/src/server/http/build-server';
import { SESSIONS_ERRORS, refuse } from '../../../sidecar/src/server/http/sessions-errors';
import { createLogger } from '../../../sidecar/src/server/telemetry/log';
import { eventually } from '../../helpers/temp-folder';

const ALICE: Principal = { owner: 'https://id.example.com#alice', admin: false, key: 'alice' };
const BOSS: Principal = { ...ALICE, admin: true };
const ID = '0b8e3b1e-8d3b-4d8c-9f7a-2d1f6c0e9a11';
const log = createLogger({ role: 'gateway', level: 'error', destination: { write: () => undefined } });
const open: FastifyInstance[] = [];

afterEach(() => Promise.all(open.splice(0).map((app) => app.close())));

const done = async (): Promise<ControllerAnswer> => ({ status: 200, body: { done: true } });

function gateway(answer: (asked: ControllerRequest) => Promise<ControllerAnswer> = done, principal = ALICE) {
  const asked: ControllerRequest[] = [];
  const app = buildServer({ log, errors: SESSIONS_ERRORS });
  open.push(app);
  app.addHook('onRequest', async (asking) => { asking.principal = principal; });
  const ask = (one: ControllerRequest) => {
    asked.push(one);
    return answer(one);
  };
  managementRoutes(app, { controller: { ask, close: async () => undefined } });
  return { app, asked };
}

test.each<['GET' | 'POST' | 'DELETE', string, string | undefined, object]>([
  ['POST', '/v1/code-interpreter', '{"name":"py","namespace":"a"}', { body: '{"name":"py","namespace":"a"}' }],
  ['POST', '/v1/agent-runtime', '{ "name": "py" }', { body: '{"name":"py"}' }],
  ['DELETE', `/v1/code-interpreter/sessions/${ID}`, undefined, {}],
  ['DELETE', `/v1/agent-runtime/sessions/${ID}`, undefined, {}],
  ['GET', '/v1/sessions', undefined, { repeatable: true }],
  ['GET', '/v1/sessions?cursor=a%2Fb&limit=5', undefined, { repeatable: true }],
  ['GET', `/v1/sessions/${ID}`, undefined, { repeatable: true }],
  ['DELETE', `/v1/sessions/${ID}`, undefined, {}],
  ['POST', `/v1/sessions/${ID}/extend`, '{"ttl":60}', { body: '{"ttl":60}', repeatable: true }],
])('%s %s is passed on for its owner, and the answer comes back', async (method, url, payload, more) => {
  const { app, asked } = gateway();
  const answer = await app.inject({ method, url, payload, headers: payload === undefined ? {} : { 'content-type': 'application/json' } });
  expect([answer.statusCode, answer.json()]).toEqual([200, { done: true }]);
  expect(asked).toEqual([expect.objectContaining({ method, path: url, behalf: { owner: ALICE.owner }, ...more })]);
  expect(asked[0].repeatable ?? false).toBe('repeatable' in more);
});

test.each(['application/json', 'text/plain'])('a DELETE without body that names %s is passed on', async (type) => {
  const { app, asked } = gateway();
  const { statusCode } = await app.inject({ method: 'DELETE', url: `/v1/code-interpreter/sessions/${ID}`, headers: { 'content-type': type } });
  expect([statusCode, asked[0].body]).toEqual([200, undefined]);
});

test('an administrator sees all sessions, and makes those of their own', async () => {
  const { app, asked } = gateway(undefined, BOSS);
  await app.inject({ url: '/v1/sessions' });
  await app.inject({ method: 'DELETE', url: `/v1/sessions/${ID}` });
  await app.inject({ method: 'POST', url: '/v1/code-interpreter', payload: { name: 'py' } });
  expect(asked.map(({ behalf }) => behalf)).toEqual(['admin', 'admin', { owner: ALICE.owner }]);
});

test('a create with a key may be sent again, without one it may not', async () => {
  const { app, asked } = gateway();
  const create = (headers: Record<string, string>) => app.inject({ method: 'POST', url: '/v1/code-interpreter', payload: {}, headers });
  await create({ 'idempotency-key': 'k-1' });
  await create({});
  expect(asked.map(({ idempotencyKey, repeatable }) => [idempotencyKey, repeatable])).toEqual([['k-1', true], [undefined, undefined]]);
});

test('headers by which somebody says who they are go no further', async () => {
  const { app, asked } = gateway();
  await app.inject({ url: '/v1/sessions', headers: { 'x-agent-platform-owner': 'api-key:ops', 'x-agent-platform-admin': 'true' } });
  expect(asked[0].behalf).toEqual({ owner: ALICE.owner });
});

test("the controller's refusal is the answer", async () => {
  const { app } = gateway(() => Promise.reject(refuse('POOL_EMPTY', 'no worker is free', { retryAfterSeconds: 5 })));
  const answer = await app.inject({ method: 'POST', url: '/v1/code-interpreter', payload: {} });
  expect([answer.statusCode, answer.json(), answer.headers['retry-after']]).toEqual([503, { code: 'POOL_EMPTY', error: 'no worker is free', message: 'no worker is free' }, '5']);
});

describe('is refused before the controller is asked', () => {
  test.each<[string, 'GET' | 'POST' | 'DELETE', string, string | undefined, Record<string, string>, number, string]>([
    ['a create without body', 'POST', '/v1/code-interpreter', undefined, {}, 400, 'BAD_REQUEST'],
    ['a body that is no JSON', 'POST', '/v1/code-interpreter', '{', {}, 400, 'BAD_REQUEST'],
    ['a body with a key twice', 'POST', '/v1/code-interpreter', '{"name":"a","name":"b"}', {}, 400, 'BAD_REQUEST'],
    ['a body that is too long', 'POST', '/v1/code-interpreter', `"${'x'.repeat(128 * 1024)}"`, {}, 413, 'BAD_REQUEST'],
    ['an idempotency key with blanks', 'POST', '/v1/code-interpreter', '{}', { 'idempotency-key': 'a b' }, 400, 'BAD_REQUEST'],
    ['an empty idempotency key', 'POST', '/v1/code-interpreter', '{}', { 'idempotency-key': '' }, 400, 'BAD_REQUEST'],
    ['an idempotency key that is too long', 'POST', '/v1/code-interpreter', '{}', { 'idempotency-key': 'a'.repeat(256) }, 400, 'BAD_REQUEST'],
    ['an id that is a path', 'GET', '/v1/sessions/..%2Fpools', undefined, {}, 404, 'SESSION_NOT_FOUND'],
    ['an id that begins with a dot', 'DELETE', '/v1/sessions/%2Epools', undefined, {}, 404, 'SESSION_NOT_FOUND'],
    ['an id with a query in it', 'GET', `/v1/sessions/${ID}%3Fx`, undefined, {}, 404, 'SESSION_NOT_FOUND'],
    ['recovering, which is the gateway\'s own', 'POST', `/v1/sessions/${ID}/recover`, '{}', {}, 404, 'NOT_FOUND'],
    ['a method that does not exist', 'POST', '/v1/sessions', '{}', {}, 405, 'BAD_REQUEST'],
  ])('%s', async (_, method, url, payload, headers, status, code) => {
    const { app, asked } = gateway();
    const answer = await app.inject({ method, url, payload, headers: payload === undefined ? headers : { 'content-type': 'application/json', ...headers } });
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect(asked).toEqual([]);
  });
});

test('a client that goes away ends its create, and one that got its answer ends nothing', async () => {
  const { app, asked } = gateway(({ signal }) => new Promise((resolve, reject) => {
    if (asked.length === 2) resolve({ status: 200, body: {} });
    signal!.addEventListener('abort', () => reject(refuse('CONTROLLER_UNAVAILABLE', 'gone')));
  }));
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const create = () => request({ port, host: '127.0.0.1', path: '/v1/code-interpreter', method: 'POST', headers: { 'content-type': 'application/json' } }).end('{}');
  const first = create().on('error', () => undefined);
  await eventually(() => asked.length === 1);
  expect(asked[0].signal!.aborted).toBe(false);
  first.destroy();
  await eventually(() => asked[0].signal!.aborted);
  const [answer] = await once(create(), 'response');
  answer.resume();
  await once(answer, 'end');
  expect(asked[1].signal!.aborted).toBe(false);
});
