import { Answer, ApiServer, eventually } from './api-server';
import { apply, must } from './cli';
import { everything } from '../helpers/everything';

const CONTROLLER = 'system:serviceaccount:agent-platform:controller';
const PODS = '/api/v1/namespaces/team-a/pods';
const TRUST = '/api/v1/namespaces/team-a/configmaps/agent-trust';
const [STATE, SESSION, POOL] = ['state', 'session', 'pool'].map((name) => `cdk8s-agent-platform/${name}`);

const admin = new ApiServer();
const controller = new ApiServer(CONTROLLER);
afterAll(() => [admin, controller].forEach((server) => server.close()));

const objects = everything('a');
const template = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'python')!.spec.template;
let owner: object;
let poolOwner: object;

/** The ConfigMap stands in for the ReplicaSet, so that nobody collects the pod. */
beforeAll(async () => {
  apply(objects);
  const reference = (name: string) => {
    const { metadata } = JSON.parse(must(['get', 'configmap', name, '-n', 'team-a', '-o', 'json']));
    return { apiVersion: 'v1', kind: 'ConfigMap', name, uid: metadata.uid, controller: false, blockOwnerDeletion: false };
  };
  owner = reference('agent-trust');
  poolOwner = reference('pool-python');
  for (const [name, labels] of Object.entries(WORKERS)) await make(name, labels);
  await eventually(async () => drop('warm'), ({ status, body }) => status === 403 && body.message!.includes('only claimed workers'));
  await eventually(async () => claim('warm', [add('/metadata/annotations', { a: 'b' })]), ({ body }) => body.message?.includes('no annotation') === true);
  await eventually(async () => write({ data: { other: 'x' } }), ({ body }) => body.message?.includes('only the entry') === true);
}, 180_000);
afterAll(() => must(['delete', 'pods', '-n', 'team-a', '--force', '--grace-period=0', '--ignore-not-found', ...Object.keys(WORKERS)]));

const own = template.metadata.labels;
const WORKERS: Record<string, Record<string, string>> = {
  warm: own,
  held: { ...own, [STATE]: 'claimed', [SESSION]: 'other' },
  sticky: { ...own, [STATE]: '', [POOL]: 'sticky' },
  stranger: { app: 'stranger', [STATE]: 'warm' },
  bare: {},
};

async function make(name: string, labels: Record<string, string>): Promise<void> {
  await admin.call('DELETE', `${PODS}/${name}?gracePeriodSeconds=0`);
  const metadata = { name, labels, ...(name === 'bare' ? {} : { ownerReferences: [owner] }) };
  const made = await admin.call('POST', PODS, { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec });
  expect([name, made.status, made.body.message]).toEqual([name, 201, undefined]);
}

const at = (label: string) => `/metadata/labels/${label.replace('/', '~1')}`;
const add = (path: string, value: unknown) => ({ op: 'add', path, value });
const without = (path: string, patch: readonly { path: string }[]) => patch.filter((step) => step.path !== path);

/** What the controller sends. */
const claimOf = (session = 'session-1'): { op: string; path: string; value?: unknown }[] => [
  { op: 'test', path: at(STATE), value: 'warm' },
  { op: 'replace', path: at(STATE), value: 'claimed' },
  add(at(SESSION), session),
  add('/metadata/ownerReferences/-', poolOwner),
  add('/spec/activeDeadlineSeconds', 3600),
];

const patch = async (name: string, steps: readonly object[]) => (
  controller.call('PATCH', `${PODS}/${name}?dryRun=All`, steps, 'application/json-patch+json'));
const claim = async (name: string, more: readonly object[] = []) => patch(name, [...claimOf(), ...more]);
const drop = async (name: string) => controller.call('DELETE', `${PODS}/${name}?dryRun=All`);
const merge = async (path: string, body: object, server = controller) => server.call('PATCH', `${path}?dryRun=All`, body, 'application/merge-patch+json');
const refused = (message: RegExp) => ({ status: 403, body: { message: expect.stringMatching(message) } });

