import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { eventually } from './api-server';
import { apply, kubectl, must } from './cli';
import { RUN_UID_HEADER } from '../../src/protocol/broker-api';
import { BrokerProcess } from '../helpers/broker-process';
import { bundleRole } from '../helpers/bundle';
import { everything } from '../helpers/everything';
import { tempFolder } from '../helpers/temp-folder';

const SYSTEM = 'agent-platform';
const TEAM = 'team-a';
const UPSTREAM = 'planted-upstream-77ab';
const root = tempFolder();
const IDENTITIES = join(root, 'identities.json');
const running: BrokerProcess[] = [];
let bundle: string;
let ownConfig: string;
let runToken: string;

/** Makes a kubeconfig that speaks as the broker's own ServiceAccount. Once, as brokers read it that run. */
function brokerConfig(): string {
  const config = parse(readFileSync(process.env.KUBECONFIG!, 'utf8'));
  const [{ context: { user } }] = config.contexts.filter(({ name }: { name: string }) => name === config['current-context']);
  config.users = [{ name: user, user: { token: must(['create', 'token', 'broker', '-n', SYSTEM]).trim() } }];
  const file = join(root, 'kubeconfig');
  writeFileSync(file, stringify(config), { mode: 0o600 });
  return file;
}

async function start(name: string, namespaces = TEAM): Promise<BrokerProcess> {
  mkdirSync(join(root, name), { recursive: true });
  const broker = new BrokerProcess(bundle, {
    BROKER_LISTEN: '127.0.0.1:0',
    ADMIN_LISTEN: '127.0.0.1:0',
    STATE_DIR: join(root, name),
    KUBECONFIG: ownConfig,
    RUN_NAMESPACES: namespaces,
    POD_NAME: name,
    POD_NAMESPACE: SYSTEM,
    IDENTITIES_FILE: IDENTITIES,
    LOG_LEVEL: 'debug',
  });
  running.push(broker);
  return broker.ready();
}

async function ready(broker: BrokerProcess): Promise<number> {
  return (await fetch(`http://${broker.addresses.admin}/readyz`)).status;
}

