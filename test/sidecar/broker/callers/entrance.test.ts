import { HandTimers } from '../audit/support';
import { brokerOver, callerNamed, Headers, RUN_TOKEN } from '../build-broker';
import { brokerPolicy, harnessRun, harnessTemplate, headerGrant, secret } from '../documents';

const GRANTS = { credentials: [headerGrant()], egress: [{ host: 'api.github.com' }] };
const DOCUMENTS = [harnessRun({}, { phase: 'Running', podUID: 'pod-1' }), harnessTemplate(), brokerPolicy({}, { grants: GRANTS }), secret({ token: 'x' })];
const BODIES = {
  'issue': { name: 'GITHUB_TOKEN' },
  'validate-egress': { host: 'api.github.com', port: 443 },
  'substitute-auth': { host: 'api.github.com', port: 443, headers: {} },
};
const ENDPOINTS = Object.keys(BODIES) as (keyof typeof BODIES)[];
const CALLERS = {
  'token-of-the-pod-of-run-1': callerNamed('team-a', 'default', [], 'pod-1'),
  'token-of-another-run-in-a': callerNamed('team-a', 'r2-collector'),
  'token-of-anyone-in-team-a': callerNamed('team-a', 'default'),
  'token-of-the-run-in-team-b': callerNamed('team-b', 'r1-collector'),
  'token-of-the-egress-proxy': callerNamed('platform', 'egress', ['validate-egress', 'substitute-auth']),
};

function world() {
  const broker = brokerOver(DOCUMENTS);
  for (const [token, caller] of Object.entries(CALLERS)) broker.world.callers.set(token, caller);
  return broker;
}

const as = (token: keyof typeof CALLERS, more: Headers = {}): Headers => ({ authorization: `Bearer ${token}`, ...more });

describe.each(ENDPOINTS)('%s', (endpoint) => {
  const body = BODIES[endpoint];

  test('answers the run itself, by its account and from its pod', async () => {
    const { ask } = world();
    expect((await ask(endpoint, body)).status).toBe(200);
    expect((await ask(endpoint, body, { 'x-paddock-run-namespace': 'team-a' })).status).toBe(200);
    expect((await ask(endpoint, body, as('token-of-the-pod-of-run-1'))).status).toBe(200);
  });

  test.each([undefined, '', 'Bearer', 'Bearer ', `bearer ${RUN_TOKEN}`, `BEARER ${RUN_TOKEN}`, `Bearer  ${RUN_TOKEN}`, `Basic ${RUN_TOKEN}`, RUN_TOKEN,
    `Bearer ${RUN_TOKEN}x`, `Bearer ${RUN_TOKEN.slice(0, -1)}`, `Bearer ${'x'.repeat(8193)}`])('does not know the caller of %j, and does not say why', async (authorization) => {
    const { ask, records } = world();
    const { status, body: answer, headers } = await ask(endpoint, body, { authorization });
    expect({ status, answer }).toEqual({ status: 401, answer: { code: 'Unauthorized', message: 'a valid bearer token for this broker is needed' } });
    expect(headers['www-authenticate']).toBe('Bearer');
    expect(records).toEqual([]);
  });

  test.each<[string, Headers]>([
    ['no run', { 'x-paddock-run': undefined }],
    ['an empty run', { 'x-paddock-run': '' }],
    ['a run in capitals', { 'x-paddock-run': 'R1' }],
    ['a run with a path', { 'x-paddock-run': '../r1' }],
    ['two runs in one header', { 'x-paddock-run': 'r1, r2' }],
    ['a run longer than a label', { 'x-paddock-run': 'r'.repeat(64) }],
    ['an empty namespace', { 'x-paddock-run-namespace': '' }],
    ['a namespace that is no name', { 'x-paddock-run-namespace': 'team-a/team-b' }],
    ['another namespace (S41)', { 'x-paddock-run-namespace': 'team-b' }],
  ])('is 400 with %s', async (_, headers) => {
    const { ask, records } = world();
    expect(await ask(endpoint, body, headers)).toMatchObject({ status: 400, body: { code: 'BadRequest' } });
    expect(records).toEqual([]);
  });

  test.each<[string, Headers]>([
    ['another run of the namespace (B13)', as('token-of-another-run-in-a')],
    ['any account of the namespace (B13)', as('token-of-anyone-in-team-a')],
    ['a run that is not there, for a caller that may not know', as('token-of-anyone-in-team-a', { 'x-paddock-run': 'nowhere' })],
  ])('is 403 for %s', async (_, headers) => {
    const { ask, records } = world();
    expect(await ask(endpoint, body, headers)).toMatchObject({ status: 403, body: { code: 'Forbidden', message: 'the caller may not act for this run' } });
    expect(records).toEqual([]);
  });

  test('is 400 for the run of the same name in another namespace', async () => {
    const { ask } = world();
    expect(await ask(endpoint, body, as('token-of-the-run-in-team-b', { 'x-paddock-run-namespace': 'team-a' }))).toMatchObject({ status: 400 });
  });

  test('is 405 BadRequest for another method, before anything is asked about the caller', async () => {
    const { send } = world();
    const { status, body: answer, headers } = await send(`/v1/${endpoint}`, undefined, { 'authorization': undefined, 'content-type': undefined }, 'GET');
    expect({ status, code: answer.code, allow: headers.allow }).toEqual({ status: 405, code: 'BadRequest', allow: 'POST' });
  });

  test('is 503 while callers cannot be verified (B21), or the catalog is stale', async () => {
    const broken = brokerOver(DOCUMENTS, { callers: { review: () => Promise.reject(new Error('down')) } });
    expect(await broken.ask(endpoint, body)).toMatchObject({ status: 503, body: { code: 'Unavailable' } });
    const stale = world();
    stale.world.catalogUnready = 'stale';
    expect(await stale.ask(endpoint, body)).toMatchObject({ status: 503, body: { code: 'Unavailable' } });
  });

  test('tells in the order caller, run, leave, limit, body', async () => {
    const { send } = world();
    const code = async (headers: Headers) => (await send(`/v1/${endpoint}`, '{', headers)).body.code;
    expect(await code({ 'authorization': 'Bearer x', 'x-paddock-run': '' })).toBe('Unauthorized');
    expect(await code(as('token-of-anyone-in-team-a', { 'x-paddock-run': '' }))).toBe('BadRequest');
    expect(await code(as('token-of-anyone-in-team-a'))).toBe('Forbidden');
    expect(await code({})).toBe('BadRequest');
  });
});

