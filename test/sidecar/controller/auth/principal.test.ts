import fc from 'fast-check';
import type { ControllerCaller } from '../../../../sidecar/src/controller/auth/caller';
import { principalOf, sees } from '../../../../sidecar/src/controller/auth/principal';
import { ADMIN, ALICE, controllerOver, DIRECT, GATEWAY_TOKEN, Headers } from '../world';

const GATEWAY: ControllerCaller = { namespace: 'platform', serviceAccount: 'gateway', onBehalf: true, namespaces: new Set() };
const AUTHORIZED = { authorization: `Bearer ${GATEWAY_TOKEN}` };

test('any owner without control characters survives the header', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }).filter((owner) => !/\p{Cc}/u.test(owner)), (owner) => {
    expect(principalOf(GATEWAY, { 'x-agent-platform-owner': encodeURIComponent(owner) })).toEqual({ owner, seesAll: false, onBehalf: true });
  }));
});

test('a session is there for its owner and for administrators, and one without owner for these and for those who have no name', () => {
  const alice = { owner: 'alice', seesAll: false, onBehalf: true };
  const [admin, anybody] = [{ seesAll: true, onBehalf: true }, { seesAll: false, onBehalf: true }];
  const whatTheySee = (sessions: readonly object[]) => [alice, admin, anybody].map((one) => sessions.map((session) => sees(one, session)));
  expect(whatTheySee([{ owner: 'alice' }, { owner: 'bob' }, {}])).toEqual([[true, false, false], [true, true, true], [false, false, true]]);
});

describe('the gateway is refused', () => {
  test.each<[string, Record<string, string>]>([
    ['without anybody behind it', {}], ['with two behind it', { 'x-agent-platform-owner': 'a', 'x-agent-platform-admin': 'true' }],
    ['with no administrator', { 'x-agent-platform-admin': 'false' }], ['with a blank owner and an administrator', { 'x-agent-platform-owner': '', 'x-agent-platform-admin': 'true' }],
    ['with two owners in one header', { 'x-agent-platform-owner': 'a, b' }], ['with a broken escape', { 'x-agent-platform-owner': '%zz' }],
    ['with half a character', { 'x-agent-platform-owner': '%c3' }], ['with a line break', { 'x-agent-platform-owner': 'a%0ab' }],
    ['with a blank', { 'x-agent-platform-owner': 'a b' }], ['with a long owner', { 'x-agent-platform-owner': 'a'.repeat(1025) }],
  ])('%s', async (_name, headers) => {
    expect(await controllerOver().send('GET', '/v1/sessions', undefined, { ...AUTHORIZED, ...headers })).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
  });
});

test.each([{ 'x-agent-platform-owner': 'alice' }, { 'x-agent-platform-owner': '' }, { 'x-agent-platform-admin': 'true' }])('nobody else speaks for others: %j', async (headers) => {
  expect(await controllerOver().send('GET', '/v1/sessions', undefined, { ...DIRECT, ...headers })).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
});

describe('a caller is not known', () => {
  test.each([undefined, '', 'Bearer', 'Bearer ', 'Basic abc', `Bearer ${GATEWAY_TOKEN}x`, `Bearer ${GATEWAY_TOKEN} x`, `Bearer ${'x'.repeat(8193)}`])('by %j', async (authorization) => {
    const answer = await controllerOver().send('GET', '/v1/sessions', undefined, { ...ALICE, authorization });
    expect([answer.status, answer.body.code, answer.headers['www-authenticate']]).toEqual([401, 'UNAUTHORIZED', 'Bearer']);
  });

  test('while the API server does not answer, which is no 401', async () => {
    const one = controllerOver();
    one.world.unknownCallers = true;
    expect(await one.create()).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
  });

  test('before its body is read', async () => {
    expect((await controllerOver().send('POST', '/v1/code-interpreter', '{', { ...ALICE, authorization: 'Bearer nobody' })).status).toBe(401);
  });
});

test('the scheme of a token has any case', async () => {
  expect((await controllerOver().send('GET', '/v1/sessions', undefined, { ...ADMIN, authorization: `bearer ${GATEWAY_TOKEN}` })).status).toBe(200);
});

test('whoever has no name has the sessions without owner, and none of somebody', async () => {
  const anybody: Headers = { ...AUTHORIZED, 'x-agent-platform-owner': '' };
  const one = controllerOver({ workers: 2 });
  const [ofAlice, ofNobody] = [(await one.create()).body, (await one.create({}, anybody)).body];
  expect([ofAlice.ownerId, ofNobody.ownerId]).toEqual(['alice', undefined]);
  const listed = async (headers: Headers) => (await one.send('GET', '/v1/sessions', undefined, headers)).body.sessions.map(({ sessionId }: { sessionId: string }) => sessionId);
  expect([await listed(anybody), await listed(ALICE)]).toEqual([[ofNobody.sessionId], [ofAlice.sessionId]]);
  for (const [method, path, body] of [['GET', ''], ['DELETE', ''], ['POST', '/extend', { ttl: 9 }], ['POST', '/recover']] as const) {
    expect(await one.send(method, `/v1/sessions/${ofAlice.sessionId}${path}`, body, anybody)).toMatchObject({ status: 404, body: { code: 'SESSION_NOT_FOUND' } });
  }
  expect(await one.send('DELETE', `/v1/sessions/${ofNobody.sessionId}`, undefined, anybody)).toMatchObject({ status: 200 });
});
