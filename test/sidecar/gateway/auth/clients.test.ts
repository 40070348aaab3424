import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { HttpsProvider, httpsProvider } from './https-provider';
import { AUDIENCE, jwks, NOW, rawToken, signingKey, token } from './tokens';
import { clientProblems, Clients, openClients } from '../../../../sidecar/src/gateway/auth/clients';
import { Limiter } from '../../../../sidecar/src/server/bounds/limiter';
import { buildServer } from '../../../../sidecar/src/server/http/build-server';
import { createLogger } from '../../../../sidecar/src/server/telemetry/log';
import { SESSIONS_STATUS } from '../../../../src/protocol/sessions-api';
import { tempFolder } from '../../../helpers/temp-folder';

const KEY = 'planted-key-0123456789-0123456789-abc';
const ACCOUNT = 'system:serviceaccount:team-a:builder';
const CLUSTER = 'https://kubernetes.default.svc';
const K1 = signingKey('k1');
const CLUSTER_KEY = signingKey('c1', 'RS256');

const root = tempFolder();
const file = (name: string, text: string): string => {
  writeFileSync(join(root, name), text, { mode: 0o600 });
  return join(root, name);
};
const log = createLogger({ role: 'gateway', level: 'error', destination: { write: () => undefined } });
const open = (sources: object): Promise<Clients> => openClients({ ANONYMOUS: false, clock: () => NOW * 1000, log, pollMilliseconds: 20, ...sources });

let provider: HttpsProvider;
let clients: Clients;
let app: FastifyInstance;

beforeAll(async () => {
  provider = await httpsProvider();
  const issuers = [
    { issuer: provider.url, audience: AUDIENCE, kind: 'oidc', caFile: file('ca.pem', provider.ca), roleClaim: 'roles', requiredRole: 'user' },
    { issuer: CLUSTER, audience: AUDIENCE, kind: 'kubernetes', jwksFile: file('jwks.json', jwks(CLUSTER_KEY)) },
  ];
  const keys = { [`sha256:${createHash('sha256').update(KEY).digest('hex')}`]: { name: 'ci' } };
  clients = await open({ ISSUERS_FILE: file('issuers.json', JSON.stringify({ issuers })), API_KEYS_FILE: file('keys.json', JSON.stringify(keys)) });
  app = guarded(clients);
});

afterAll(async () => {
  clients.close();
  provider.close();
  await app.close();
});

function guarded(by: Clients, refusals?: Limiter): FastifyInstance {
  const errors = {
    table: SESSIONS_STATUS, malformed: 'BAD_REQUEST', unknownPath: 'NOT_FOUND', limited: 'TOO_MANY_REQUESTS', unavailable: 'UNAVAILABLE', unexpected: 'INTERNAL',
  } as const;
  const server = buildServer({ log, errors, refusals });
  server.get('/', async (request) => by.authenticate(request.raw));
  return server;
}

async function ask(authorization?: string, server = app) {
  const { statusCode, body, headers } = await server.inject({ url: '/', headers: authorization === undefined ? {} : { authorization } });
  return { status: statusCode, body: JSON.parse(body), challenge: headers['www-authenticate'], retryAfter: headers['retry-after'] };
}

test('a provider that is down at the start stops nothing: its tokens are good as soon as it answers', async () => {
  const good = `Bearer ${await token(K1, { iss: provider.url, roles: ['user'] })}`;
  expect(await ask(good)).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' }, retryAfter: '10' });
  expect((await ask(`Bearer ${KEY}`)).status).toBe(200);
  provider.pages.set('/.well-known/openid-configuration', JSON.stringify({ issuer: provider.url, jwks_uri: `${provider.url}/jwks` }));
  provider.pages.set('/jwks', jwks(K1));
  let now = NOW * 1000;
  const later = await openClients({ ANONYMOUS: false, ISSUERS_FILE: join(root, 'issuers.json'), clock: () => now, log });
  now += 10_000;
  expect(await later.authenticate({ headers: { authorization: good } } as never)).toMatchObject({ owner: `${provider.url}#alice` });
  later.close();
});

test('each kind of client is let in as who it is', async () => {
  expect((await ask(`Bearer ${KEY}`)).body).toEqual({ owner: 'api-key:ci', admin: false, key: 'api-key:ci' });
  expect((await ask(`Bearer ${await token(CLUSTER_KEY, { iss: CLUSTER, sub: ACCOUNT })}`)).body).toMatchObject({ owner: ACCOUNT });
});

