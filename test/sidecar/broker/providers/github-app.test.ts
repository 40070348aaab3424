import { exchangeContext, grantFor, issueContext } from './contexts';
import { Answer, reply, startGitHub, tokenFields } from './github-stand-in';
import { gitHubApp } from '../../../../sidecar/src/broker/providers/github-app';
import { httpsClient } from '../../../../sidecar/src/broker/providers/https-client';
import type { ExchangeContext, Provider } from '../../../../sidecar/src/broker/providers/provider';
import type { ApiError } from '../../../../sidecar/src/server/http/errors';
import type { CredentialGrantSpec } from '../../../../src/protocol/policy';
import { newKeyPair } from '../../../helpers/key-pair';
import { refusalOf, T0 } from '../example-grants';

const { privateKey, publicKey } = newKeyPair('rsa', { modulusLength: 2048 });
const PKCS1 = String(privateKey.export({ type: 'pkcs1', format: 'pem' }));
const PKCS8 = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
const READ = { owner: 'acme', repo: 'lib' } as const;
const GITHUB = { host: 'github.com', port: 443 };
const WRITE = { owner: 'acme', repo: 'app', access: 'write' } as const;

let now = T0;
let github: Awaited<ReturnType<typeof startGitHub>>;
let grant: CredentialGrantSpec;
let provider: Provider;
let told: unknown[];

beforeAll(async () => {
  github = await startGitHub(publicKey, () => now);
  grant = grantFor('GitHubApp', { appId: '12', installationId: '34', apiEndpoint: `${github.endpoint}/api/v3`, hosts: ['git.example.com'] });
});
afterAll(() => github.close());
beforeEach(() => {
  now = T0;
  told = [];
  github.requests.length = 0;
  github.world.answer = undefined;
  const http = httpsClient({ ca: github.ca, timeoutMilliseconds: 300, maxAnswerBytes: 10_000 });
  provider = gitHubApp({ http, clock: () => now, observer: { minted: (...what) => told.push(what) } });
});

async function exchange(more: Partial<ExchangeContext> = {}, pem = PKCS1): Promise<string> {
  const { setHeaders } = await provider.exchange(grant, exchangeContext(pem, { now, ...more }));
  expect(Object.keys(setHeaders!)).toEqual(['Authorization']);
  return Buffer.from(setHeaders!.Authorization.replace('Basic ', ''), 'base64').toString();
}

describe('a token of an installation', () => {
  test.each([['PKCS#1', PKCS1], ['PKCS#8', PKCS8]])('is minted with a key in %s, and goes out as git sends it', async (_, pem) => {
    expect(await exchange({}, pem)).toBe('x-access-token:ghs_planted1');
  });

  test('is asked for by a signed App token, valid for less than ten minutes, at the server of the grant', async () => {
    await exchange();
    expect(github.requests).toMatchObject([{
      method: 'POST',
      path: '/api/v3/app/installations/34/access_tokens',
      headers: { 'accept': 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
      app: { iss: '12', iat: T0 / 1000 - 60, exp: T0 / 1000 + 540 },
    }]);
    expect(told).toEqual([['GitHubApp', 0, 'ok']]);
  });

  test('can read the repositories of the policy, and nothing else (B45)', async () => {
    await exchange({ repositories: [READ, { owner: 'acme', repo: 'docs' }] });
    expect(github.requests[0].body).toEqual({ repositories: ['lib', 'docs'], permissions: { contents: 'read', metadata: 'read', pull_requests: 'read' } });
  });

  test('can write what the policy says, where the request is about it (B45)', async () => {
    await exchange({ repositories: [READ, WRITE], request: { ...GITHUB, path: '/acme/app.git/git-receive-pack' } });
    await exchange({ repositories: [READ, WRITE], request: { ...GITHUB, path: '/acme/lib.git/git-receive-pack' } });
    expect(github.requests.map(({ body }) => [body.repositories, body.permissions?.contents])).toEqual([[['app'], 'write'], [['lib', 'app'], 'read']]);
  });

  test('is shared by all that may use the same, and minted once however many ask (B45)', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => exchange()));
    expect(new Set(all).size).toBe(1);
    await exchange({ lease: { ...exchangeContext(PKCS1).lease, run: 'r2', runUid: 'uid-2' } });
    expect(github.requests).toHaveLength(1);
  });

  test('is another one for other repositories, another installation and another key', async () => {
    await exchange();
    await exchange({ repositories: [READ] });
    grant = { ...grant, provider: { ...grant.provider, installationId: '35' } };
    await exchange();
    grant = { ...grant, provider: { ...grant.provider, installationId: '34' } };
    expect(github.requests).toHaveLength(3);
  });

  test('is minted anew when the Secret has changed, without a restart', async () => {
    const other = newKeyPair('rsa', { modulusLength: 2048 });
    await exchange();
    github.world.appKey = other.publicKey;
    expect(await exchange({}, String(other.privateKey.export({ type: 'pkcs1', format: 'pem' })))).toBe('x-access-token:ghs_planted2');
    github.world.appKey = publicKey;
  });
});

