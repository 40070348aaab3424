import { Answer, eventually } from './api-server';
import { must } from './cli';
import { admin, applyPlatform, changed, FINALIZER, isDenied, make, makeRuns, NAMESPACE, operator, refused, RUNS } from './run-world';
import { runNetworkPolicy } from '../../src/manifests/run-network-policy';
import { credentialsSecret, egressSecret, ephemeralWorkspace, promptSecret, RunOwner, sharedVolumeClaim, workspaceVolumeClaim } from '../../src/manifests/run-objects';

const SECRETS = `${NAMESPACE}/secrets`;
const CLAIMS = `${NAMESPACE}/persistentvolumeclaims`;
const POLICIES = '/apis/networking.k8s.io/v1/namespaces/team-a/networkpolicies';
const WORKSPACES = '/apis/paddock.dev/v1alpha1/namespaces/team-a/workspaces';
const VALUE = 'not-a-label-because-it-is-much-longer-than-sixty-three-characters';

afterAll(() => [admin, operator].forEach((server) => server.close()));

let owner: RunOwner;

beforeAll(async () => {
  applyPlatform();
  owner = await makeRuns();
  const uncontrolled = [{ apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', name: 'fix', uid: owner.uid }];
  for (const [name, ownerReferences] of Object.entries({ 'model-key': [], 'stray-egress': [], 'fix-prompt': uncontrolled })) {
    await admin.call('POST', SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata: { name, ownerReferences }, stringData: { token: VALUE } });
  }
  await admin.call('POST', SECRETS, credentialsSecret(owner, { KEY: 'x' }));
  await admin.call('POST', POLICIES, runNetworkPolicy(network()));
  const misnamed = (copy: any) => { copy.metadata.name = 'x'; };
  for (const [path, object] of [[SECRETS, secret('x')], [POLICIES, policyOf(misnamed)], [WORKSPACES, workspaceOf(misnamed)], [CLAIMS, claimOf(misnamed)]] as const) {
    await eventually(async () => make(path, object), isDenied);
  }
  await eventually(async () => patchRun('fix', { metadata: { labels: { a: 'b' } } }), isDenied);
  await eventually(async () => patchRun('fix', { status: { revokedLeases: { a: '2026-01-01T00:00:00Z' } } }, '/status'), isDenied);
  await eventually(async () => operator.call('DELETE', `${RUNS}/kept?dryRun=All`), isDenied);
}, 180_000);
afterAll(() => must(['delete', 'secrets', '-n', 'team-a', '--ignore-not-found', 'model-key', 'stray-egress', 'fix-prompt', 'fix-broker-creds']));

const network = () => ({ platform: 'agent-platform', namespace: 'team-a', run: 'fix', uid: owner.uid });
const secret = (name: string) => changed(credentialsSecret(owner, {}), ({ metadata }) => { metadata.name = name; });
const policyOf = (change: (copy: any) => void) => changed(runNetworkPolicy({ ...network(), run: 'other' }), change);
const workspaceOf = (change: (copy: any) => void) => changed(ephemeralWorkspace(owner, { size: '1Gi' }), change);
const claimOf = (change: (copy: any) => void) => changed(workspaceVolumeClaim({ ...owner, workspace: { name: 'files', uid: owner.uid } }, { size: '1Gi' }), change);

const put = async (path: string, object: any): Promise<Answer> => operator.call('PUT', `${path}/${object.metadata.name}?dryRun=All`, object);
const patchRun = async (name: string, patch: object, subresource = ''): Promise<Answer> => (
  operator.call('PATCH', `${RUNS}/${name}${subresource}?dryRun=All`, patch, 'application/merge-patch+json'));

describe('of Secrets, the operator', () => {
  test('may make those of a run, and write its own again', async () => {
    expect(await make(SECRETS, egressSecret(owner, { HTTPS_PROXY: 'http://fix:t@192.0.2.1:15001' }))).toMatchObject({ status: 201 });
    expect(await put(SECRETS, credentialsSecret(owner, { KEY: 'y' }))).toMatchObject({ status: 200 });
  });

  test.each<[string, (copy: any) => void, RegExp]>([
    ['of another name', ({ metadata }) => { metadata.name = 'model-key-2'; }, /may write only Secrets <run>-broker-creds/],
    ['of another run than its owner', ({ metadata }) => { metadata.name = 'kept-egress'; }, /may write only Secrets/],
    ['without owner', ({ metadata }) => delete metadata.ownerReferences, /may write only Secrets/],
    ['of an owner that does not control it', ({ metadata }) => delete metadata.ownerReferences[0].controller, /may write only Secrets/],
    ['of an owner that is no run', ({ metadata }) => { metadata.ownerReferences[0].kind = 'Workspace'; }, /may write only Secrets/],
    ['that Kubernetes would fill with a token', (copy) => { copy.type = 'kubernetes.io/service-account-token'; copy.metadata.annotations = { 'kubernetes.io/service-account.name': 'builder' }; }, /of type Opaque/],
  ])('may not make one %s', async (_what, change, message) => {
    expect(await make(SECRETS, changed(egressSecret(owner, {}), change))).toMatchObject(refused(message));
  });

  test.each(['model-key', 'stray-egress', 'fix-prompt'])('may not write over %s, which is not of the run', async (name) => {
    expect(await put(SECRETS, changed(promptSecret(owner, 'x'), ({ metadata }) => { metadata.name = name; }))).toMatchObject(refused(/may write only Secrets/));
  });

  test.each<[string, string, object | readonly object[]]>([
    ['a JSON patch that copies a value to where it is invalid', 'application/json-patch+json', [
      { op: 'add', path: '/metadata/labels', value: {} }, { op: 'copy', from: '/data/token', path: '/metadata/labels/x' },
    ]],
    ['a JSON patch that tests a guess', 'application/json-patch+json', [{ op: 'test', path: '/data/token', value: Buffer.from(VALUE).toString('base64') }]],
    ['a merge patch that changes nothing', 'application/merge-patch+json', {}],
    ['server-side apply that changes nothing', 'application/apply-patch+yaml', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'model-key' } }],
  ])('may not learn what is in one by %s', async (_what, type, patch) => {
    const answer = await operator.call('PATCH', `${SECRETS}/model-key?fieldManager=x`, patch, type);
    expect(answer).toMatchObject({ status: 403 });
    expect(JSON.stringify(answer)).not.toContain(Buffer.from(VALUE).toString('base64'));
  });

  test('may not learn what is in one by writing over it what is invalid', async () => {
    const answer = await put(SECRETS, changed(secret('model-key'), (copy) => { copy.type = 'other'; copy.metadata.labels = { a: '==' }; }));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(JSON.stringify(answer)).not.toContain(Buffer.from(VALUE).toString('base64'));
  });

  test.each(['GET', 'DELETE'])('may not %s any, not even its own', async (method) => {
    expect(await operator.call(method, `${SECRETS}/fix-broker-creds`)).toMatchObject({ status: 403 });
    expect(await operator.call(method, SECRETS)).toMatchObject({ status: 403 });
  });
});

