import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ApiServer, eventually } from './api-server';
import { apply, must } from './cli';
import { AuditEventObject, anchorObject, auditEventObject } from '../../sidecar/src/broker/audit/shipping/ship-object';
import { KubeClient } from '../../sidecar/src/kube/client';
import { fixed } from '../../sidecar/src/kube/connection';
import { kubeconfig } from '../../sidecar/src/kube/kubeconfig';
import { removeOldEvents } from '../../sidecar/src/retention/removal';
import { bundleRole } from '../helpers/bundle';
import { everything } from '../helpers/everything';
import { one } from '../helpers/manifests';
import { tempFolder } from '../helpers/temp-folder';
import { capturedLog } from '../sidecar/server/frame';

const SYSTEM = 'agent-platform';
const TEAM = 'team-a';
const ACCOUNT = 'system:serviceaccount:agent-platform:retention';
const GROUP = '/apis/paddock.dev/v1alpha1';
const eventsOf = (namespace: string) => `${GROUP}/namespaces/${namespace}/auditevents`;

const administrator = new ApiServer();
const broker = new ApiServer('system:serviceaccount:agent-platform:broker');
const operator = new ApiServer('system:serviceaccount:agent-platform:operator');
const retention = new ApiServer(ACCOUNT);
const objects = everything('a');
const folder = tempFolder();

const event = (name: string, namespace = TEAM): AuditEventObject => auditEventObject(namespace, name, {
  runRef: { name: 'r1' }, decision: 'granted', kind: 'egress-allow', timestamp: '2020-01-01T00:00:00Z', destination: { host: 'a.example', port: 443 },
});
const anchor = (sequence: number): AuditEventObject => anchorObject(SYSTEM, { stream: 'broker-0-1a2b3c4d', sequence, hash: 'a'.repeat(64) }, 0);

/** Answers when the API server says that it was made. */
async function create(object: AuditEventObject): Promise<number> {
  const { status, body } = await broker.call('POST', eventsOf(object.metadata.namespace!), object);
  expect([status, body.message]).toEqual([201, undefined]);
  return Date.parse(body.metadata!.creationTimestamp as string);
}

async function names(namespace: string): Promise<string[]> {
  const { items } = (await administrator.call('GET', eventsOf(namespace))).body as { items?: AuditEventObject[] };
  return items!.map(({ metadata }) => metadata.name).sort();
}

/** Everything else that there is in the two namespaces. */
async function others(): Promise<string> {
  const kinds = 'harnessruns,harnesstemplates,brokerpolicies,workspaces,secrets,configmaps,serviceaccounts,roles,rolebindings,networkpolicies,services,deployments,statefulsets,jobs,cronjobs';
  return [SYSTEM, TEAM].map((namespace) => must(['get', kinds, '-n', namespace, '-o', 'custom-columns=K:.kind,N:.metadata.name,U:.metadata.uid'])).join('');
}

/** A connection as the pod has it: the token of the account, and no certificate. */
function ownConnection() {
  const { certificate: _, ...connection } = kubeconfig(process.env.KUBECONFIG!, Date.now);
  return { ...connection, token: fixed(Buffer.from(must(['create', 'token', 'retention', '-n', SYSTEM]))) };
}

beforeAll(async () => {
  apply(objects);
  await eventually(() => retention.call('GET', `${eventsOf(TEAM)}?limit=1`), ({ status }) => status === 200);
}, 120_000);

afterAll(() => {
  must(['delete', 'auditevents', '--all', '-A', '--wait=false']);
  for (const server of [administrator, broker, operator, retention]) server.close();
});

describe('the account', () => {
  test.each([[SYSTEM], [TEAM]])('may list and delete AuditEvents in %s, and nothing else', async (namespace) => {
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } };
    const { body } = await retention.call('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', review);
    const rules = (body.status as { resourceRules: { apiGroups: string[]; resources: string[]; verbs: string[] }[] }).resourceRules
      .filter(({ apiGroups }) => !apiGroups.every((group) => ['authorization.k8s.io', 'authentication.k8s.io'].includes(group)));
    expect(rules).toEqual([{ apiGroups: ['paddock.dev'], resources: ['auditevents'], verbs: expect.any(Array) }]);
    expect([...rules[0].verbs].sort()).toEqual(['delete', 'list']);
  });

  test.each<[string, string, string, object | undefined]>([
    ['make an event', 'POST', eventsOf(TEAM), event('own')],
    ['change one', 'PATCH', `${eventsOf(TEAM)}/kept`, { metadata: { labels: { a: 'b' } } }],
    ['remove all at once', 'DELETE', eventsOf(TEAM), undefined],
    ['list those of all namespaces', 'GET', `${GROUP}/auditevents`, undefined],
    ['list those of another namespace', 'GET', eventsOf('default'), undefined],
    ['read a Secret', 'GET', `/api/v1/namespaces/${SYSTEM}/secrets/broker-keyring`, undefined],
    ['list Secrets', 'GET', `/api/v1/namespaces/${TEAM}/secrets`, undefined],
    ['remove a Secret', 'DELETE', `/api/v1/namespaces/${SYSTEM}/secrets/broker-keyring`, undefined],
    ['remove a run', 'DELETE', `${GROUP}/namespaces/${TEAM}/harnessruns/run`, undefined],
    ['make a pod', 'POST', `/api/v1/namespaces/${SYSTEM}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'a', image: 'a' }] } }],
    ['change its CronJob', 'PATCH', `/apis/batch/v1/namespaces/${SYSTEM}/cronjobs/retention`, { spec: { suspend: true } }],
    ['make a token', 'POST', `/api/v1/namespaces/${SYSTEM}/serviceaccounts/broker/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }],
  ])('may not %s', async (_, method, path, body) => {
    expect((await retention.call(method, path, body, method === 'PATCH' ? 'application/merge-patch+json' : undefined)).status).toBe(403);
  });

  test.each([['broker', broker], ['operator', operator]])('is the only one: the %s may remove and stop nothing of it', async (_, who) => {
    await create(event(`kept-${Math.random().toString(36).slice(2)}`));
    const [name] = await names(TEAM);
    expect((await who.call('DELETE', `${eventsOf(TEAM)}/${name}`)).status).toBe(403);
    expect((await who.call('DELETE', eventsOf(SYSTEM))).status).toBe(403);
    expect((await who.call('PATCH', `/apis/batch/v1/namespaces/${SYSTEM}/cronjobs/retention`, { spec: { suspend: true } }, 'application/merge-patch+json')).status).toBe(403);
  });
});

