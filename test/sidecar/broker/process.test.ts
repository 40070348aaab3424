import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { brokerPolicy, file, harnessRun, harnessTemplate, headerGrant, secret } from './documents';
import { brokerEnvironment, BrokerProcess, Environment } from '../../helpers/broker-process';
import { bundleRole } from '../../helpers/bundle';
import { eventually, tempFolder } from '../../helpers/temp-folder';

const TOKEN = 'planted-token-of-the-run';
const UPSTREAM = 'planted-upstream-61ea';
const root = tempFolder();
const running: BrokerProcess[] = [];
let bundle: string;
const usual = brokerEnvironment(root);

beforeAll(() => {
  bundle = bundleRole('broker', root);
  mkdirSync(join(root, 'catalog'));
  const policy = brokerPolicy({ name: 'p1' }, { grants: { credentials: [headerGrant()], egress: [{ host: 'api.github.com' }] } });
  writeFileSync(join(root, 'catalog', 'all.yaml'), file(harnessRun(), harnessTemplate(), policy, secret({ token: UPSTREAM })));
  writeFileSync(join(root, 'callers.json'), JSON.stringify({ [TOKEN]: { namespace: 'team-a', serviceAccount: 'r1-collector' } }), { mode: 0o600 });
}, 60_000);

afterAll(() => Promise.all(running.map((broker) => broker.end('SIGKILL'))));

function start(env: Environment = {}, args: readonly string[] = []): BrokerProcess {
  const broker = new BrokerProcess(bundle, { ...usual, ...env }, args);
  running.push(broker);
  return broker;
}

async function ask(broker: BrokerProcess, endpoint: string, body: object) {
  const headers = { 'authorization': `Bearer ${TOKEN}`, 'x-paddock-run': 'r1', 'content-type': 'application/json' };
  const answer = await fetch(`http://${broker.addresses.broker}/v1/${endpoint}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() as Record<string, unknown> };
}

/** What only a broker has that ships its log, follows the API server or makes its certificate. */
const OF_A_CLUSTER = [
  'broker_audit_unshipped_records', 'broker_audit_ship_lag_seconds', 'broker_catalog_age_seconds', 'broker_catalog_refused_objects', 'broker_certificate_expiry_timestamp_seconds',
];

const namesIn = (metrics: string) => [...metrics.matchAll(/^# TYPE ((?:http|broker)_\w+)/gm)].map(([, name]) => name).sort();
const documented = () => [...readFileSync('docs/reference/metrics.md', 'utf8').matchAll(/^\| `((?:http|broker)_\w+)`/gm)].map(([, name]) => name).sort();

test('a bearer outlives kill -9 of the broker that issued it (B16), and nothing secret is printed', async () => {
  const first = await start().ready();
  const { body: { value, leaseId } } = await ask(first, 'issue', { name: 'GITHUB_TOKEN' });
  await first.end('SIGKILL');

  const second = await start().ready();
  const swapped = await ask(second, 'substitute-auth', { host: 'api.github.com', port: 443, incomingAuthorization: `Bearer ${String(value)}` });
  expect(swapped).toMatchObject({ status: 200, body: { setHeaders: { Authorization: `Bearer ${UPSTREAM}` } } });
  expect((await ask(second, 'issue', { name: 'GITHUB_TOKEN' })).body.leaseId).toBe(leaseId);
  const admin = `http://${second.addresses.admin}`;
  expect(await Promise.all(['livez', 'readyz'].map(async (probe) => (await fetch(`${admin}/${probe}`)).status))).toEqual([200, 200]);
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  expect(metrics).toContain('route="/v1/substitute-auth",status="200"');
  expect(namesIn(metrics)).toEqual(documented().filter((name) => !OF_A_CLUSTER.includes(name)));
  expect(metrics).toContain('broker_limit_keys{limiter="substitute-auth",role="broker"} 1');
  expect(await second.end('SIGTERM')).toBe(0);

  const log = readdirSync(join(root, 'state', 'audit')).map((name) => readFileSync(join(root, 'state', 'audit', name), 'utf8')).join('');
  for (const planted of [TOKEN, UPSTREAM, String(value)]) expect(first.output + second.output + log).not.toContain(planted);
  expect(log).toContain('"reason":"substituted"');
  expect(second.output).toContain('"anchor":{"stream":"broker-');
}, 30_000);

