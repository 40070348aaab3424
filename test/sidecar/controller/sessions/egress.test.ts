import { BrokerFailure, SessionBroker } from '../../../../sidecar/src/controller/broker-client';
import { poolsIn } from '../../../../sidecar/src/controller/pools/pool-entries';
import { openSecret } from '../../../../sidecar/src/crypto/envelope';
import { USED_FOR } from '../../../../sidecar/src/store/store';
import { isReservedEnv } from '../../../../src/protocol/reserved-env';
import { MAX_ENV_BYTES, MAX_ENV_VARIABLES } from '../../../../src/protocol/session-api';
import { MAX_SESSION_ENV } from '../../../../src/protocol/sessions-api';
import { wayOutEnvironment } from '../../../../src/protocol/way-out-env';
import { lenientDaemon } from '../lenient-daemon';
import { ALICE, controllerOver } from '../world';

const PROXY = 'http://10.96.0.9:15001';

function online(more: Parameters<typeof controllerOver>[0] = {}) {
  const one = controllerOver({ workers: 2, proxyUrl: (namespace) => namespace === 'team-a' ? PROXY : undefined, ...more });
  const daemon = lenientDaemon();
  one.provider.ask = daemon.ask;
  return { one, seen: daemon.seen };
}

test('a session with a way out has a token for its own pod, and the proxy beside its own environment', async () => {
  const { one, seen } = online();
  const { body: { sessionId } } = await one.create({ name: 'online', env: { A: '1' }, ttl: 60 });
  const [{ worker }] = one.provider.busy();
  expect(one.broker.issued).toEqual([{
    namespace: 'team-a', pool: 'online', template: 'web', id: sessionId, podUID: worker.podUid, podIPs: [worker.podIP], notAfter: '2026-05-04T11:00:00.000Z',
  }]);
  expect(seen.environment).toMatchObject({ A: '1', HTTPS_PROXY: `http://${sessionId}:pdk-egress-canary.${sessionId}@10.96.0.9:15001` });
  const { record } = (await one.store.get(sessionId))!;
  const kept = await openSecret(one.deps.keys.sealing, record.sealedEnv!, record, 'env');
  expect(JSON.parse((kept as { text: string }).text)).toEqual(seen.environment);
});

test('a recovered session has the same token', async () => {
  const { one, seen } = online();
  const { body: { sessionId } } = await one.create({ name: 'online' });
  const before = seen.environment;
  seen.environment = undefined;
  expect((await one.send('POST', `/v1/sessions/${sessionId}/recover`)).status).toBe(200);
  expect(seen.environment).toEqual(before);
  expect(one.broker.issued).toHaveLength(1);
});

test.each([['python', { proxyUrl: () => PROXY }, 0], ['online', { proxyUrl: () => undefined }, 1], ['online', { broker: undefined }, 0]])(
  'a session of %s with %j has no proxy', async (name, more, issued) => {
    const { one, seen } = online(more);
    expect((await one.create({ name })).status).toBe(200);
    expect([seen.environment, one.broker.issued.length]).toEqual([undefined, issued]);
  });

test('the end of a session revokes its token for as long as that would be good', async () => {
  const { one } = online();
  const { body: { sessionId } } = await one.create({ name: 'online', ttl: 60 });
  await one.send('DELETE', `/v1/sessions/${sessionId}`);
  expect(one.broker.revoked).toEqual([{ namespace: 'team-a', id: sessionId, notAfter: '2026-05-04T11:00:00.000Z' }]);
});

test('no session gets the id of one whose token is revoked, however often a key is used again', async () => {
  const { one } = online();
  const issue = one.broker.issue.bind(one.broker);
  one.broker.issue = async (session) => {
    if (one.broker.revoked.some(({ id, notAfter }) => id === session.id && Date.parse(notAfter) > one.world.now)) throw new BrokerFailure('Refused', 'the session is revoked');
    return issue(session);
  };
  const again = async () => one.create({ name: 'online' }, { ...ALICE, 'idempotency-key': 'hourly' });
  const first = await again();
  await one.send('DELETE', `/v1/sessions/${first.body.sessionId}`);
  one.world.now += USED_FOR + 1000;
  const second = await again();
  expect([first.status, second.status]).toEqual([200, 200]);
  expect(second.body.sessionId).not.toBe(first.body.sessionId);
});

