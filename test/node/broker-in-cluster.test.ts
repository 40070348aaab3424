import { Chart, Testing } from 'cdk8s';
import { clientPod, inPod } from './client-pod';
import { builtImage, forOneNode, given, localImage, NODE_API_SERVER, ready } from './one-node';
import { get, until } from './session-cluster';
import { CREDENTIAL, HOST, REAL_KEY } from './world';
import {
  AgentPlatform, AuditStorage, BrokerPolicy, CredentialDelivery, CredentialGrant, HarnessRun, HarnessTemplate, NetworkPeer, RunPrompt,
} from '../../src';
import { BROKER_AUDIENCE, ownAccount } from '../../src/protocol/names';
import { PORTS } from '../../src/protocol/ports';
import { apply, must } from '../cluster/cli';
import { Emitted } from '../helpers/manifests';

const IMAGE = builtImage();
const SYSTEM = 'live-platform';
const TEAM = 'live-team';
const CALLERS = 'live-callers';
const LABELS = { role: 'caller' };
const RUN = 'fix-login';

/** The broker as it comes by default, but for storage, which this cluster has none of. */
function objects(): Emitted[] {
  const chart = new Chart(Testing.app(), 'live');
  const platform = new AgentPlatform(chart, 'platform', {
    image: localImage(),
    apiServer: NODE_API_SERVER,
    namespace: SYSTEM,
    brokerCallers: [NetworkPeer.pods({ namespace: CALLERS, labels: LABELS })],
    broker: { auditStorage: AuditStorage.ephemeral() },
    sessions: { enabled: false },
    egress: { enabled: false },
  });
  const namespace = platform.addNamespace(TEAM);
  const delivery = CredentialDelivery.header({ hosts: [HOST], header: 'x-api-key' });
  new BrokerPolicy(chart, 'model-access', {
    namespace,
    appliesToTemplates: ['coder'],
    credentials: [CredentialGrant.userSupplied(CREDENTIAL, { secret: { name: 'model-key', key: 'token' }, delivery })],
    egress: [{ host: HOST, ports: [443] }],
  });
  const template = new HarnessTemplate(chart, 'coder', { namespace, image: 'registry.example.com/coder:1', command: ['/coder'], credentials: [CREDENTIAL] });
  new HarnessRun(chart, RUN, { namespace, template, name: RUN, prompt: RunPrompt.inline('Fix the login test.') });
  return Testing.synth(chart).map(forOneNode);
}

let token: string;
let ca: string;

beforeAll(async () => {
  const made = objects();
  must(['apply', '--server-side', '-f', '-'], [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: CALLERS } }, ...made.filter(({ kind }) => kind === 'Namespace')]);
  must(['apply', '--server-side', '-f', '-'], [{ ...given('Secret', TEAM, 'model-key'), stringData: { token: REAL_KEY } }, given('ServiceAccount', TEAM, ownAccount(RUN))]);
  apply(made);
  const caller = clientPod('caller', LABELS, IMAGE) as Emitted;
  must(['apply', '--server-side', '-f', '-'], [{ ...caller, metadata: { ...caller.metadata, namespace: CALLERS } }]);
  must(['wait', '-n', CALLERS, '--for=condition=Ready', '--timeout=300s', 'pod/caller']);
  ready(SYSTEM, 'statefulset/broker');
  token = must(['create', 'token', ownAccount(RUN), '-n', TEAM, `--audience=${BROKER_AUDIENCE}`]).trim();
  ca = must(['get', 'configmap', 'broker-ca', '-n', SYSTEM, '-o', 'jsonpath={.data.ca\\.crt}']);
  // Names follow a moment after the pods are ready.
  for (const replica of [0, 1]) await until(`broker-${replica} answers`, () => ask(replica, '/v1/validate-egress', { host: HOST, port: 443 }).status === 200);
}, 900_000);

