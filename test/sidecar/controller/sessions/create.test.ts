import { openSecret } from '../../../../sidecar/src/crypto/envelope';
import { ADMIN, ALICE, BOB, controllerOver, DIRECT } from '../world';

describe('a created session', () => {
  test('is answered as AgentCube does, once its worker serves it', async () => {
    const one = controllerOver();
    const { status, body } = await one.create();
    const [worker] = one.provider.busy();
    expect(status).toBe(200);
    expect(body).toEqual({
      kind: 'Sandbox',
      sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      sandboxId: worker.worker.podUid,
      sandboxName: worker.worker.podName,
      ownerId: 'alice',
      entryPoints: [{ path: '/', protocol: 'HTTP', endpoint: `${worker.worker.podIP}:8080` }],
      expiresAt: '2026-05-04T10:00:00.000Z',
    });
    expect(worker.daemon.identity.session).toMatchObject({ id: body.sessionId });
  });

  test.each([['/v1/code-interpreter', 'code-interpreter'], ['/v1/agent-runtime', 'agent-runtime']])('of %s has the kind of its route, whatever the body says', async (url, kind) => {
    const one = controllerOver();
    const { body } = await one.send('POST', url, { namespace: 'team-a', name: 'python', kind: 'Something' });
    expect((await one.store.get(body.sessionId))!.record).toMatchObject({ kind, phase: 'ready', owner: 'alice' });
  });

  test('keeps its key and environment sealed, and its commands see the environment', async () => {
    const one = controllerOver();
    const { body } = await one.create({ env: { COLOUR: 'green' } });
    const { record } = (await one.store.get(body.sessionId))!;
    expect(await openSecret(one.deps.keys.sealing, record.sealedKey, record, 'key')).toMatchObject({ text: expect.stringContaining('BEGIN PRIVATE KEY') });
    expect(await openSecret(one.deps.keys.sealing, record.sealedEnv!, record, 'env')).toEqual({ text: '{"COLOUR":"green"}' });
    expect(one.provider.busy()[0].daemon.identity.session!.environment).toEqual({ COLOUR: 'green' });
  });

  test.each([
    [{}, 3600, 900], [{ ttl: 60 }, 60, 60], [{ ttl: 86_400 }, 3600, 900], [{ idleTimeout: '5m' }, 3600, 300], [{ idleTimeout: '10s' }, 3600, 10], [{ ttl: 120, idleTimeout: '2h' }, 120, 120], [{ idleTimeout: '700h' }, 3600, 3600],
  ])('lives as long as it wants and its pool allows: %j', async (wanted, ttl, idle) => {
    const one = controllerOver();
    const { body } = await one.create(wanted);
    const { record } = (await one.store.get(body.sessionId))!;
    expect([record.expiresAt - record.createdAt, record.idleTimeout]).toEqual([ttl * 1000, idle * 1000]);
    expect(one.provider.claims[0].deadline).toBe(record.createdAt + 3_600_000);
  });

  test('belongs to nobody when an administrator makes it', async () => {
    const one = controllerOver();
    const { body } = await one.create({}, ADMIN);
    expect(body.ownerId).toBeUndefined();
    expect((await one.send('GET', `/v1/sessions/${body.sessionId}`)).status).toBe(404);
  });

  test('belongs to the account that asks for itself', async () => {
    expect((await controllerOver().create({}, DIRECT)).body.ownerId).toBe('system:serviceaccount:team-a:sdk');
  });

  test('is nobody\'s without callers, unless a gateway says whose it is', async () => {
    const one = controllerOver({ callers: undefined, workers: 2 });
    expect((await one.create({}, {})).body.ownerId).toBeUndefined();
    expect((await one.create({}, { 'x-agent-platform-owner': 'alice%20b' })).body.ownerId).toBe('alice b');
  });
});