describe('of NetworkPolicies, the operator', () => {
  test('may make and change that of a run', async () => {
    expect(await make(POLICIES, policyOf(() => {}))).toMatchObject({ status: 201, body: { metadata: { name: 'other-egress' } } });
    expect(await put(POLICIES, runNetworkPolicy(network()))).toMatchObject({ status: 200 });
  });

  test.each<[string, (copy: any) => void, RegExp]>([
    ['of another name', ({ metadata }) => { metadata.name = 'allow-broker'; }, /may write only NetworkPolicies <run>-egress/],
    ['without owner', ({ metadata }) => delete metadata.ownerReferences, /may write only NetworkPolicies/],
    ['that selects the pods of another run', ({ spec }) => { spec.podSelector.matchLabels['paddock.dev/run'] = 'fix'; }, /must select the pods of its run/],
    ['that selects workers', ({ spec }) => { spec.podSelector.matchLabels['cdk8s-agent-platform/role'] = 'session'; }, /must select the pods of its run/],
    ['that selects all pods', ({ spec }) => { spec.podSelector = {}; }, /must select the pods of its run/],
    ['that selects less', ({ spec }) => { spec.podSelector.matchExpressions = [{ key: 'a', operator: 'Exists' }]; }, /must select the pods of its run/],
    ['that lets everybody in', ({ spec }) => { spec.ingress = [{}]; }, /must close both directions/],
    ['that leaves one direction alone', ({ spec }) => { spec.policyTypes = ['Egress']; }, /must close both directions/],
    ['that leads to the internet', ({ spec }) => spec.egress.push({ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }), /must close both directions but for the way to the egress proxy/],
    ['that leads everywhere', ({ spec }) => { spec.egress = [{}]; }, /must close both directions/],
    ['that opens another port of the proxy', ({ spec }) => spec.egress[0].ports.push({ port: 8081, protocol: 'TCP' }), /must close both directions/],
    ['that leads to the proxy of another platform', ({ spec }) => { spec.egress[0].to[0].namespaceSelector.matchLabels = { 'kubernetes.io/metadata.name': 'other' }; }, /must close both directions/],
  ])('may not make one %s', async (_what, change, message) => {
    expect(await make(POLICIES, policyOf(change))).toMatchObject(refused(message));
  });

  test('may not open or delete those of the platform', async () => {
    for (const name of ['default-deny', 'allow-agent']) {
      const replaced = changed(runNetworkPolicy(network()), ({ metadata }) => { metadata.name = name; });
      expect(await put(POLICIES, replaced)).toMatchObject(refused(/may write only NetworkPolicies/));
    }
    expect(await operator.call('DELETE', `${POLICIES}/fix-egress?dryRun=All`)).toMatchObject({ status: 403 });
  });
});

