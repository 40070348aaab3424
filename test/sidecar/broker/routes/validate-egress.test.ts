import { brokerOver } from '../build-broker';
import { brokerPolicy, harnessRun, harnessTemplate, headerGrant } from '../documents';

const GRANTS = { credentials: [headerGrant()], egress: [{ host: 'api.github.com', ports: [443] }, { host: '*.example.org' }, { host: 'any.example.com', ports: [0] }] };
const RUN = harnessRun({}, { phase: 'Running' });
const DOCUMENTS = [RUN, harnessTemplate(), brokerPolicy({ name: 'p1' }, { grants: GRANTS })];
const GITHUB = { host: 'api.github.com', port: 443 };

const discovery = (expiresAt: string) => ({ egressDiscovery: { accepted: true, reason: 'finding out what the agent needs', expiresAt } });

test('a granted host is allowed, and the answer says by which policy, for how long and whether credentials are exchanged', async () => {
  const { ask, records } = brokerOver(DOCUMENTS);
  expect(await ask('validate-egress', GITHUB)).toMatchObject({ status: 200, body: { allowed: true, matchedPolicy: 'p1', substituteAuth: true, validForSeconds: 10 } });
  expect(records).toEqual([expect.objectContaining({ decision: 'granted', kind: 'egress-allow', destination: GITHUB, matchedPolicy: 'p1' })]);
});

test('a host without credentials is allowed without exchange', async () => {
  const { ask } = brokerOver(DOCUMENTS);
  expect((await ask('validate-egress', { host: 'a.b.example.org', port: 8443 })).body).toEqual({ allowed: true, matchedPolicy: 'p1', validForSeconds: 10, auditId: 'audit-1' });
  expect((await ask('validate-egress', { host: 'any.example.com', port: 1 })).body.allowed).toBe(true);
});

test('every provider that exchanges counts, built-in ones too (B9)', async () => {
  const secretRef = { name: 's', key: 'k' };
  const credentials = [
    { name: 'A', provider: { kind: 'AnthropicAPI', secretRef } },
    { name: 'G', provider: { kind: 'GitHubApp', secretRef, appId: '1', installationId: '2' } },
    { name: 'P', provider: { kind: 'PATPool', secretRef, hosts: ['git.example.org'] } },
  ];
  const hosts = ['api.anthropic.com', 'github.com', 'api.github.com', 'git.example.org'];
  const { ask } = brokerOver([RUN, harnessTemplate(), brokerPolicy({}, { grants: { credentials, egress: hosts.map((host) => ({ host })) } })]);
  for (const host of hosts) expect((await ask('validate-egress', { host, port: 443 })).body).toMatchObject({ allowed: true, substituteAuth: true });
});

test('a grant that depends on method or path sends each request through the exchange', async () => {
  const { ask } = brokerOver([RUN, harnessTemplate(), brokerPolicy({}, { grants: { egress: [{ host: 'api.github.com', methods: ['GET'] }] } })]);
  expect((await ask('validate-egress', GITHUB)).body).toMatchObject({ allowed: true, substituteAuth: true });
});

test.each(['API.GitHub.com', 'api.github.com.'])('%s is the same host', async (host) => {
  const { ask, records } = brokerOver(DOCUMENTS);
  expect((await ask('validate-egress', { host, port: 443 })).body.allowed).toBe(true);
  expect(records[0].destination?.host).toBe('api.github.com');
});

describe('an answer that is no', () => {
  test.each<[string, readonly object[], object]>([
    ['for another port', DOCUMENTS, { host: 'api.github.com', port: 80 }],
    ['for another host', DOCUMENTS, { host: 'github.com', port: 443 }],
    ['for the apex of a wildcard (S6)', DOCUMENTS, { host: 'example.org', port: 443 }],
    ['for a run that is not there (S4)', DOCUMENTS.slice(1), GITHUB],
    ['for a run that is over', [harnessRun({}, { phase: 'Failed' }), ...DOCUMENTS.slice(1)], GITHUB],
    ['without the template', [RUN, DOCUMENTS[2]], GITHUB],
    ['without a policy', DOCUMENTS.slice(0, 2), GITHUB],
  ])('is status 200 and recorded: %s', async (_, documents, body) => {
    const { ask, records } = brokerOver(documents);
    expect(await ask('validate-egress', body)).toMatchObject({ status: 200, body: { allowed: false, reason: expect.any(String), auditId: 'audit-1' } });
    expect(records).toEqual([expect.objectContaining({ decision: 'denied', kind: 'egress-block' })]);
  });
});

describe('a discovery window', () => {
  const withWindow = (expiresAt: string) => [RUN, harnessTemplate(), brokerPolicy({ name: 'p1' }, { grants: GRANTS }), brokerPolicy({ name: 'p2' }, { grants: {}, ...discovery(expiresAt) })];

  test('lets out what no grant covers, without policy and without exchange (S5)', async () => {
    const { ask, records } = brokerOver(withWindow('2026-05-04T10:00:00Z'));
    expect((await ask('validate-egress', { host: 'unknown.example.net', port: 80 })).body).toEqual({ allowed: true, discoveryAllow: true, validForSeconds: 10, auditId: 'audit-1' });
    expect(records[0]).toMatchObject({ decision: 'granted', kind: 'egress-discovery-allow' });
    expect(records[0].matchedPolicy).toBeUndefined();
    expect((await ask('validate-egress', GITHUB)).body.matchedPolicy).toBe('p1');
  });

  test('ends with its time, also for answers given before', async () => {
    const { ask, world } = brokerOver(withWindow('2026-05-04T09:00:04Z'));
    expect((await ask('validate-egress', { host: 'unknown.example.net', port: 80 })).body.validForSeconds).toBe(4);
    world.now += 4000;
    expect((await ask('validate-egress', { host: 'unknown.example.net', port: 80 })).body.allowed).toBe(false);
  });

  test('that ends more than seven days ahead is not open', async () => {
    const { ask } = brokerOver(withWindow('2026-05-12T09:00:00Z'));
    expect((await ask('validate-egress', { host: 'unknown.example.net', port: 80 })).body.allowed).toBe(false);
  });
});

test('without audit there is no answer', async () => {
  const { ask, world } = brokerOver(DOCUMENTS);
  world.auditFails = true;
  expect(await ask('validate-egress', GITHUB)).toMatchObject({ status: 503, body: { code: 'AuditUnavailable' } });
});