describe('no session is made', () => {
  const big = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, 'v']));
  test.each<[string, unknown, RegExp]>([
    ['without a name', { namespace: 'team-a' }, /must have required property 'name'/],
    ['with an empty name', { namespace: 'team-a', name: '' }, /name must NOT have fewer than 1/],
    ['with an unknown field', { namespace: 'team-a', name: 'python', image: 'x' }, /additional properties: "image"/],
    ['with no seconds', { namespace: 'team-a', name: 'python', ttl: 0 }, /ttl must be >= 1/],
    ['with half a second', { namespace: 'team-a', name: 'python', ttl: 1.5 }, /ttl must be integer/],
    ['with a text for a number', { namespace: 'team-a', name: 'python', ttl: '60' }, /ttl must be integer/],
    ['with a duration that is none', { namespace: 'team-a', name: 'python', idleTimeout: '30' }, /idleTimeout must be a duration from 10s to 720h/],
    ['with a negative duration', { namespace: 'team-a', name: 'python', idleTimeout: '-5m' }, /idleTimeout must be a duration/],
    ['with a duration that is too short to be seen', { namespace: 'team-a', name: 'python', idleTimeout: '9999ms' }, /idleTimeout must be a duration from 10s to 720h, such as 90s or 1h30m, got "9999ms"/],
    ['with too long a duration', { namespace: 'team-a', name: 'python', idleTimeout: '721h' }, /idleTimeout must be a duration/],
    ['with a number in metadata', { namespace: 'team-a', name: 'python', metadata: { a: 1 } }, /metadata\/a must be string/],
    ['with much metadata', { namespace: 'team-a', name: 'python', metadata: big }, /metadata has 33 entries; allowed: at most 32/],
    ['with a long key of metadata', { namespace: 'team-a', name: 'python', metadata: { ['k'.repeat(129)]: '' } }, /a key of 129 characters/],
    ['with a long value of metadata', { namespace: 'team-a', name: 'python', metadata: { k: '\u{1f600}'.repeat(513) } }, /has 1026 characters; allowed: at most 1024/],
    ['with metadata of many bytes', { namespace: 'team-a', name: 'python', metadata: Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`k${i}`, '\u20ac'.repeat(1000)])) }, /metadata has \d+ bytes/],
    ['with a variable of the platform', { namespace: 'team-a', name: 'python', env: { HTTPS_PROXY: 'canary' } }, /"HTTPS_PROXY" of env is set by the platform/],
    ['with a variable of the daemon', { namespace: 'team-a', name: 'python', env: { SESSION_WORKSPACE: 'canary' } }, /is set by the platform/],
    ['with a name that no shell reads', { namespace: 'team-a', name: 'python', env: { 'A-B': 'canary' } }, /has a name that is none/],
    ['with a zero byte', { namespace: 'team-a', name: 'python', env: { A: 'canary\0' } }, /has a zero byte/],
    ['with a long environment', { namespace: 'team-a', name: 'python', env: { A: 'canary'.repeat(5000) } }, /env has \d+ bytes as JSON; allowed: at most 24576/],
    ['with many variables', { namespace: 'team-a', name: 'python', env: Object.fromEntries(Array.from({ length: 225 }, (_, i) => [`V${i}`, 'canary'])) }, /env has 225 variables/],
    ['with a key twice', '{"name":"a","name":"b","namespace":"c"}', /key twice/],
    ['of no JSON', '{', /is not JSON/],
    ['of a list', [], /must be object/],
  ])('%s', async (_name, body, text) => {
    const one = controllerOver();
    const answer = await one.send('POST', '/v1/code-interpreter', body);
    expect([answer.status, answer.body.code, answer.body.error]).toEqual([400, 'BAD_REQUEST', answer.body.message]);
    expect(answer.body.message).toMatch(text);
    expect(answer.body.message).not.toContain('canary');
    expect([one.provider.claims, await one.records()]).toEqual([[], []]);
  });

  test('of a body that is too long', async () => {
    const answer = await controllerOver().create({ metadata: { a: 'x'.repeat(128 * 1024) } });
    expect([answer.status, answer.body.code]).toEqual([413, 'BAD_REQUEST']);
  });

  test.each([['team-a', 'nothing'], ['nowhere', 'python'], ['team-a/python', 'x'], ['__proto__', 'toString']])('in a pool that is not there: %s/%s', async (namespace, name) => {
    const answer = await controllerOver().create({ namespace, name });
    expect([answer.status, answer.body.code]).toEqual([404, 'POOL_NOT_FOUND']);
  });

  test.each(['team-b', 'nowhere'])('in the namespace %s by an account of another', async (namespace) => {
    const answer = await controllerOver().create({ namespace }, DIRECT);
    expect([answer.status, answer.body]).toEqual([403, expect.objectContaining({ code: 'FORBIDDEN' })]);
  });

  test('in an empty pool', async () => {
    const one = controllerOver({ workers: 0 });
    const answer = await one.create();
    await one.settled();
    expect([answer.status, answer.body.code, answer.headers['retry-after']]).toEqual([503, 'POOL_EMPTY', '5']);
    expect(await one.records()).toEqual([]);
    expect(await one.registry.metrics()).toContain('controller_pool_empty_total{namespace="team-a",pool="python",role="controller"} 1');
  });

  test('for the second who wants the last worker', async () => {
    const one = controllerOver();
    const answers = await Promise.all([one.create(), one.create({}, BOB)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 503]);
  });

  test.each([['GET', '/v1/code-interpreter', 405], ['POST', '/v1/sessions', 405], ['POST', '/v1/other', 404]] as const)('by %s %s', async (method, url, status) => {
    expect((await controllerOver().send(method, url, method === 'GET' ? undefined : {}, ALICE)).status).toBe(status);
  });
});

test('health is told without a token', async () => {
  expect(await controllerOver().send('GET', '/health', undefined, {})).toMatchObject({ status: 200, body: { status: 'healthy' } });
});
