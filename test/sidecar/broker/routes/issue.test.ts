import { userSuppliedSecret } from '../../../../sidecar/src/broker/providers/user-supplied-secret';
import { brokerOver, callerNamed } from '../build-broker';
import { brokerPolicy, clusterTemplate, harnessRun, harnessTemplate, headerGrant, secret } from '../documents';

const GRANT = brokerPolicy({ name: 'p1' }, { grants: { credentials: [headerGrant()], egress: [{ host: 'api.github.com', ports: [443] }] } });
const DOCUMENTS = [harnessRun({}, { phase: 'Running' }), harnessTemplate(), GRANT, secret({ token: 'planted-upstream' })];
const ISSUE = { name: 'GITHUB_TOKEN' };
const NEVER = '0001-01-01T00:00:00Z';

function inContainer(name: string, rotationSeconds?: number) {
  const deliveryMode = { inContainer: { accepted: true, reason: 'the tool cannot use a proxy at all' } };
  return { name, provider: { kind: 'UserSuppliedSecret', secretRef: { name: 'upstream', key: 'token' }, deliveryMode, rotationSeconds } };
}

test('a bearer is issued with the fields of the wire, and the audit names the policy', async () => {
  const { ask, records } = brokerOver(DOCUMENTS);
  const { status, body, headers } = await ask('issue', ISSUE);
  expect(status).toBe(200);
  expect(body).toEqual({
    value: expect.stringMatching(/^pdk-usersecret-/),
    leaseId: expect.stringMatching(/^uss-[0-9a-f]{32}$/),
    expiresAt: '2026-05-04T10:00:00Z',
    provider: 'UserSuppliedSecret',
    deliveryMode: 'ProxyInjected',
    hosts: ['api.github.com'],
  });
  expect(headers['cache-control']).toBe('no-store');
  expect(records).toEqual([{
    decision: 'granted',
    kind: 'credential-issued',
    namespace: 'team-a',
    run: 'r1',
    caller: 'team-a/r1-collector',
    credential: { name: 'GITHUB_TOKEN', provider: 'UserSuppliedSecret' },
    matchedPolicy: 'p1',
    reason: `issued lease ${body.leaseId}`,
  }]);
});

test('asking again answers the same lease (B15)', async () => {
  const { ask, world } = brokerOver(DOCUMENTS);
  const first = await ask('issue', ISSUE);
  world.now += 30 * 60_000;
  const second = await ask('issue', ISSUE);
  expect(second.body.leaseId).toBe(first.body.leaseId);
});

test('delivery into the container says no expiry as the zero time (S52), and its reason', async () => {
  const grants = { credentials: [inContainer('GITHUB_TOKEN')] };
  const { ask } = brokerOver([harnessRun(), harnessTemplate(), brokerPolicy({}, { grants }), secret({ token: 'raw' })]);
  expect((await ask('issue', ISSUE)).body).toMatchObject({
    value: 'raw', deliveryMode: 'InContainer', expiresAt: NEVER, inContainerReason: 'the tool cannot use a proxy at all',
  });
});

test('of two policies that grant it the first by name answers, in whatever order they are listed (B14)', async () => {
  const other = brokerPolicy({ name: 'a0' }, { grants: { credentials: [inContainer('GITHUB_TOKEN')] } });
  for (const policies of [[GRANT, other], [other, GRANT]]) {
    const { ask, records } = brokerOver([harnessRun(), harnessTemplate(), ...policies, secret({ token: 'raw' })]);
    expect((await ask('issue', ISSUE)).body.deliveryMode).toBe('InContainer');
    expect(records[0].matchedPolicy).toBe('a0');
  }
});

test('a missing phase counts as active', async () => {
  const { ask } = brokerOver([harnessRun(), ...DOCUMENTS.slice(1)]);
  expect((await ask('issue', ISSUE)).status).toBe(200);
});

describe('a caller with capability issue', () => {
  const OPERATOR = { 'authorization': 'Bearer token-of-the-operator', 'x-paddock-run-namespace': 'team-a' };

  test('issues for a run of another namespace', async () => {
    const { ask, world, records } = brokerOver(DOCUMENTS);
    world.callers.set('token-of-the-operator', callerNamed('platform', 'operator', ['issue']));
    expect((await ask('issue', ISSUE, OPERATOR)).status).toBe(200);
    expect(records[0]).toMatchObject({ namespace: 'team-a', run: 'r1', caller: 'platform/operator' });
  });

  test('asks in its own namespace when it names none', async () => {
    const { ask, world } = brokerOver(DOCUMENTS);
    world.callers.set('token-of-the-operator', callerNamed('platform', 'operator', ['issue']));
    expect((await ask('issue', ISSUE, { ...OPERATOR, 'x-paddock-run-namespace': undefined })).body.code).toBe('RunNotFound');
  });
});