/** One request to a replica, by its own name, over TLS that trusts the published CA only. */
function ask(replica: number, path: string, body: object, bearer = token): { readonly status: number; readonly body: any } {
  const host = `broker-${replica}.broker-headless.${SYSTEM}.svc`;
  const headers = { 'authorization': `Bearer ${bearer}`, 'x-paddock-run': RUN, 'content-type': 'application/json' };
  return JSON.parse(inPod(CALLERS, 'caller', REQUEST, JSON.stringify({ host, port: PORTS['broker-api'], path, ca, headers, body: JSON.stringify(body) })));
}

test('two replicas are ready, with a certificate and keys that they made themselves', () => {
  expect(must(['get', 'statefulset', 'broker', '-n', SYSTEM, '-o', 'jsonpath={.status.readyReplicas}'])).toBe('2');
  expect(ca).toContain('BEGIN CERTIFICATE');
});

test('a bearer of one replica is swapped by the other, for the key that the run never sees', () => {
  const issued = ask(0, '/v1/issue', { name: CREDENTIAL });
  expect([issued.status, String(issued.body.value).includes(REAL_KEY)]).toEqual([200, false]);
  const swapped = ask(1, '/v1/substitute-auth', { host: HOST, port: 443, incomingXApiKey: issued.body.value });
  expect([swapped.status, JSON.stringify(swapped.body.setHeaders)]).toEqual([200, expect.stringContaining(REAL_KEY)]);
});

test('a token for another audience is refused', () => {
  const foreign = must(['create', 'token', ownAccount(RUN), '-n', TEAM]).trim();
  expect(ask(0, '/v1/issue', { name: CREDENTIAL }, foreign)).toMatchObject({ status: 401, body: { code: 'Unauthorized' } });
});

test('another account of the namespace is refused', () => {
  must(['create', 'serviceaccount', 'stranger', '-n', TEAM]);
  const stranger = must(['create', 'token', 'stranger', '-n', TEAM, `--audience=${BROKER_AUDIENCE}`]).trim();
  expect(ask(0, '/v1/issue', { name: CREDENTIAL }, stranger)).toMatchObject({ status: 403, body: { code: 'Forbidden' } });
});

test('the decisions become AuditEvents of the namespace, and the key is in no log', async () => {
  await until('the issue is an AuditEvent', () => get('auditevents.paddock.dev', TEAM).items.some(({ spec }: any) => spec.kind === 'credential-issued'));
  for (const pod of ['broker-0', 'broker-1']) expect(must(['logs', pod, '-n', SYSTEM])).not.toContain(REAL_KEY);
}, 180_000);

test('what removes old audit events reaches the API server, and leaves the young ones', async () => {
  must(['create', 'job', 'now', '-n', SYSTEM, '--from=cronjob/retention']);
  await until('the Job has ended', () => get('job', SYSTEM, 'now').status.conditions?.some(({ status }: any) => status === 'True'));
  const lines = must(['logs', 'job/now', '-n', SYSTEM]).trim().split('\n').map((line) => JSON.parse(line));
  expect(lines.at(-1)).toMatchObject({ removed: 0, failed: 0, unfinished: 0, kept: expect.any(Number) });
  expect(lines.at(-1).kept).toBeGreaterThan(0);
  expect(get('job', SYSTEM, 'now').status).toMatchObject({ succeeded: 1 });
}, 300_000);

const REQUEST = `
  const { host, port, path, ca, headers, body } = JSON.parse(process.argv[1]);
  const request = require('node:https').request({ host, port, path, ca, headers, method: 'POST', timeout: 5000 }, (answer) => {
    let text = '';
    answer.on('data', (part) => { text += part; });
    answer.on('end', () => console.log(JSON.stringify({ status: answer.statusCode, body: JSON.parse(text) })));
  });
  request.on('error', ({ code, message }) => console.log(JSON.stringify({ error: code ?? message })));
  request.end(body);
`;