async function ask(broker: BrokerProcess, endpoint: string, body: object, { run = 'run', token = runToken, namespace = TEAM, more = {} } = {}) {
  const headers = { 'authorization': `Bearer ${token}`, 'x-paddock-run': run, 'x-paddock-run-namespace': namespace, 'content-type': 'application/json', ...more };
  const answer = await fetch(`http://${broker.addresses.broker}/v1/${endpoint}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, any> };
}

function swap(value: unknown) {
  return { host: 'api.anthropic.com', port: 443, incomingXApiKey: String(value) };
}

function tokenOf(account: string): string {
  return must(['create', 'token', account, '-n', TEAM, '--audience=paddock-broker']).trim();
}

/** Waits until the API server takes the token: for a moment it knows the account of before, that had the same name. */
async function accepted(token: string): Promise<void> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences: ['paddock-broker'] } };
  await eventually(async () => JSON.parse(must(['create', '-f', '-', '-o', 'json'], [review])), ({ status }) => status.authenticated === true);
}

/** One more run as the first is, and as whom it asks. */
function makeRun(name: string) {
  const { apiVersion, kind, spec } = JSON.parse(must(['get', 'harnessrun', 'run', '-n', TEAM, '-o', 'json']));
  must(['create', '-f', '-'], [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: `${name}-collector`, namespace: TEAM } },
    { apiVersion, kind, metadata: { name, namespace: TEAM }, spec },
  ]);
  return { run: name, token: tokenOf(`${name}-collector`) };
}

beforeAll(async () => {
  bundle = bundleRole('broker', root);
  const objects = everything('a');
  apply(objects);
  // An earlier test file may have ended the run, and what is over stays so.
  must(['delete', 'harnessrun', 'run', '-n', TEAM, '--timeout=60s']);
  apply(objects.filter(({ kind }) => kind === 'HarnessRun'));
  // An earlier test file may have written into the Secret.
  must(['apply', '-f', '-'], [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'model-key', namespace: TEAM }, stringData: { token: UPSTREAM } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'other', namespace: TEAM }, stringData: { token: 'planted-other' } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'run-collector', namespace: TEAM } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'stranger', namespace: TEAM } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'revoker', namespace: TEAM } },
  ]);
  runToken = tokenOf('run-collector');
  ownConfig = brokerConfig();
  writeFileSync(IDENTITIES, JSON.stringify({ 'team-a/revoker': { capabilities: ['revoke'] } }));
}, 120_000);

afterAll(() => Promise.all(running.map((broker) => broker.end('SIGKILL'))));

test('two replicas of an empty keyring serve as one, with the rights of the platform', async () => {
  const [one, other] = await Promise.all([start('broker-0'), start('broker-1')]);
  await eventually(async () => [await ready(one), await ready(other)].join(), (statuses) => statuses === '200,200');
  const issued = await ask(one, 'issue', { name: 'KEY' });
  expect(issued).toMatchObject({ status: 200, body: { provider: 'AnthropicAPI', deliveryMode: 'ProxyInjected' } });
  expect(await ask(other, 'substitute-auth', swap(issued.body.value))).toMatchObject({ status: 200, body: { setHeaders: { 'X-Api-Key': UPSTREAM } } });

  // A changed Secret is in use soon, on every replica.
  must(['patch', 'secret', 'model-key', '-n', TEAM, '--type=merge', '-p', '{"stringData":{"token":"planted-changed"}}']);
  await eventually(() => ask(other, 'substitute-auth', swap(issued.body.value)), ({ body }) => Object.values(body.setHeaders ?? {}).includes('planted-changed'));

  // A run that is over has no leases.
  const over = makeRun('broker-over');
  const { body: { value } } = await ask(one, 'issue', { name: 'KEY' }, over);
  must(['patch', 'harnessrun', 'broker-over', '-n', TEAM, '--subresource=status', '--type=merge', '-p', '{"status":{"phase":"Succeeded"}}']);
  await eventually(() => ask(other, 'substitute-auth', swap(value), over), ({ status, body }) => status === 403 && body.code === 'RunTerminated');

  // What one replica revokes is revoked on the other, by a write that admission lets through. Last, as it is for good.
  const { leaseId, provider } = issued.body;
  expect((await ask(one, 'revoke', { leaseId, provider }, { token: tokenOf('stranger') })).status).toBe(403);
  const revoker = { token: tokenOf('revoker') };
  expect(await ask(one, 'revoke', { leaseId, provider }, revoker)).toEqual({ status: 204, body: {} });
  // Admission keeps the first time of a revocation; whoever asks again is told that it is done.
  expect([await ask(one, 'revoke', { leaseId, provider }, revoker), await ask(other, 'revoke', { leaseId, provider }, revoker)].map(({ status }) => status)).toEqual([204, 204]);
  expect(await ask(one, 'revoke', { leaseId, provider }, { ...revoker, namespace: 'default' })).toMatchObject({ status: 400, body: { code: 'BadRequest' } });
  await eventually(() => ask(other, 'substitute-auth', swap(issued.body.value)), ({ body }) => body.code === 'PolicyRevoked');
  expect([one.output, other.output].join()).not.toMatch(/planted-|eyJhbGciOi/);
}, 240_000);

describe('with one replica', () => {
  let broker: BrokerProcess;

  beforeAll(async () => {
    broker = await start('broker-2');
    await eventually(() => ready(broker), (status) => status === 200);
  }, 120_000);

  test('a run that was made this moment is served at once', async () => {
    for (const name of ['new-0', 'new-1', 'new-2']) expect(await ask(broker, 'issue', { name: 'KEY' }, makeRun(name))).toMatchObject({ status: 200 });
  }, 120_000);

  test('a run that is made again has the name of the earlier one, and nothing else', async () => {
    const uidOf = () => must(['get', 'harnessrun', 'again', '-n', TEAM, '-o', 'jsonpath={.metadata.uid}']);
    const again = makeRun('again');
    const as = (uid: string) => ({ ...again, more: { [RUN_UID_HEADER]: uid } });
    const first = uidOf();
    expect(await ask(broker, 'issue', { name: 'KEY' }, as(first))).toMatchObject({ status: 200 });
    must(['delete', 'harnessrun', 'again', '-n', TEAM]);
    must(['delete', 'serviceaccount', 'again-collector', '-n', TEAM]);
    makeRun('again');
    const token = tokenOf('again-collector');
    await accepted(token);
    // At once, whether the watch has told of it or not.
    expect(await ask(broker, 'issue', { name: 'KEY' }, { ...as(uidOf()), token })).toMatchObject({ status: 200 });
    expect(await ask(broker, 'issue', { name: 'KEY' }, { ...as(first), token })).toMatchObject({ status: 404, body: { code: 'RunNotFound' } });
  }, 120_000);

  test('nobody else is served', async () => {
    expect(await ask(broker, 'issue', { name: 'KEY' }, { token: tokenOf('stranger') })).toMatchObject({ status: 403, body: { code: 'Forbidden' } });
    const foreign = must(['create', 'token', 'run-collector', '-n', TEAM]).trim();
    expect(await ask(broker, 'issue', { name: 'KEY' }, { token: foreign })).toMatchObject({ status: 401, body: { code: 'Unauthorized' } });
    expect((await ask(broker, 'issue', { name: 'KEY' }, { run: 'nowhere', token: runToken })).status).toBe(403);
  });

  test('a policy that names a Secret which the platform did not grant opens nothing', async () => {
    const policy = JSON.parse(must(['get', 'brokerpolicy', 'policy', '-n', TEAM, '-o', 'json']));
    const [grant] = policy.spec.grants.credentials;
    policy.spec.grants.credentials = [{ ...grant, provider: { ...grant.provider, secretRef: { name: 'other', key: 'token' } } }];
    must(['create', '-f', '-'], [{ apiVersion: policy.apiVersion, kind: policy.kind, metadata: { name: 'a-first', namespace: TEAM }, spec: policy.spec }]);
    const fresh = { run: 'new-0', token: tokenOf('new-0-collector') };
    const refused = await eventually(() => ask(broker, 'issue', { name: 'KEY' }, fresh), ({ status }) => status !== 200);
    expect(refused).toMatchObject({ status: 500, body: { code: 'ProviderFailure' } });
    expect(JSON.stringify(refused.body)).not.toContain('planted');
    must(['delete', 'brokerpolicy', 'a-first', '-n', TEAM]);
    await eventually(() => ask(broker, 'issue', { name: 'KEY' }, fresh), ({ status }) => status === 200);
  }, 120_000);
});

test('a namespace in which the broker has no rights leaves it unready, and running', async () => {
  const broker = await start('broker-3', 'team-a,default');
  await eventually(async () => broker.output, (output) => output.includes('403 Forbidden'));
  expect(await ready(broker)).toBe(503);
  expect(await ask(broker, 'issue', { name: 'KEY' })).toMatchObject({ status: 503, body: { code: 'Unavailable' } });
}, 120_000);

test('the rights of the broker end where the table ends', () => {
  const as = ['--kubeconfig', ownConfig];
  for (const args of [['get', 'secrets', '-n', TEAM], ['get', 'secret', 'other', '-n', TEAM], ['get', 'configmaps', '-n', SYSTEM], ['get', 'harnessruns', '-n', 'default'], ['delete', 'harnessrun', 'run', '-n', TEAM]]) {
    expect([args.join(' '), kubectl([...as, ...args]).stderr]).toEqual([args.join(' '), expect.stringContaining('Forbidden')]);
  }
});
