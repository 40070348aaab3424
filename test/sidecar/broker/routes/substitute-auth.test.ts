import { brokerOver, callerNamed, Headers, TestBroker } from '../build-broker';
import { brokerPolicy, harnessRun, harnessTemplate, headerGrant, secret } from '../documents';

const UPSTREAM = 'planted-upstream-value';
const EGRESS = [{ host: 'api.github.com', ports: [443] }, { host: 'example.org' }];
const POLICY = brokerPolicy({ name: 'p1' }, { grants: { credentials: [headerGrant()], egress: EGRESS } });
const RUN = harnessRun({}, { phase: 'Running' });
const DOCUMENTS = [RUN, harnessTemplate(), POLICY, secret({ token: UPSTREAM })];
const GITHUB = { host: 'api.github.com', port: 443 };

function policyWith(carrier: object) {
  const { provider: { deliveryMode: { proxyInjected: { hosts } }, ...provider }, name } = headerGrant();
  return brokerPolicy({ name: 'p1' }, { grants: { credentials: [{ name, provider: { ...provider, deliveryMode: { proxyInjected: { hosts, ...carrier } } } }], egress: EGRESS } });
}

async function issued(broker: TestBroker): Promise<string> {
  return (await broker.ask('issue', { name: 'GITHUB_TOKEN' })).body.value;
}

async function brokerWithBearer(documents: readonly object[] = DOCUMENTS) {
  const broker = brokerOver(documents);
  const bearer = await issued(broker);
  broker.records.length = 0;
  const body = { ...GITHUB, incomingAuthorization: `Bearer ${bearer}` };
  const swap = (more: object = {}) => broker.ask('substitute-auth', { ...body, ...more });
  const swapAs = (headers: Headers) => broker.ask('substitute-auth', body, headers);
  return { ...broker, bearer, swap, swapAs };
}

describe('a bearer is exchanged', () => {
  test('and the audit says for which credential, host and policy', async () => {
    const { swap, records } = await brokerWithBearer();
    const { status, body } = await swap();
    expect(status).toBe(200);
    expect(body).toMatchObject({ auditId: 'audit-1', setHeaders: { Authorization: `Bearer ${UPSTREAM}` }, allowedHeaders: expect.arrayContaining(['Accept', 'Git-Protocol']) });
    expect(records).toEqual([{
      decision: 'granted',
      kind: 'credential-issued',
      namespace: 'team-a',
      run: 'r1',
      caller: 'team-a/r1-collector',
      destination: GITHUB,
      credential: { name: 'GITHUB_TOKEN', provider: 'UserSuppliedSecret' },
      matchedPolicy: 'p1',
      reason: 'substituted',
    }]);
  });

  test('from x-api-key and from the password of Basic credentials, in any case of the scheme (S42)', async () => {
    const { bearer, swap } = await brokerWithBearer();
    expect((await swap({ incomingAuthorization: undefined, incomingXApiKey: bearer })).status).toBe(200);
    const basic = Buffer.from(`x-access-token:${bearer}`).toString('base64');
    expect((await swap({ incomingAuthorization: `basic ${basic}` })).status).toBe(200);
  });

  test('for a query parameter, which reaches the wire (B10), with the rest of the query kept (B8)', async () => {
    const { bearer, swap } = await brokerWithBearer([RUN, harnessTemplate(), policyWith({ queryParam: { name: 'key' } }), DOCUMENTS[3]]);
    const { body } = await swap({ incomingAuthorization: undefined, path: '/v1/items', query: `page=2&key=${bearer}`, headers: {} });
    expect(body).toMatchObject({ setQueryParams: { key: UPSTREAM }, allowedQueryParams: ['page'] });
  });

  test('for Basic credentials, which reach the wire (B10)', async () => {
    const { swap } = await brokerWithBearer([RUN, harnessTemplate(), policyWith({ basicAuth: { username: 'bot' } }), DOCUMENTS[3]]);
    expect((await swap()).body.setHeaders).toEqual({ Authorization: `Basic ${Buffer.from(`bot:${UPSTREAM}`).toString('base64')}` });
  });

  test('for a header of any name (B11)', async () => {
    const { bearer, swap } = await brokerWithBearer([RUN, harnessTemplate(), policyWith({ header: { name: 'X-Team-Key' } }), DOCUMENTS[3]]);
    const { body } = await swap({ incomingAuthorization: undefined, headers: { 'x-team-key': bearer } });
    expect(body.setHeaders).toEqual({ 'X-Team-Key': UPSTREAM });
  });

  test('with the Secret as it is now', async () => {
    const { swap, world } = await brokerWithBearer();
    world.documents = [...DOCUMENTS.slice(0, 3), secret({ token: 'rotated' })];
    expect((await swap()).body.setHeaders).toEqual({ Authorization: 'Bearer rotated' });
  });
});