describe('the controller', () => {
  test.each(['session-1', 'recycle'])('may claim a warm worker for %s', async (session) => {
    expect(await patch('warm', claimOf(session))).toMatchObject({ status: 200, body: { metadata: { labels: { [STATE]: 'claimed', [SESSION]: session } } } });
  });

  test('may delete a claimed worker', async () => {
    expect(await drop('held')).toMatchObject({ status: 200 });
  });

  test.each<[string, () => object[], RegExp]>([
    ['another image', () => [{ op: 'replace', path: '/spec/containers/0/image', value: 'evil' }], /nothing of what a worker runs/],
    ['another image of an init container', () => [{ op: 'replace', path: '/spec/initContainers/0/image', value: 'evil' }], /nothing of what a worker runs/],
    ['a toleration', () => [add('/spec/tolerations/-', { operator: 'Exists' })], /nothing of what a worker runs/],
    ['an annotation', () => [add('/metadata/annotations', { a: 'b' })], /no annotation and no finalizer/],
    ['a finalizer', () => [add('/metadata/finalizers', ['example.com/kept'])], /no annotation and no finalizer/],
    ['another label', () => [add('/metadata/labels/app', 'x')], /no other label/],
    ['another pool', () => [add(at(POOL), 'sticky')], /no other label/],
    ['a role that others may connect to', () => [add(at('cdk8s-agent-platform/role'), 'broker')], /no other label/],
    ['a label less', () => [{ op: 'remove', path: at('cdk8s-agent-platform/serving') }], /no other label/],
    ['a second new owner', () => [add('/metadata/ownerReferences/-', { ...owner, name: 'x', uid: 'x' })], /keeps its owners and gets one more/],
    ['an owner less', () => [{ op: 'remove', path: '/metadata/ownerReferences/0' }], /keeps its owners and gets one more/],
    ['no labels at all', () => [{ op: 'remove', path: '/metadata/labels' }], /only from warm to claimed/],
  ])('may not claim and set %s', async (_what, more, message) => {
    expect(await claim('warm', more())).toMatchObject(refused(message));
  });

  test.each<[string, () => object[], RegExp]>([
    ['the session', () => without(at(SESSION), claimOf()), /needs the label of its session/],
    ['a word for the session', () => [...without(at(SESSION), claimOf()), add(at(SESSION), '')], /needs the label of its session/],
    ['the state', () => claimOf().slice(2), /only from warm to claimed/],
    ['a known state', () => [...claimOf(), { op: 'replace', path: at(STATE), value: 'hidden' }], /only from warm to claimed/],
    ['the deadline', () => without('/spec/activeDeadlineSeconds', claimOf()), /needs a deadline/],
    ['the owner', () => without('/metadata/ownerReferences/-', claimOf()), /gets one more/],
  ])('may not claim without %s', async (_what, steps, message) => {
    expect(await patch('warm', steps())).toMatchObject(refused(message));
  });

  test.each<[string, object]>([
    ['controls', { controller: true }],
    ['blocks', { blockOwnerDeletion: true }],
    ['is no ConfigMap', { kind: 'Secret' }],
    ['is of another pool', { name: 'pool-other' }],
    ['is of another group', { apiVersion: 'apps/v1' }],
  ])('may not give a claimed worker an owner that %s', async (_what, wrong) => {
    const steps = [...without('/metadata/ownerReferences/-', claimOf()), add('/metadata/ownerReferences/-', { ...poolOwner, ...wrong })];
    expect(await patch('warm', steps)).toMatchObject(refused(/must be the ConfigMap of its pool/));
  });

  test('may not slip a foreign owner in before those that are there', async () => {
    const steps = [...without('/metadata/ownerReferences/-', claimOf()), add('/metadata/ownerReferences/0', { ...poolOwner, name: 'pool-other', uid: 'x' })];
    expect(await patch('warm', steps)).toMatchObject(refused(/must be the ConfigMap of its pool/));
  });

  test.each([
    ['a claimed worker', 'held', [{ op: 'replace', path: at(STATE), value: 'warm' }]],
    ['the session of a claimed worker', 'held', [{ op: 'replace', path: at(SESSION), value: 'mine' }]],
    ['the deadline of a claimed worker', 'held', [add('/spec/activeDeadlineSeconds', 10)]],
    ['a worker that is not warm', 'sticky', [{ op: 'replace', path: at(STATE), value: 'claimed' }]],
    ['a pod that is no worker', 'stranger', [{ op: 'replace', path: at(STATE), value: 'claimed' }]],
    ['a pod without labels', 'bare', [add('/metadata/labels', { [STATE]: 'claimed' })]],
  ])('may not change %s', async (_what, name, steps) => {
    expect(await patch(name, steps)).toMatchObject(refused(/may change only warm workers/));
  });

  test.each(['warm', 'sticky', 'stranger', 'bare'])('may not delete the pod %s', async (name) => {
    expect(await drop(name)).toMatchObject(refused(/may delete only claimed workers/));
  });

  test.each(['/status', '/ephemeralcontainers', '/resize'])('may not change a pod through %s', async (subresource) => {
    expect(await merge(`${PODS}/warm${subresource}`, { metadata: { labels: { [STATE]: 'claimed' } } })).toMatchObject({ status: 403 });
  });

  test('may not make a pod, nor delete many at once', async () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'new', labels: own }, spec: template.spec };
    expect(await controller.call('POST', `${PODS}?dryRun=All`, pod)).toMatchObject({ status: 403 });
    expect(await controller.call('DELETE', `${PODS}?dryRun=All`)).toMatchObject({ status: 403 });
  });
});