test('a revocation outlives kill -9 of the broker that took it', async () => {
  const deputy = { namespace: 'team-a', serviceAccount: 'r1-collector', capabilities: ['revoke'] };
  writeFileSync(join(root, 'deputies.json'), JSON.stringify({ [TOKEN]: deputy }), { mode: 0o600 });
  const env = { CALLERS_FILE: join(root, 'deputies.json'), STATE_DIR: join(root, 'state-5') };
  const first = await start(env).ready();
  const { body: { leaseId } } = await ask(first, 'issue', { name: 'GITHUB_TOKEN' });
  const headers = { 'authorization': `Bearer ${TOKEN}`, 'x-paddock-run': 'r1', 'content-type': 'application/json' };
  const body = JSON.stringify({ provider: 'UserSuppliedSecret', leaseId });
  expect((await fetch(`http://${first.addresses.broker}/v1/revoke`, { method: 'POST', headers, body })).status).toBe(204);
  await first.end('SIGKILL');

  const second = await start(env).ready();
  expect(await ask(second, 'issue', { name: 'GITHUB_TOKEN' })).toMatchObject({ status: 403, body: { code: 'PolicyRevoked' } });
  await second.end('SIGTERM');
}, 30_000);

test('a changed catalog counts without a restart, a broken one changes nothing and is one line', async () => {
  const catalog = join(root, 'changing');
  mkdirSync(catalog);
  writeFileSync(join(catalog, 'all.yaml'), readFileSync(join(root, 'catalog', 'all.yaml')));
  const broker = await start({ CATALOG_DIR: catalog, STATE_DIR: join(root, 'state-2') }).ready();
  const code = async () => (await ask(broker, 'issue', { name: 'GITHUB_TOKEN' })).body.code;
  expect(await code()).toBeUndefined();
  // At once and whole: whoever looks sees one change.
  writeFileSync(join(root, 'bad.yaml'), `prompt: [${TOKEN}`);
  renameSync(join(root, 'bad.yaml'), join(catalog, 'bad.yaml'));
  await eventually(() => broker.output.includes('cannot be used'));
  expect(broker.output.match(/bad\.yaml, document 1: is not strict YAML or JSON/g)).toHaveLength(1);
  expect(broker.output).not.toContain(TOKEN);
  expect(await code()).toBeUndefined();
  await broker.end('SIGTERM');
}, 30_000);

describe('the start is refused, with a message that names what is wrong:', () => {
  const here = (name: string, text: string) => {
    writeFileSync(join(root, name), text, { mode: 0o600 });
    return join(root, name);
  };
  test.each<[string, () => Environment, RegExp]>([
    ['a catalog from the API that is nowhere', () => ({ CATALOG: 'kubernetes', POD_NAME: 'broker-0', POD_NAMESPACE: 'platform' }), /CATALOG=kubernetes outside a cluster needs KUBECONFIG/],
    ['plain HTTP on all addresses', () => ({ BROKER_LISTEN: ':0' }), /BROKER_LISTEN is reachable from other machines, so TLS_DIR must be set/],
    ['no catalog folder', () => ({ CATALOG_DIR: undefined }), /CATALOG_DIR is not set/],
    ['no callers', () => ({ CALLERS_FILE: undefined }), /CALLERS_FILE is not set/],
    ['no state folder', () => ({ STATE_DIR: undefined }), /STATE_DIR is not set/],
    ['an unknown catalog', () => ({ CATALOG: 'file' }), /CATALOG/],
    ['a catalog folder that is not there', () => ({ CATALOG_DIR: join(root, 'nowhere') }), /ENOENT.*nowhere/],
    ['callers with a mistake', () => ({ CALLERS_FILE: here('bad-callers.json', `{"${TOKEN}": 1}`) }), /caller 1: must be an object/],
    ['a certificate that is not there', () => ({ TLS_DIR: join(root, 'catalog') }), /ENOENT.*tls\.(crt|key)/],
    ['a state folder that is a file', () => ({ STATE_DIR: here('a-file', '') }), /ENOTDIR|EEXIST/],
  ])('%s', async (_, env, message) => {
    const broker = start(env());
    expect(await broker.exitCode()).toBe(1);
    expect(broker.output).toMatch(message);
    expect(broker.output).not.toContain(TOKEN);
    expect(broker.output).not.toContain('"ready"');
  }, 30_000);

  test('a second broker over the same state', async () => {
    const first = await start({ STATE_DIR: join(root, 'state-3') }).ready();
    const second = start({ STATE_DIR: join(root, 'state-3') });
    expect(await second.exitCode()).toBe(1);
    await first.end('SIGTERM');
  }, 30_000);
});

test('with a certificate it speaks TLS on any address', async () => {
  const tls = join(root, 'tls');
  mkdirSync(tls);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost',
    '-keyout', join(tls, 'tls.key'), '-out', join(tls, 'tls.crt')], { stdio: 'ignore' });
  const broker = await start({ TLS_DIR: tls, BROKER_LISTEN: ':0', STATE_DIR: join(root, 'state-4') }).ready();
  const port = Number(broker.addresses.broker.split(':').at(-1));
  const status = await new Promise((resolve, reject) => {
    request({ port, method: 'POST', path: '/v1/issue', ca: readFileSync(join(tls, 'tls.crt')), servername: 'localhost' }, (answer) => resolve(answer.statusCode))
      .on('error', reject).end();
  });
  expect(status).toBe(401);
  expect(await broker.end('SIGTERM')).toBe(0);
}, 30_000);