test('a request without surrogate goes out without credentials where an egress grant covers it (B11)', async () => {
  const { ask, records } = brokerOver(DOCUMENTS);
  const probe = { ...GITHUB, method: 'GET', path: '/r.git/info/refs', query: 'service=git-upload-pack', headers: { 'authorization': 'Bearer their-own', 'git-protocol': 'version=2' } };
  const { status, body } = await ask('substitute-auth', probe);
  expect(status).toBe(200);
  expect(body.setHeaders).toBeUndefined();
  expect(body.allowedHeaders).not.toContain('Authorization');
  expect(body.allowedQueryParams).toEqual(['service']);
  expect(records[0]).toMatchObject({ decision: 'granted', kind: 'egress-allow', matchedPolicy: 'p1' });
  expect(await ask('substitute-auth', { ...probe, port: 22 })).toMatchObject({ status: 403, body: { code: 'EgressRevoked' } });
});

describe('an exchange is refused', () => {
  const run = (status: object) => [harnessRun({}, status), ...DOCUMENTS.slice(1)];
  const grants = (more: object) => [RUN, harnessTemplate(), brokerPolicy({ name: 'p1' }, { grants: more }), DOCUMENTS[3]];
  const pool = { name: 'GITHUB_TOKEN', provider: { kind: 'PATPool', secretRef: { name: 'upstream', key: 'token' }, hosts: ['api.github.com'] } };
  test.each<[string, readonly object[], object, number, string]>([
    ['when the run is gone', DOCUMENTS.slice(1), {}, 404, 'RunTerminated'],
    ['when the run is over', run({ phase: 'Succeeded' }), {}, 403, 'RunTerminated'],
    ['when another run has taken the name', [harnessRun({ uid: 'other' }, { phase: 'Running' }), ...DOCUMENTS.slice(1)], {}, 403, 'SubstituteFailed'],
    ['when the credential grant is gone', grants({ egress: EGRESS }), {}, 403, 'PolicyRevoked'],
    ['when the credential has another provider now', grants({ credentials: [pool], egress: EGRESS }), {}, 403, 'PolicyRevoked'],
    ['when the template is gone', [RUN, POLICY, DOCUMENTS[3]], {}, 403, 'PolicyRevoked'],
    ['for a port without egress grant', DOCUMENTS, { port: 444 }, 403, 'EgressRevoked'],
    ['for a host without egress grant', DOCUMENTS, { host: 'evil.example' }, 403, 'EgressRevoked'],
    ['for a host outside the lease', DOCUMENTS, { host: 'example.org' }, 403, 'HostNotAllowed'],
    ['for TRACE', DOCUMENTS, { method: 'TRACE' }, 403, 'EgressRevoked'],
    ['when the Secret is gone', DOCUMENTS.slice(0, 3), {}, 500, 'ProviderFailure'],
  ])('%s', async (_, documents, more, status, code) => {
    const { swap, world, records, output } = await brokerWithBearer();
    world.documents = documents;
    output.length = 0;
    expect(await swap(more)).toMatchObject({ status, body: { code } });
    expect(records).toEqual([expect.objectContaining({
      decision: 'denied', kind: 'credential-denied', credential: { name: 'GITHUB_TOKEN', provider: 'UserSuppliedSecret' }, reason: expect.stringContaining(code),
    })]);
    expect(output.join()).not.toContain(UPSTREAM);
  });

  test('when a bearer also travels in the path, where nothing would take it out', async () => {
    const { swap, records } = await brokerWithBearer();
    expect(await swap({ path: '/x/pdk-usersecret-eyJhbGciOiJkaXIi.x', headers: {} })).toMatchObject({ status: 403, body: { code: 'SubstituteFailed' } });
    expect(records).toEqual([expect.objectContaining({ decision: 'denied', kind: 'credential-denied' })]);
  });

  test('at the end of the lease', async () => {
    const { swap, world } = await brokerWithBearer();
    world.now += 3600_000 - 1;
    expect((await swap()).status).toBe(200);
    world.now += 1;
    expect(await swap()).toMatchObject({ status: 403, body: { code: 'SubstituteFailed' } });
  });

  test('once the lease is revoked', async () => {
    const broker = await brokerWithBearer();
    const { leaseId } = (await broker.ask('issue', { name: 'GITHUB_TOKEN' })).body;
    broker.world.documents = run({ phase: 'Running', revokedLeases: { [leaseId]: '2026-05-04T09:00:00Z' } });
    expect(await broker.swap()).toMatchObject({ status: 403, body: { code: 'PolicyRevoked' } });
  });

  test('for a bearer of another run in the same namespace (B12) and of another namespace', async () => {
    const others = [harnessRun({ name: 'r2' }), harnessRun({ namespace: 'team-b' }), harnessTemplate({ namespace: 'team-b' }), { ...POLICY, metadata: { name: 'p1', namespace: 'team-b' } }];
    const { swapAs, world } = await brokerWithBearer([...DOCUMENTS, ...others, secret({ token: 'x' }, { namespace: 'team-b' })]);
    world.callers.set('token-of-team-a-r2-collector', callerNamed('team-a', 'r2-collector'));
    world.callers.set('token-of-team-b-r1-collector', callerNamed('team-b', 'r1-collector'));
    expect((await swapAs({ 'authorization': 'Bearer token-of-team-a-r2-collector', 'x-paddock-run': 'r2' })).body.code).toBe('SubstituteFailed');
    expect((await swapAs({ authorization: 'Bearer token-of-team-b-r1-collector' })).body.code).toBe('SubstituteFailed');
    expect((await swapAs({})).status).toBe(200);
  });

  test('for a changed, cut, foreign or unknown bearer, always in the same words', async () => {
    const { bearer, ask } = await brokerWithBearer();
    const foreign = await issued(brokerOver(DOCUMENTS));
    const middle = Math.floor(bearer.length / 2);
    const changed = `${bearer.slice(0, middle)}${bearer[middle] === 'A' ? 'B' : 'A'}${bearer.slice(middle + 1)}`;
    const bodies = [changed, bearer.slice(0, -1), `${bearer}x`, foreign, 'pdk-unknown-abc', 'pdk-', 'sk-their-own', bearer.replace('usersecret', 'github')]
      .map((value) => ({ ...GITHUB, incomingAuthorization: `Bearer ${value}` }));
    const answers = await Promise.all(bodies.map((body) => ask('substitute-auth', body)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.code} ${body.message}`))).toEqual(new Set(['404 BearerUnknown the bearer is not one of this broker']));
  });

  test('when the audit cannot be written: the credential is dropped', async () => {
    const { swap, world, output } = await brokerWithBearer();
    world.auditFails = true;
    output.length = 0;
    expect(await swap()).toMatchObject({ status: 503, body: { code: 'AuditUnavailable' } });
    expect(output.join()).not.toContain(UPSTREAM);
  });

  test.each([{}, { incomingAuthorization: '', incomingXApiKey: '' }])('when it shows nothing: %j', async (carriers) => {
    const { ask, records } = brokerOver(DOCUMENTS);
    expect(await ask('substitute-auth', { ...GITHUB, ...carriers })).toMatchObject({ status: 400, body: { code: 'BadRequest' } });
    expect(records).toEqual([]);
  });

  test('beyond the limit of the run', async () => {
    const { ask } = brokerOver(DOCUMENTS, { limits: { substitute: { perSecond: 1, burst: 1 } } });
    const body = { ...GITHUB, incomingXApiKey: 'x' };
    await ask('substitute-auth', body);
    expect(await ask('substitute-auth', body)).toMatchObject({ status: 429, body: { code: 'RateLimited' } });
  });
});