/** Reads and replaces, as the controller does. */
async function write(change: object, ofMetadata: object = {}): Promise<Answer> {
  const { body } = await controller.call('GET', TRUST);
  return controller.call('PUT', `${TRUST}?dryRun=All`, { ...body, ...change, metadata: { ...body.metadata, ...ofMetadata } });
}

describe('of what workers trust, the controller', () => {
  test('may write its own entry', async () => {
    expect(await write({ data: { 'bootstrap-jwks.json': '{"keys":[]}' } })).toMatchObject({ status: 200 });
  });

  test('may not patch, where another role could write in between', async () => {
    expect(await merge(TRUST, { data: { 'bootstrap-jwks.json': '{"keys":[]}' } })).toMatchObject({ status: 403 });
  });

  test.each<[string, object, RegExp]>([
    ['an entry of another role', { data: { 'proxy-url': 'http://evil' } }, /only the entry bootstrap-jwks.json/],
    ['an entry of bytes', { binaryData: { 'ca-bundle.pem': 'eA==' } }, /nothing beside the entries/],
    ['the end of all changes', { immutable: true }, /nothing beside the entries/],
  ])('may not write %s', async (_what, change, message) => {
    expect(await write(change)).toMatchObject(refused(message));
  });

  test.each<[string, object]>([
    ['a label', { labels: {} }],
    ['an annotation', { annotations: { a: 'b' } }],
    ['a finalizer', { finalizers: ['example.com/kept'] }],
    ['an owner', { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' }] }],
  ])('may not change %s', async (_what, change) => {
    expect(await write({}, change)).toMatchObject(refused(/nothing beside the entries/));
  });
});

describe('in a namespace that is not of the platform any more, where nobody took its rights away, the controller', () => {
  const LEFT = '/api/v1/namespaces/left-over/pods/stranger';

  beforeAll(async () => {
    const rights = objects.filter(({ kind, metadata }) => /^Role/.test(kind) && metadata.namespace === 'team-a' && metadata.name === 'agent-platform-controller');
    apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'left-over' } }]);
    apply(rights.map((object) => ({ ...object, metadata: { ...object.metadata, namespace: 'left-over' } })));
    const metadata = { name: 'stranger', labels: { ...own, [STATE]: 'claimed' } };
    const spec = { ...template.spec, serviceAccountName: undefined };
    await admin.call('POST', '/api/v1/namespaces/left-over/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } });
    expect(await admin.call('POST', '/api/v1/namespaces/left-over/pods', { apiVersion: 'v1', kind: 'Pod', metadata, spec })).toMatchObject({ status: 201 });
    await eventually(async () => controller.call('GET', LEFT), ({ status }) => status === 200);
  }, 120_000);
  afterAll(() => must(['delete', 'namespace', 'left-over', '--wait=false']));

  test('may give no pod another image', async () => {
    const steps = [{ op: 'replace', path: '/spec/containers/0/image', value: 'evil' }];
    expect(await controller.call('PATCH', `${LEFT}?dryRun=All`, steps, 'application/json-patch+json')).toMatchObject(refused(/may change only warm workers/));
  });

  test('may still end what was claimed, and nothing else', async () => {
    expect(await controller.call('DELETE', `${LEFT}?dryRun=All`)).toMatchObject({ status: 200 });
    await admin.call('PATCH', LEFT, { metadata: { labels: { [STATE]: 'warm' } } }, 'application/merge-patch+json');
    expect(await controller.call('DELETE', `${LEFT}?dryRun=All`)).toMatchObject(refused(/may delete only claimed workers/));
  });
});

test('nobody else is bound: who may patch pods still may', async () => {
  expect(await merge(`${PODS}/warm`, { metadata: { annotations: { a: 'b' } } }, admin)).toMatchObject({ status: 200 });
});