test('the CronJob is taken by the API server as it is, and a Job of it has a pod that may be here', async () => {
  const { spec } = (await administrator.call('GET', `/apis/batch/v1/namespaces/${SYSTEM}/cronjobs/retention`)).body as { spec: any };
  const { template } = spec.jobTemplate.spec;
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { generateName: 'retention-', labels: template.metadata.labels }, spec: template.spec };
  expect((await administrator.call('POST', `/api/v1/namespaces/${SYSTEM}/pods?dryRun=All`, pod))).toMatchObject({ status: 201 });
});

test('what is older than the retention goes, all pages of it and that of both namespaces; what is younger stays, and everything else', async () => {
  const old = Array.from({ length: 1020 }, (_, index) => event(`old-${index}`));
  const made = await Promise.all([...old, anchor(17), event('old-moved', SYSTEM)].map(create));
  // Times of the API are whole seconds.
  const both = async () => [await create(event(`young-${Date.now()}`)), await create(anchor(Date.now()))];
  const [young] = await eventually(both, ([time]) => time >= Math.max(...made) + 3000);
  const before = { team: await names(TEAM), system: await names(SYSTEM), others: await others() };
  const client = new KubeClient(ownConnection());
  const { log, lines } = capturedLog();
  try {
    const isDone = await removeOldEvents({
      client,
      namespaces: [SYSTEM, TEAM],
      retentionSeconds: 1,
      // Whenever this runs, the youngest event is not older than a second by it, and the API server's own clock is later or as late.
      clock: () => young + 1000,
      random: Math.random,
      wait: async () => undefined,
      signal: new AbortController().signal,
      log,
    });
    expect([isDone, lines().filter(({ level }) => level !== 'info')]).toEqual([true, []]);
  } finally {
    client.close();
  }
  const [team, system] = [await names(TEAM), await names(SYSTEM)];
  expect(team.filter((name) => name.startsWith('old-') || name.startsWith('kept-'))).toEqual([]);
  expect(system.filter((name) => name === 'old-moved' || name.endsWith('-17'))).toEqual([]);
  expect([team.length > 0, system.length > 0]).toEqual([true, true]);
  expect(team.every((name) => before.team.includes(name)) && system.every((name) => before.system.includes(name))).toBe(true);
  const kept = team.length + system.length;
  expect(lines().at(-1)).toMatchObject({ removed: before.team.length + before.system.length - kept, kept, failed: 0 });
  expect(await others()).toBe(before.others);
}, 240_000);

test('the program does it, told as its CronJob tells it', async () => {
  await Promise.all([create(event('last')), create(anchor(99))]);
  const { server, ca, token } = ownConnection();
  const file = join(folder, 'kubeconfig');
  writeFileSync(file, JSON.stringify({
    'apiVersion': 'v1',
    'kind': 'Config',
    'current-context': 'c',
    'contexts': [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'clusters': [{ name: 'c', cluster: { 'server': server.href, 'certificate-authority-data': ca!.content().toString('base64') } }],
    'users': [{ name: 'u', user: { token: token.content().toString() } }],
  }), { mode: 0o600 });
  const program = bundleRole('retention', folder);
  const { env } = one(objects, 'CronJob', 'retention').spec.jobTemplate.spec.template.spec.containers[0];
  const told = Object.fromEntries(env.map(({ name, value }: { name: string; value?: string }) => [name, value ?? SYSTEM]));
  const run = async (more: Record<string, string>): Promise<[number | null, any]> => {
    const child = spawn(process.execPath, [program], { env: { ...told, KUBECONFIG: file, ...more }, stdio: ['ignore', 'pipe', 'inherit'] });
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    return [code, JSON.parse(said.trim().split('\n').at(-1)!)];
  };
  const there = (await names(TEAM)).length + (await names(SYSTEM)).length;
  expect(await run({})).toEqual([0, expect.objectContaining({ removed: 0, kept: there, retentionSeconds: 604_800 })]);
  await eventually(async () => {
    expect((await run({ RETENTION_SECONDS: '1' }))[0]).toBe(0);
    return [...await names(TEAM), ...await names(SYSTEM)];
  }, (left) => left.length === 0);
  expect(await run({})).toEqual([0, expect.objectContaining({ removed: 0, kept: 0 })]);
}, 240_000);