test.each(['validate-egress', 'substitute-auth'] as const)('capability %s alone is 403: it needs proof of the run', async (endpoint) => {
  const { ask } = world();
  const answer = await ask(endpoint, BODIES[endpoint], as('token-of-the-egress-proxy', { 'x-paddock-run-namespace': 'team-a' }));
  expect(answer).toMatchObject({ status: 403, body: { code: 'Forbidden', message: expect.stringContaining('needs an egressToken') } });
});

test('egress is limited for each run, so that no one fills the log or keeps others waiting', async () => {
  const { ask } = brokerOver(DOCUMENTS, { limits: { validate: { perSecond: 1, burst: 2 } } });
  const statuses: number[] = [];
  for (let i = 0; i < 3; i += 1) statuses.push((await ask('validate-egress', { host: `h${i}.example`, port: 443 })).status);
  expect(statuses).toEqual([200, 200, 429]);
});

test('an agent that asks again and again makes records up to a bound, and one summary counts the others', async () => {
  const { app, ask, records, world: time } = brokerOver(DOCUMENTS, { limits: { recorded: { perSecond: 0.001, burst: 10 } } });
  for (let round = 0; round < 6; round += 1, time.now += 10_000) {
    for (let i = 0; i < 10; i += 1) expect((await ask('validate-egress', { host: `h${i}.example`, port: 443 })).body.allowed).toBe(false);
  }
  expect(records).toHaveLength(20);
  await app.close();
  expect(records).toHaveLength(21);
  expect(records[20]).toMatchObject({ kind: 'egress-block-summary', run: 'r1', count: 40, windowStart: '2026-05-04T09:00:10.000Z' });
});

test('the summary does not wait for anybody to ask again, nor for the broker to stop', async () => {
  const timers = new HandTimers();
  const { ask, records, world: time } = brokerOver(DOCUMENTS, { after: timers.after, limits: { recorded: { perSecond: 0.001, burst: 1 } } });
  for (let round = 0; round < 5; round += 1, time.now += 10_000) await ask('validate-egress', { host: 'a.example', port: 443 });
  expect(records).toHaveLength(2);
  timers.fire(60_000);
  expect(records[2]).toMatchObject({ kind: 'egress-block-summary', count: 3, windowStart: '2026-05-04T09:00:10.000Z', windowEnd: '2026-05-04T09:00:40.000Z' });
});

test('an agent that hides a destination behind many others gets no answer about it instead', async () => {
  const discovery = { accepted: true, reason: 'finding out what the agent needs', expiresAt: '2026-05-05T08:00:00Z' };
  const limits = { recorded: { perSecond: 0.001, burst: 10 }, validate: { perSecond: 10_000, burst: 10_000 } };
  const { ask, records } = brokerOver([DOCUMENTS[0], DOCUMENTS[1], brokerPolicy({}, { grants: {}, egressDiscovery: discovery })], { limits });
  for (let i = 0; i < 1010; i += 1) expect((await ask('validate-egress', { host: `h${i}.example`, port: 443 })).body.allowed).toBe(true);
  expect(await ask('validate-egress', { host: 'exfil.example', port: 443 })).toMatchObject({ status: 429, body: { code: 'RateLimited' }, headers: { 'retry-after': '60' } });
  expect(records.filter(({ destination }) => destination?.host === 'exfil.example')).toEqual([expect.objectContaining({ decision: 'denied', kind: 'egress-block' })]);
});

test('what a stranger asks uses up nothing of a run (B48)', async () => {
  const { ask } = world();
  for (let i = 0; i < 20; i += 1) await ask('issue', BODIES.issue, as('token-of-another-run-in-a'));
  for (let i = 0; i < 10; i += 1) expect((await ask('issue', BODIES.issue)).status).toBe(200);
  expect((await ask('issue', BODIES.issue)).status).toBe(429);
  expect((await ask('validate-egress', BODIES['validate-egress'])).status).toBe(200);
});

test('guessing from one address is limited', async () => {
  const broker = brokerOver(DOCUMENTS, { limits: { refusals: { perSecond: 1, burst: 3 } } });
  const statuses: number[] = [];
  for (let i = 0; i < 5; i += 1) statuses.push((await broker.ask('issue', {}, { authorization: `Bearer guess-${i}` })).status);
  expect(statuses).toEqual([401, 401, 401, 429, 429]);
  expect((await broker.ask('issue', BODIES.issue)).status).toBe(200);
});

test('a path that is not there is NotFound', async () => {
  const { ask } = world();
  expect(await ask('prompts', {})).toMatchObject({ status: 404, body: { code: 'NotFound' } });
});