describe('issue', () => {
  test('looks at the key and asks GitHub nothing', async () => {
    expect(await provider.issue(grant, issueContext(PKCS1))).toEqual({ delivery: 'ProxyInjected', hosts: ['git.example.com'] });
    expect(await provider.issue(grantFor('GitHubApp'), issueContext(PKCS1))).toMatchObject({ hosts: ['github.com', 'api.github.com'] });
    expect(github.requests).toEqual([]);
  });

  const small = String(newKeyPair('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs1', format: 'pem' }));
  const curve = String(newKeyPair('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const locked = String(privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'planted' }));
  test.each<[string, string | undefined, string]>([
    ['that is not there', undefined, 'is not there'],
    ['that is no PEM', 'planted', 'is not an unencrypted RSA private key in PEM'],
    ['that is a public one', String(publicKey.export({ type: 'spki', format: 'pem' })), 'is not an unencrypted RSA private key in PEM'],
    ['of a curve', curve, 'is not an unencrypted RSA private key in PEM'],
    ['with a passphrase', locked, 'is not an unencrypted RSA private key in PEM'],
    ['that is too short', small, 'is an RSA key of 1024 bits; at least 2048 are needed'],
  ])('refuses a key %s, and so does an exchange', async (_, pem, problem) => {
    const refusals = [
      await refusalOf(() => provider.issue(grant, issueContext(pem))),
      await refusalOf(() => provider.exchange(grant, exchangeContext(pem))),
    ];
    expect(refusals).toEqual(Array(2).fill(`ProviderFailure 500 credential API_KEY of GitHubApp: key token of Secret upstream ${problem}`));
  });

  test('tells each grant of its own Secret, also when two have the same key', async () => {
    const other = { ...grant, name: 'OTHER' };
    const refusals = await Promise.all([grant, other].map((one) => refusalOf(() => provider.exchange(one, exchangeContext(curve)))));
    expect(refusals).toEqual([expect.stringContaining('credential API_KEY of'), expect.stringContaining('credential OTHER of')]);
  });

  test('refuses repositories of two owners, which no installation has', async () => {
    const repositories = [READ, { owner: 'globex', repo: 'lib' }];
    expect(await refusalOf(() => provider.issue(grant, issueContext(PKCS1, { repositories })))).toContain('acme and globex; an installation has one owner');
    expect(await refusalOf(() => exchange({ repositories }))).toContain('an installation has one owner');
  });
});

describe('when GitHub gives no token', () => {
  const body = { message: 'planted-body', token: 'planted-body' };
  const place = () => `ProviderFailure 500 credential API_KEY of GitHubApp: ${github.endpoint}/api/v3`;

  test.each([400, 401, 403, 404, 422, 429, 500, 503])('because it answers %i, the run is told that, and nothing of the body', async (status) => {
    github.world.answer = (response) => reply(response, status, body);
    expect(await refusalOf(() => exchange())).toBe(`${place()} answered ${status} to the request for a token`);
    expect(told).toEqual([['GitHubApp', 0, 'failed']]);
  });

  test('because it sends us elsewhere, nobody goes there', async () => {
    github.world.answer = (response) => reply(response, 307, body, { location: `${github.endpoint}/elsewhere` });
    expect(await refusalOf(() => exchange())).toContain('answered 307');
    expect(github.requests).toHaveLength(1);
  });

  const READS = { contents: 'read', metadata: 'read', pull_requests: 'read' };
  test.each<[string, Answer, string]>([
    ['never answers', () => undefined, 'gave no token: no answer within 300 ms'],
    ['never ends', (response) => void response.writeHead(201).write('{'), 'gave no token: no answer within 300 ms'],
    ['answers without end', (response) => void response.end('x'.repeat(20_000)), 'gave no token: the answer is longer than 10000 bytes'],
    ['hangs up', (response) => void response.destroy(), 'gave no token: the connection failed: ECONNRESET'],
    ['answers no JSON', (response) => void response.writeHead(201).end('planted-body'), 'has no token that is valid now'],
    ['answers without a token', (response) => reply(response, 201, { expires_at: '2030-01-01T00:00:00Z' }), 'has no token that is valid now'],
    ['answers with a token that ends a header', (response) => reply(response, 201, tokenFields('planted\r\nx: y', now + 3600_000, READS)), 'has no token that is valid now'],
    ['answers with a token that is over', (response) => reply(response, 201, tokenFields('planted', now - 1000, READS)), 'has no token that is valid now'],
    ['answers without permissions', (response) => reply(response, 201, tokenFields('planted', now + 3600_000, undefined)), 'does not say what the token may do'],
    ['grants more than was asked', (response) => reply(response, 201, tokenFields('planted', now + 3600_000, { ...READS, contents: 'write' })), 'grants other permissions'],
  ])('because it %s', async (_, answer, problem) => {
    github.world.answer = answer;
    const refusal = await refusalOf(() => exchange());
    expect(refusal).toContain(problem);
    expect(refusal).not.toContain('planted');
  });

  test('because its certificate is not one that we trust', async () => {
    provider = gitHubApp({ http: httpsClient(), clock: () => now });
    expect(await refusalOf(() => exchange())).toContain('the connection failed: DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(github.requests).toEqual([]);
  });

  test('for the repositories of that owner: those of another of the same name are refused', async () => {
    github.world.answer = (response, { body: { permissions } }) => reply(response, 201, tokenFields('planted', now + 3600_000, permissions, ['globex/lib']));
    expect(await refusalOf(() => exchange({ repositories: [READ] }))).toContain('is for other repositories than the policy names');
  });

  test('it is left alone for as long as it says, and then asked again', async () => {
    github.world.answer = (response) => reply(response, 429, body, { 'retry-after': '30' });
    const refusal = await exchange().catch((error: ApiError) => error) as ApiError;
    expect(refusal.headers).toEqual({ 'retry-after': '30' });
    now += 29_000;
    expect(await refusalOf(() => exchange())).toContain('answered 429');
    expect(github.requests).toHaveLength(1);
    github.world.answer = undefined;
    now += 1000;
    expect(await exchange()).toBe('x-access-token:ghs_planted2');
  });

  test('because requests are used up, it is asked again when they are not', async () => {
    github.world.answer = (response) => reply(response, 403, body, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(T0 / 1000 + 600) });
    const refusal = await exchange().catch((error: ApiError) => error) as ApiError;
    expect(refusal.headers).toEqual({ 'retry-after': '600' });
  });
});
