import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PaddockClient, Speaker } from './paddock-client';
import { brokerEnvironment, BrokerProcess } from '../helpers/broker-process';
import { bundleRole } from '../helpers/bundle';
import { newKeyPair } from '../helpers/key-pair';
import { tempFolder } from '../helpers/temp-folder';
import { brokerPolicy, file, harnessRun, harnessTemplate, headerGrant, secret } from '../sidecar/broker/documents';
import { selfSigned, writePair } from '../sidecar/server/certificate';

/**
 * A client that knows nothing but the documented wire of paddock 0.5.2: its bodies, its headers, and the fields that it
 * decodes. Bodies are written out, not taken from the protocol of this project, which they are compared with so.
 */

const PLANTED = { pats: ['planted-pat-one-1', 'planted-pat-two-2'], model: 'planted-model-3', user: 'planted-user-4', raw: 'planted-raw-5' };
const PEM = String(newKeyPair('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }));
const RUN_TOKEN = 'token-of-r1-collector';
const CONTROLLER = 'token-of-paddocks-controller';

const provider = (kind: string, more: object = {}) => ({ kind, secretRef: { name: 'upstream', key: kind }, ...more });
const CREDENTIALS = [
  { name: 'GITHUB_TOKEN', provider: provider('PATPool', { hosts: ['github.com'] }) },
  { name: 'ANTHROPIC_API_KEY', provider: provider('AnthropicAPI') },
  { name: 'GH_APP', provider: provider('GitHubApp', { appId: '12345', installationId: '678' }) },
  headerGrant('USER_KEY', ['api.example.com'], 'user'),
  { name: 'RAW', provider: provider('UserSuppliedSecret', { deliveryMode: { inContainer: { accepted: true, reason: 'the client signs with it, so no proxy can' } } }) },
];
const EGRESS = ['github.com', 'api.github.com', 'api.anthropic.com', 'api.example.com', 'plain.example.com'].map((host) => ({ host, ports: [443] }));
const NAMES = CREDENTIALS.map(({ name }) => name);
const POLICY = brokerPolicy({ name: 'p1' }, { grants: { credentials: CREDENTIALS, egress: EGRESS } });
const UPSTREAM = secret({ PATPool: PLANTED.pats.join('\n'), AnthropicAPI: PLANTED.model, GitHubApp: PEM, user: PLANTED.user, UserSuppliedSecret: PLANTED.raw });

const root = tempFolder();
const pair = selfSigned('paddock-broker');
let broker: BrokerProcess;
let port: number;

const as = (speaker: Partial<Speaker> = {}) => new PaddockClient({ port, ca: pair.cert }, { token: RUN_TOKEN, run: 'r1', namespace: 'team-a', ...speaker });
const ofRun = (name: string) => as({ token: `token-of-${name}-collector`, run: name });
const issue = async (name: string, client = as()) => client.call('issue', { name });
/** RFC 3339 in whole seconds, as Go's clients read it. */
const inAnHour = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

beforeAll(async () => {
  const catalog = [
    harnessRun({ name: 'r1' }, { phase: 'Running' }), harnessRun({ name: 'r2' }), harnessRun({ name: 'r3' }), harnessRun({ name: 'over' }, { phase: 'Succeeded' }),
    harnessTemplate({}, [...NAMES, 'UNGRANTED']), POLICY, UPSTREAM,
  ];
  const accounts = ['r1', 'r2', 'r3', 'over', 'gone'].map((name) => [`token-of-${name}-collector`, { namespace: 'team-a', serviceAccount: `${name}-collector` }]);
  const controller = { namespace: 'paddock-system', serviceAccount: 'paddock-controller-manager', capabilities: ['issue', 'revoke'] };
  mkdirSync(join(root, 'catalog'));
  mkdirSync(join(root, 'tls'));
  writePair(join(root, 'tls'), pair);
  writeFileSync(join(root, 'catalog', 'all.yaml'), file(...catalog));
  writeFileSync(join(root, 'callers.json'), JSON.stringify({ ...Object.fromEntries(accounts), [CONTROLLER]: controller }), { mode: 0o600 });
  broker = await new BrokerProcess(bundleRole('broker', root), {
    ...brokerEnvironment(root),
    BROKER_LISTEN: ':0',
    TLS_DIR: join(root, 'tls'),
    ISSUE_PER_SECOND: '1000',
    VALIDATE_PER_SECOND: '5',
  }).ready();
  port = Number(broker.addresses.broker.split(':').at(-1));
}, 60_000);

afterAll(() => broker.end('SIGKILL'));

describe('/v1/issue', () => {
  test('answers a lease of a pool as documented, the slot of index 0 included', async () => {
    expect(await issue('GITHUB_TOKEN')).toEqual({
      value: expect.stringMatching(/^pdk-patpool-[\w.-]+$/),
      leaseId: expect.stringMatching(/^pat-[0-9a-f]+/),
      expiresAt: inAnHour,
      provider: 'PATPool',
      deliveryMode: 'ProxyInjected',
      hosts: ['github.com'],
      poolSecretRef: { name: 'upstream', key: 'PATPool' },
      poolSlotIndex: 0,
    });
  });

  test.each([
    ['ANTHROPIC_API_KEY', 'AnthropicAPI', /^pdk-anthropic-/, /^anth-/, ['api.anthropic.com']],
    ['GH_APP', 'GitHubApp', /^pdk-github-/, /^gha-/, ['github.com', 'api.github.com']],
    ['USER_KEY', 'UserSuppliedSecret', /^pdk-usersecret-/, /^uss-/, ['api.example.com']],
  ])('answers %s of %s with its prefixes and hosts', async (name, kind, value, leaseId, hosts) => {
    expect(await issue(name)).toEqual({
      value: expect.stringMatching(value), leaseId: expect.stringMatching(leaseId), expiresAt: inAnHour, provider: kind, deliveryMode: 'ProxyInjected', hosts,
    });
  });

  test('answers a value in the container with its reason and the zero time', async () => {
    expect(await issue('RAW')).toEqual({
      value: PLANTED.raw,
      leaseId: expect.stringMatching(/^uss-/),
      expiresAt: '0001-01-01T00:00:00Z',
      provider: 'UserSuppliedSecret',
      deliveryMode: 'InContainer',
      inContainerReason: 'the client signs with it, so no proxy can',
    });
  });

  test("serves paddock's controller for a run of another namespace, and a run that names no namespace", async () => {
    expect(await issue('USER_KEY', as({ token: CONTROLLER }))).toMatchObject({ provider: 'UserSuppliedSecret' });
    expect(await issue('USER_KEY', as({ namespace: undefined }))).toMatchObject({ provider: 'UserSuppliedSecret' });
  });

  test('refuses with the codes by which the controller tells what is fatal', async () => {
    expect(await ofRun('gone').refusal('issue', { name: 'RAW' })).toBe('404 RunNotFound');
    expect(await as().refusal('issue', { name: 'OTHER' })).toBe('404 CredentialNotFound');
    expect(await as().refusal('issue', { name: 'UNGRANTED' })).toBe('403 PolicyMissing');
    expect(await as().refusal('issue', { name: '' })).toBe('400 BadRequest');
    expect(await as({ run: '' }).refusal('issue', { name: 'RAW' })).toBe('400 BadRequest');
    expect(await as({ namespace: 'team-b' }).refusal('issue', { name: 'RAW' })).toBe('400 BadRequest');
    expect(await as({ token: 'guessed' }).refusal('issue', { name: 'RAW' })).toBe('401 Unauthorized');
    expect(await as().refusal('issue', { name: 'x'.repeat(65_536) })).toBe('400 BadRequest');
  });

  test('refuses what it cannot serve now with codes that are asked again', async () => {
    await issue('GITHUB_TOKEN');
    await issue('GITHUB_TOKEN', ofRun('r2'));
    expect(await ofRun('r3').refusal('issue', { name: 'GITHUB_TOKEN' })).toBe('503 PoolExhausted');
    const many = Array.from({ length: 50 }, () => ofRun('r3').call('validate-egress', { host: 'github.com', port: 443 }));
    const refused = (await Promise.allSettled(many)).flatMap((one) => (one.status === 'rejected' ? [`${one.reason.status} ${one.reason.code}`] : []));
    expect([...new Set(refused)]).toEqual(['429 RateLimited']);
  });
});

test('/v1/validate-egress answers what the proxy decodes', async () => {
  expect(await as().call('validate-egress', { host: 'api.example.com', port: 443 })).toEqual({ allowed: true, matchedPolicy: 'p1', substituteAuth: true });
  expect(await as().call('validate-egress', { host: 'plain.example.com', port: 443 })).toEqual({ allowed: true, matchedPolicy: 'p1' });
  expect(await as().call('validate-egress', { host: 'evil.example.com', port: 443 })).toEqual({ allowed: false, reason: expect.any(String) });
  expect(await ofRun('gone').call('validate-egress', { host: 'api.example.com', port: 443 })).toMatchObject({ allowed: false });
  expect(await as().refusal('validate-egress', { host: '', port: 443 })).toBe('400 BadRequest');
});

describe('/v1/substitute-auth', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  test('exchanges what git and GitHub clients send', async () => {
    const { value } = await issue('GITHUB_TOKEN');
    for (const incomingAuthorization of [`Bearer ${value}`, `token ${value}`, basic(`x-access-token:${value}`)]) {
      const { setHeaders, allowedHeaders } = await as().call('substitute-auth', { host: 'github.com', port: 443, incomingAuthorization });
      expect(setHeaders).toEqual({ Authorization: basic(`x-access-token:${PLANTED.pats[0]}`) });
      expect(allowedHeaders).toEqual(expect.arrayContaining(['Content-Type', 'Content-Length', 'Accept', 'Accept-Encoding', 'User-Agent', 'X-GitHub-Api-Version'].map((name) => expect.stringMatching(new RegExp(`^${name}$`, 'i')))));
    }
  });

  test('exchanges what Anthropic clients send, in either header', async () => {
    const { value } = await issue('ANTHROPIC_API_KEY');
    for (const incoming of [{ incomingXApiKey: value }, { incomingAuthorization: `Bearer ${value}` }, { incomingAuthorization: `Bearer ${value}`, incomingXApiKey: value }]) {
      const answer = await as().call('substitute-auth', { host: 'api.anthropic.com', port: 443, ...incoming });
      expect(answer.removeHeaders).toContain('Authorization');
      expect(Object.entries(answer.setHeaders).map(([name, text]) => [name.toLowerCase(), text])).toEqual([['x-api-key', PLANTED.model]]);
      expect(answer.allowedHeaders).toEqual(expect.arrayContaining(['Anthropic-Version', 'Anthropic-Beta']));
    }
  });

  test('exchanges a credential of the user as its grant says', async () => {
    const { value } = await issue('USER_KEY');
    const answer = await as().call('substitute-auth', { host: 'api.example.com', port: 443, incomingAuthorization: `Bearer ${value}` });
    expect(answer.setHeaders).toEqual({ Authorization: `Bearer ${PLANTED.user}` });
  });

  test('refuses with the documented codes', async () => {
    const { value } = await issue('USER_KEY');
    const swap = (more: object = {}) => ({ host: 'api.example.com', port: 443, incomingAuthorization: `Bearer ${value}`, ...more });
    expect(await as().refusal('substitute-auth', { host: 'api.example.com', port: 443 })).toBe('400 BadRequest');
    expect(await as().refusal('substitute-auth', swap({ incomingAuthorization: 'Bearer pdk-usersecret-0123' }))).toBe('404 BearerUnknown');
    expect(await as().refusal('substitute-auth', swap({ host: 'github.com' }))).toBe('403 HostNotAllowed');
    expect(await as().refusal('substitute-auth', swap({ host: 'evil.example.com' }))).toBe('403 EgressRevoked');
    expect(await ofRun('over').refusal('substitute-auth', swap({ incomingAuthorization: 'Bearer sk-own' }))).toBe('403 RunTerminated');
    expect(await ofRun('r2').refusal('substitute-auth', swap())).toBe('403 SubstituteFailed');
    expect(await ofRun('gone').refusal('substitute-auth', swap({ incomingXApiKey: 'x', incomingAuthorization: undefined }))).toBe('404 RunTerminated');
  });
});

describe('/v1/revoke', () => {
  const revocation = async () => ({ provider: 'UserSuppliedSecret', leaseId: (await issue('USER_KEY', ofRun('r2'))).leaseId, credentialName: 'USER_KEY' });

  test('answers nothing, and again nothing, and nothing for what it does not know', async () => {
    const controller = as({ token: CONTROLLER, run: 'r2' });
    const { value } = await issue('USER_KEY', ofRun('r2'));
    const body = await revocation();
    for (let i = 0; i < 2; i += 1) expect(await controller.post('/v1/revoke', JSON.stringify(body))).toEqual({ status: 204, text: '' });
    expect(await controller.call('revoke', { ...body, leaseId: 'pat-0123abcd' })).toEqual({});
    expect(await ofRun('r2').refusal('substitute-auth', { host: 'api.example.com', port: 443, incomingAuthorization: `Bearer ${value}` })).toBe('403 PolicyRevoked');
  });

  test('refuses everybody else before it looks at anything, and malformed bodies of the controller', async () => {
    expect(await as({ run: '' }).refusal('revoke', { provider: 'Nobody' })).toBe('403 Forbidden');
    const controller = as({ token: CONTROLLER });
    expect(await controller.refusal('revoke', { provider: '', leaseId: 'pat-0123abcd', credentialName: 'X' })).toBe('400 BadRequest');
    expect(await controller.refusal('revoke', { provider: 'Vault', leaseId: 'vlt-0123abcd', credentialName: 'X' })).toBe('400 BadRequest');
  });
});

test('nothing but what the wire requires carries a secret', () => {
  const audit = join(root, 'state', 'audit');
  const log = readdirSync(audit).filter((name) => statSync(join(audit, name)).isFile()).map((name) => readFileSync(join(audit, name), 'utf8')).join('');
  expect(broker.output).toContain('"route":"/v1/issue"');
  expect(log).toContain('"reason":"substituted"');
  for (const printed of [broker.output, log]) expect(printed).not.toMatch(/planted-|PRIVATE KEY|pdk-[a-z]+-|token-of-/);
});