describe('of volumes, the operator', () => {
  test('may make the Workspace of a run, the claim of a Workspace, and a shared one', async () => {
    expect(await make(WORKSPACES, workspaceOf(() => {}))).toMatchObject({ status: 201 });
    expect(await make(CLAIMS, claimOf(() => {}))).toMatchObject({ status: 201 });
    expect(await make(CLAIMS, sharedVolumeClaim(owner, { name: 'models' }))).toMatchObject({ status: 201 });
  });

  test.each<[string, (copy: any) => void, RegExp]>([
    ['of another name', ({ metadata }) => { metadata.name = 'files'; }, /may make only Workspaces <run>-ws/],
    ['that stays', ({ spec }) => delete spec.ephemeral, /must be ephemeral and without seed/],
    ['with repositories', ({ spec }) => { spec.seed = { repos: [{ url: 'https://git.example.com/a.git' }] }; }, /must be ephemeral and without seed/],
  ])('may not make a Workspace %s', async (_what, change, message) => {
    expect(await make(WORKSPACES, workspaceOf(change))).toMatchObject(refused(message));
  });

  test.each<[string, (copy: any) => void, RegExp]>([
    ['of another name', ({ metadata }) => { metadata.name = 'database'; }, /may make only claims ws-<workspace>/],
    ['of another Workspace', ({ metadata }) => { metadata.name = 'ws-other'; }, /may make only claims ws-<workspace>/],
    ['of a volume that is there', ({ spec }) => { spec.volumeName = 'pv-of-others'; }, /must choose no volume/],
    ['of a volume with a label', ({ spec }) => { spec.selector = { matchLabels: { a: 'b' } }; }, /must choose no volume/],
    ['with a copy of another one', ({ spec }) => { spec.dataSource = { kind: 'PersistentVolumeClaim', name: 'database' }; }, /must choose no volume, nor what is in it/],
  ])('may not make a claim %s', async (_what, change, message) => {
    expect(await make(CLAIMS, claimOf(change))).toMatchObject(refused(message));
  });

  test.each([WORKSPACES, CLAIMS])('may change and delete none: %s', async (path) => {
    expect(await operator.call('PATCH', `${path}/files`, {}, 'application/merge-patch+json')).toMatchObject({ status: 403 });
    expect(await operator.call('DELETE', `${path}/files`)).toMatchObject({ status: 403 });
  });
});