test('whatever is wrong, the answer is one and the same', async () => {
  const claims = { iss: CLUSTER, aud: AUDIENCE, sub: ACCOUNT, exp: NOW + 600 };
  const wrong = [
    undefined, 'Bearer', 'Basic YTpi', `Basic ${KEY}`, 'Bearer short', `Bearer ${KEY}x`, `Bearer ${KEY.toUpperCase()}`,
    `Bearer ${rawToken({ alg: 'none' }, claims, '')}`,
    `Bearer ${rawToken({ alg: 'RS256', kid: 'c1' }, claims, 'c2ln')}`,
    `Bearer ${rawToken({ alg: 'RS256' }, {}, 'c2ln')}`,
    `Bearer ${await token(CLUSTER_KEY, { ...claims, iss: 'https://elsewhere.example.com' })}`,
    `Bearer ${await token(CLUSTER_KEY, { ...claims, aud: 'other' })}`,
    `Bearer ${await token(CLUSTER_KEY, { ...claims, exp: NOW - 3600 })}`,
    `Bearer ${await token(CLUSTER_KEY, { ...claims, sub: 'alice' })}`,
    `Bearer ${await token(signingKey('c1', 'RS256'), claims)}`,
    `Bearer ${await token(K1, claims)}`,
  ];
  const answers = await Promise.all(wrong.map((one) => ask(one)));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(answers[0]).toMatchObject({ status: 401, body: { code: 'UNAUTHORIZED' }, challenge: 'Bearer' });
});

test('a key that has the form of a token is tried as a token only', async () => {
  const shaped = rawToken({ alg: 'none' }, { iss: 'nobody' }, 'c2ln');
  const keys = { [`sha256:${createHash('sha256').update(shaped).digest('hex')}`]: { name: 'ci' } };
  const only = await open({ API_KEYS_FILE: file('shaped.json', JSON.stringify(keys)) });
  await expect(only.authenticate({ headers: { authorization: `Bearer ${shaped}` } } as never)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  only.close();
});

test('refusals of an address are limited, and good clients of it are not', async () => {
  const server = guarded(clients, new Limiter({ perSecond: 1, burst: 3, maxKeys: 10, clock: () => 0 }));
  const statuses = [];
  for (let i = 0; i < 5; i += 1) statuses.push((await ask('Bearer wrong', server)).status);
  expect(statuses).toEqual([401, 401, 401, 429, 429]);
  expect((await ask('Bearer wrong', server)).retryAfter).toBe('1');
  expect((await ask(`Bearer ${KEY}`, server)).status).toBe(200);
  await server.close();
});

test('everybody is let in as nobody when that is chosen', async () => {
  const anybody = await open({ ANONYMOUS: true });
  expect(await anybody.authenticate({ headers: {} } as never)).toEqual({ admin: false, key: 'anonymous' });
  expect(anybody.problem()).toBeUndefined();
});

test('keys that are still to come are a problem, issuers are none', async () => {
  const waiting = await open({ API_KEYS_FILE: join(root, 'later.json') });
  expect(waiting.problem()).toMatch(/has no API keys yet$/);
  expect(clients.problem()).toBeUndefined();
  waiting.close();
});

test('an issuers file that cannot be used stops the start', async () => {
  await expect(open({ ISSUERS_FILE: file('bad.json', '{"issuers": []}') })).rejects.toThrow(/issuers: must have at least 1/);
});

test.each<[object, RegExp | undefined]>([
  [{ ANONYMOUS: false }, /must say who may use the gateway/],
  [{ ANONYMOUS: true, API_KEYS_FILE: '/k' }, /lets everybody in; unset it/],
  [{ ANONYMOUS: true, ISSUERS_FILE: '/i' }, /lets everybody in; unset it/],
  [{ ANONYMOUS: true }, undefined],
  [{ ANONYMOUS: false, API_KEYS_FILE: '/k' }, undefined],
  [{ ANONYMOUS: false, ISSUERS_FILE: '/i', API_KEYS_FILE: '/k' }, undefined],
])('the choice %j is judged before the start', (sources, problem) => {
  const problems = clientProblems(sources as never);
  expect(problems).toEqual(problem === undefined ? [] : [expect.stringMatching(problem)]);
});