describe('issue is refused', () => {
  const withRun = (status: object) => [harnessRun({}, status), ...DOCUMENTS.slice(1)];
  test.each<[string, readonly object[], number, string]>([
    ['for a run that is not there', DOCUMENTS.slice(1), 404, 'RunNotFound'],
    ['for a run that succeeded', withRun({ phase: 'Succeeded' }), 403, 'RunTerminated'],
    ['for a run that failed', withRun({ phase: 'Failed' }), 403, 'RunTerminated'],
    ['for a run that was cancelled', withRun({ phase: 'Cancelled' }), 403, 'RunTerminated'],
    ['when the template is not there', [DOCUMENTS[0], GRANT], 500, 'ProviderFailure'],
    ['when the template does not require it', [DOCUMENTS[0], harnessTemplate({}, ['OTHER']), GRANT], 404, 'CredentialNotFound'],
    ['when no policy grants it', [DOCUMENTS[0], harnessTemplate()], 403, 'PolicyMissing'],
    ['when the policy is of another namespace', [DOCUMENTS[0], harnessTemplate(), { ...GRANT, metadata: { name: 'p1', namespace: 'team-b' } }], 403, 'PolicyMissing'],
    ['when the policy is for another template', [DOCUMENTS[0], harnessTemplate(), { ...GRANT, spec: { ...GRANT.spec, appliesToTemplates: ['x*'] } }], 403, 'PolicyMissing'],
    ['when the template only shadows one of the cluster', [...DOCUMENTS, clusterTemplate()], 403, 'PolicyMissing'],
    ['when the Secret is not there', DOCUMENTS.slice(0, 3), 500, 'ProviderFailure'],
    ['when the Secret is empty', [...DOCUMENTS.slice(0, 3), secret({ token: '' })], 500, 'ProviderFailure'],
  ])('%s', async (_, documents, status, code) => {
    const { ask, records } = brokerOver(documents);
    const answer = await ask('issue', ISSUE);
    expect(answer).toMatchObject({ status, body: { code, message: expect.any(String) } });
    expect(Object.keys(answer.body)).toEqual(['code', 'message']);
    expect(records).toEqual([expect.objectContaining({
      decision: 'denied', kind: 'credential-denied', run: 'r1', credential: expect.objectContaining({ name: 'GITHUB_TOKEN' }), reason: expect.stringContaining(code),
    })]);
  });

  test('when the provider is not built in', async () => {
    const { ask } = brokerOver(DOCUMENTS, { providers: () => undefined });
    expect(await ask('issue', ISSUE)).toMatchObject({ status: 500, body: { code: 'ProviderFailure', message: expect.stringContaining('is not built in') } });
  });

  test('when the provider has a defect, which is told to nobody', async () => {
    const provider = { ...userSuppliedSecret, issue: () => Promise.reject(new TypeError('planted-upstream')) };
    const { ask, records } = brokerOver(DOCUMENTS, { providers: () => provider });
    expect(await ask('issue', ISSUE)).toMatchObject({ status: 500, body: { code: 'ProviderFailure', message: 'the request cannot be decided now' } });
    expect(records).toEqual([expect.objectContaining({ decision: 'denied', reason: 'ProviderFailure: the request cannot be decided now' })]);
  });

  test('for a lease that was revoked, for the rest of the run', async () => {
    const broker = brokerOver(DOCUMENTS);
    const { leaseId } = (await broker.ask('issue', ISSUE)).body;
    broker.world.documents = withRun({ phase: 'Running', revokedLeases: { [leaseId]: '2026-05-04T09:00:00Z' } });
    expect(await broker.ask('issue', ISSUE)).toMatchObject({ status: 403, body: { code: 'PolicyRevoked' } });
  });

  test('beyond the limit of the run, and that is recorded', async () => {
    const { ask, records, world } = brokerOver(DOCUMENTS, { limits: { issue: { perSecond: 1, burst: 2 } } });
    await ask('issue', ISSUE);
    await ask('issue', ISSUE);
    const limited = await ask('issue', ISSUE);
    expect(limited).toMatchObject({ status: 429, body: { code: 'RateLimited' }, headers: { 'retry-after': '1' } });
    expect(records.at(-1)).toMatchObject({ decision: 'denied', kind: 'credential-denied', credential: { name: '(rate-limit)' } });
    world.now += 1000;
    expect((await ask('issue', ISSUE)).status).toBe(200);
  });

  test('beyond the limit without end, and one record in a while stands for all of it', async () => {
    const { ask, records, world } = brokerOver(DOCUMENTS, { limits: { issue: { perSecond: 0.001, burst: 1 } } });
    for (let i = 0; i < 20; i += 1) await ask('issue', ISSUE);
    expect(records).toHaveLength(2);
    world.now += 10_000;
    await ask('issue', ISSUE);
    expect(records).toHaveLength(3);
  });

  test.each(['planted-by-mistake', 'pdk-usersecret-eyJ', 'a b', '\0', '\ud800', 'X'.repeat(200) + '.'])('for %j, which could name nothing and is not recorded', async (name) => {
    const { ask, records, output } = brokerOver(DOCUMENTS);
    expect(await ask('issue', { name })).toMatchObject({ status: 404, body: { code: 'CredentialNotFound' } });
    expect(records).toEqual([expect.objectContaining({ credential: { name: '(malformed)' } })]);
    expect(output.join()).not.toContain(name);
  });

  test.each([true, false])('when the audit cannot be written, and the value is dropped (granted: %s)', async (granted) => {
    const { ask, world, output } = brokerOver(granted ? DOCUMENTS : DOCUMENTS.slice(1));
    world.auditFails = true;
    expect(await ask('issue', ISSUE)).toMatchObject({ status: 503, body: { code: 'AuditUnavailable' } });
    expect(output.join()).not.toMatch(/pdk-usersecret/);
  });

  test('when the limit is reached and the audit cannot be written', async () => {
    const { ask, world } = brokerOver(DOCUMENTS, { limits: { issue: { perSecond: 1, burst: 1 } } });
    await ask('issue', ISSUE);
    world.auditFails = true;
    expect((await ask('issue', ISSUE)).body.code).toBe('AuditUnavailable');
  });
});