describe('credentials of the pool', () => {
  const POOL = { namespace: 'team-a', name: 'online', maxSessionSeconds: 7200, idleSeconds: 900, template: 'web', credentials: ['GITHUB_TOKEN', 'API_KEY'] };
  const keyed = (more = {}) => online({ pools: () => poolsIn('test', JSON.stringify({ pools: [POOL] })), ...more });

  test('are in the environment by their names, and kept with it', async () => {
    const { one, seen } = keyed();
    const { body: { sessionId } } = await one.create({ name: 'online', env: { A: '1' } });
    const surrogates = { GITHUB_TOKEN: 'pdk-canary-GITHUB_TOKEN', API_KEY: 'pdk-canary-API_KEY' };
    expect(seen.environment).toMatchObject({ A: '1', ...surrogates });
    expect(one.broker.credentials).toEqual(POOL.credentials.map((name) => `${name} pdk-egress-canary.${sessionId}`));
    seen.environment = undefined;
    await one.send('POST', `/v1/sessions/${sessionId}/recover`);
    expect(seen.environment).toMatchObject(surrogates);
    expect(one.broker.credentials).toHaveLength(2);
  });

  test('are not asked for while nobody knows the proxy, or without a broker', async () => {
    for (const more of [{ proxyUrl: () => undefined }, { broker: undefined }]) {
      const { one, seen } = keyed(more);
      expect((await one.create({ name: 'online' })).status).toBe(200);
      expect([seen.environment, one.broker.credentials]).toEqual([undefined, []]);
    }
  });

  test('have names that no variable of a request may have', async () => {
    const { one } = keyed();
    const { status, body } = await one.create({ name: 'online', env: { API_KEY: 'planted' } });
    expect([status, body.message]).toEqual([400, 'the variable "API_KEY" of env is a credential of the pool\'s sessions']);
    expect([one.provider.claims, one.broker.issued, one.output.join('').includes('planted')]).toEqual([[], [], false]);
  });

  test('leave nothing behind when one is refused: the token is revoked, the worker gone', async () => {
    const { one } = keyed();
    one.faults.failAlways('broker.credential');
    expect(await one.create({ name: 'online' })).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE', message: 'the credential broker does not give the credential GITHUB_TOKEN now' } });
    await one.settled();
    expect([await one.records(), one.provider.busy(), one.broker.revoked.length]).toEqual([[], [], 1]);
  });
});

describe('a token is not revoked', () => {
  test('when its time is over', async () => {
    const { one } = online();
    await one.create({ name: 'online' });
    one.world.now += 7200_000;
    await one.tick();
    expect([await one.records(), one.broker.revoked]).toEqual([[], []]);
  });

  test('by a broker that will not, and the session ends all the same', async () => {
    const { one } = online();
    const { body: { sessionId } } = await one.create({ name: 'online' });
    one.broker.revoke = () => Promise.reject(new BrokerFailure('Refused', 'the broker answered 403'));
    expect((await one.send('DELETE', `/v1/sessions/${sessionId}`)).status).toBe(200);
    expect(one.output.join('')).toContain('could not be revoked');
  });

  test('by a broker that is away, until it is back', async () => {
    const { one } = online();
    const { body: { sessionId } } = await one.create({ name: 'online' });
    one.faults.failAlways('broker.revoke');
    expect((await one.send('DELETE', `/v1/sessions/${sessionId}`)).body.code).toBe('UNAVAILABLE');
    expect(one.provider.busy()).toEqual([]);
    one.faults.failAlways();
    await one.tick();
    expect([await one.records(), one.broker.revoked.length]).toEqual([[], 1]);
  });
});

test.each([['Unavailable', 503, 'UNAVAILABLE'], ['Refused', 502, 'CREATION_FAILED']] as const)('a broker that answers %s leaves nothing behind', async (code, status, answered) => {
  const reject = () => Promise.reject(new BrokerFailure(code, 'the broker answered 403 "Forbidden"'));
  const broker: SessionBroker = { issue: reject, credential: reject, revoke: async () => undefined };
  const { one } = online({ broker });
  expect(await one.create({ name: 'online' })).toMatchObject({ status, body: { code: answered, message: expect.not.stringContaining('403') } });
  await one.settled();
  expect([await one.records(), one.provider.busy()]).toEqual([[], []]);
});

describe('the environment of a way out', () => {
  const made = wayOutEnvironment(PROXY, 's-1', 'pdk-egress-a.b_c');

  test('is written as programs read it', () => {
    expect(made).toMatchObject({
      HTTPS_PROXY: 'http://s-1:pdk-egress-a.b_c@10.96.0.9:15001',
      https_proxy: made.HTTPS_PROXY,
      HTTP_PROXY: made.HTTPS_PROXY,
      http_proxy: made.HTTPS_PROXY,
      NO_PROXY: 'localhost,127.0.0.1,::1,10.96.0.9',
      no_proxy: 'localhost,127.0.0.1,::1,10.96.0.9',
      SSL_CERT_FILE: '/etc/agent-platform/trust/ca-bundle.pem',
      NODE_USE_ENV_PROXY: '1',
      EGRESS_BASE_URL: 'http://10.96.0.9:15002',
    });
    expect(new URL(made.HTTPS_PROXY).password).toBe('pdk-egress-a.b_c');
  });

  test('leads to an IPv6 address in brackets', () => {
    expect(wayOutEnvironment('http://[fd00::9]:15001', 's-1', 't')).toMatchObject({
      HTTP_PROXY: 'http://s-1:t@[fd00::9]:15001', NO_PROXY: 'localhost,127.0.0.1,::1,fd00::9', EGRESS_BASE_URL: 'http://[fd00::9]:15002',
    });
  });

  test('has names only that nobody else may set', () => {
    expect(Object.keys(made).filter((name) => !isReservedEnv(name))).toEqual([]);
  });

  test('fits beside the longest of a session', () => {
    const bytes = Object.entries(wayOutEnvironment(PROXY, 's'.repeat(36), 't'.repeat(1600))).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    expect(bytes).toBeLessThanOrEqual(MAX_ENV_BYTES - MAX_SESSION_ENV);
    expect(Object.keys(made).length).toBeLessThanOrEqual(MAX_ENV_VARIABLES - 224);
  });
});