describe('of a run, the operator', () => {
  test('may write the status, and set and take off its finalizer', async () => {
    expect(await patchRun('fix', { status: { phase: 'Running', agentPhase: 'running' } }, '/status')).toMatchObject({ status: 200 });
    expect(await patchRun('fix', { metadata: { finalizers: [FINALIZER] } })).toMatchObject({ status: 200, body: { metadata: { finalizers: [FINALIZER] } } });
  });

  test.each<[string, object, RegExp]>([
    ['the finalizer of somebody else', { metadata: { finalizers: ['example.com/kept'] } }, /may change only paddock.dev\/harnessrun-finalizer/],
    ['a label', { metadata: { labels: { a: 'b' } } }, /nothing of a run but its finalizer and its status/],
    ['an annotation', { metadata: { annotations: { 'cdk8s-agent-platform/cancel': 'yes' } } }, /nothing of a run but its finalizer/],
    ['an owner', { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' }] } }, /nothing of a run but its finalizer/],
  ])('may not change %s', async (_what, patch, message) => {
    expect(await patchRun('fix', patch)).toMatchObject(refused(message));
  });

  test('may not say that a lease is revoked, nor that it is not', async () => {
    const revoked = { status: { revokedLeases: { 'lease-1': '2026-01-01T00:00:00Z' } } };
    expect(await patchRun('fix', revoked, '/status')).toMatchObject(refused(/revokedLeases is for the broker to write/));
    await admin.call('PATCH', `${RUNS}/fix/status`, revoked, 'application/merge-patch+json');
    expect(await patchRun('fix', { status: { revokedLeases: null } }, '/status')).toMatchObject(refused(/revokedLeases is for the broker to write/));
    expect(await patchRun('fix', { status: { phase: 'Failed' } }, '/status')).toMatchObject({ status: 200 });
  });

  test('may delete one that is over and has a time for that, and no other', async () => {
    expect(await operator.call('DELETE', `${RUNS}/kept?dryRun=All`)).toMatchObject(refused(/only runs that are over and have ttlSecondsAfterFinished/));
    expect(await operator.call('DELETE', `${RUNS}/over?dryRun=All`)).toMatchObject(refused(/only runs that are over/));
    await admin.call('PATCH', `${RUNS}/over/status`, { status: { completionTime: '2026-01-01T00:00:00Z' } }, 'application/merge-patch+json');
    expect(await operator.call('DELETE', `${RUNS}/over?dryRun=All`)).toMatchObject({ status: 200 });
  });

  test('may make none', async () => {
    expect(await make(RUNS, { apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', metadata: { name: 'mine' }, spec: { templateRef: { name: 'coder' }, prompt: 'x' } })).toMatchObject({ status: 403 });
  });
});

test('outside its namespaces, the operator may do nothing but read cluster templates and hold its Lease', async () => {
  // 429 until the API server has loaded a definition that was just made.
  await eventually(async () => operator.call('GET', '/apis/paddock.dev/v1alpha1/clusterharnesstemplates'), ({ status }) => status === 200);
  expect(await operator.call('GET', '/apis/coordination.k8s.io/v1/namespaces/agent-platform/leases/operator')).toMatchObject({ status: 200 });
  for (const path of ['/api/v1/namespaces/agent-platform/pods', '/api/v1/namespaces/default/pods', '/api/v1/namespaces/agent-platform/secrets/broker-keyring']) {
    expect(await operator.call('GET', path)).toMatchObject({ status: 403 });
  }
});
