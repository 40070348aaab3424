import { Answer, ApiServer, eventually } from './api-server';
import { apply, kubectl, must } from './cli';
import { everything } from '../helpers/everything';

const BROKER = 'system:serviceaccount:agent-platform:broker';
const NAMESPACE = 'team-a';

/** May write the platform's resources and read only the Secrets `own-1` to `own-30`. */
const AUTHOR = 'author';
const OWN = Array.from({ length: 30 }, (_, index) => `own-${index + 1}`);

const secret = (name: string) => ({ name, key: 'token' });
const credential = (name: string, index: number) => ({ name: `KEY_${index}`, provider: { kind: 'PATPool', secretRef: secret(name), hosts: ['example.com'] } });
const policy = (credentials: object[], extra = {}) => ({
  apiVersion: 'paddock.dev/v1alpha1',
  kind: 'BrokerPolicy',
  metadata: { name: 'tried', namespace: NAMESPACE, ...extra },
  spec: { appliesToTemplates: ['x'], grants: { credentials, egress: [{ host: 'example.com' }] } },
});
const run = (secretName: string) => ({
  apiVersion: 'paddock.dev/v1alpha1',
  kind: 'HarnessRun',
  metadata: { name: 'tried', namespace: NAMESPACE },
  spec: { templateRef: { name: 'coder' }, promptFrom: { secretKeyRef: secret(secretName) } },
});
const workspace = (...secretNames: string[]) => ({
  apiVersion: 'paddock.dev/v1alpha1',
  kind: 'Workspace',
  metadata: { name: 'tried', namespace: NAMESPACE },
  spec: {
    storage: { size: '1Gi' },
    seed: { repos: secretNames.map((name) => ({ url: 'https://example.com/r.git', path: name, credentialsSecretRef: { name } })) },
  },
});

const template = (secretName: string) => ({
  apiVersion: 'paddock.dev/v1alpha1',
  kind: 'HarnessTemplate',
  metadata: { name: 'tried', namespace: NAMESPACE },
  spec: { image: 'registry.example.com/private:1', command: ['/agent'], pod: { imagePullSecrets: [{ name: secretName }] } },
});

const asAuthor = (object: object) => kubectl(['create', '--dry-run=server', '--as', AUTHOR, '-f', '-'], [object]);
const own = (count: number) => OWN.slice(0, count).map(credential);

beforeAll(async () => {
  apply(everything('a'));
  const rbac = 'rbac.authorization.k8s.io';
  apply([
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata: { name: AUTHOR, namespace: NAMESPACE },
      rules: [
        { apiGroups: ['paddock.dev'], resources: ['*'], verbs: ['*'] },
        { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: OWN },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name: AUTHOR, namespace: NAMESPACE },
      roleRef: { apiGroup: rbac, kind: 'Role', name: AUTHOR },
      subjects: [{ apiGroup: rbac, kind: 'User', name: AUTHOR }],
    },
  ]);
  for (const object of [policy([credential('foreign', 0)]), run('foreign'), workspace('foreign'), template('foreign')]) {
    await eventually(async () => asAuthor(object), ({ stderr }) => stderr.includes('foreign'));
  }
}, 180_000);

describe('an author who names a Secret', () => {
  test.each([
    ['BrokerPolicy', policy([credential('own-1', 0)])],
    ['BrokerPolicy with as many Secrets as are checked one by one', policy(own(24))],
    ['HarnessRun', run('own-1')],
    ['Workspace', workspace('own-1')],
    ['HarnessTemplate', template('own-1')],
  ])('that the author may read gets the %s', (_kind, object) => {
    expect(asAuthor(object).stderr).toBe('');
  });

  test.each([
    ['BrokerPolicy', policy([credential('foreign', 0)])],
    ['BrokerPolicy, as the last of many,', policy([...own(23), credential('foreign', 23)])],
    ['HarnessRun', run('foreign')],
    ['Workspace', workspace('foreign')],
    ['HarnessTemplate', template('foreign')],
  ])('that the author may not read is refused the %s', (_kind, object) => {
    expect(asAuthor(object)).toMatchObject({ ok: false, stderr: expect.stringContaining("you name Secret 'foreign' but may not get it in namespace 'team-a'") });
  });

  test('beyond what is checked one by one needs the right to all Secrets', () => {
    const many = workspace(...OWN.slice(0, 25));
    expect(asAuthor(many).stderr).toContain('must be allowed to get all Secrets of the namespace');
    expect(kubectl(['create', '--dry-run=server', '-f', '-'], [many]).stderr).toBe('');
  });
});

test('an author is refused where the label of the platform was taken off the namespace', () => {
  must(['label', 'namespace', NAMESPACE, 'cdk8s-agent-platform/platform-']);
  try {
    expect(asAuthor(run('foreign')).stderr).toContain("you name Secret 'foreign'");
  } finally {
    must(['label', 'namespace', NAMESPACE, 'cdk8s-agent-platform/platform=agent-platform']);
  }
});

describe('an update of a policy that names a Secret its writer may not read', () => {
  const existing = policy([credential('foreign', 0)], { name: 'existing' });
  const update = (object: object) => kubectl(['replace', '--dry-run=server', '--as', AUTHOR, '-f', '-'], [object]);

  beforeAll(() => { must(['create', '-f', '-'], [existing]); });

  test('passes when the update names nothing new, so that controllers can set finalizers', () => {
    expect(update({ ...existing, metadata: { ...existing.metadata, finalizers: ['example.com/kept'] } }).stderr).toBe('');
  });

  test.each<[string, object]>([
    ['sends it to another host', { hosts: ['elsewhere.example.com'] }],
    ['takes another key of it', { secretRef: { name: 'foreign', key: 'other' } }],
    ['hands it to the agent', { kind: 'UserSuppliedSecret', hosts: undefined, deliveryMode: { inContainer: { accepted: true, reason: 'because I would like to see it' } } }],
  ])('is refused when it %s', (_what, provider) => {
    const { name, provider: before } = credential('foreign', 0);
    const changed = { ...existing, spec: { ...existing.spec, grants: { credentials: [{ name, provider: { ...before, ...provider } }], egress: [{ host: '*.example.com' }, { host: 'example.com' }] } } };
    expect(update(changed).stderr).toContain("you name Secret 'foreign' but may not get it");
  });

  test('is refused when it grants the credential to more templates', () => {
    expect(update({ ...existing, spec: { ...existing.spec, appliesToTemplates: ['*'] } }).stderr).toContain("Secret 'foreign'");
  });

  test('is refused when it names another one', () => {
    expect(update(policy([credential('foreign', 0), credential('other', 1)], { name: 'existing' })).stderr).toMatch(/you name Secret '(foreign|other)'/);
  });
});

describe("the broker's writes to a run's status", () => {
  const revoked = { 'lease-1': '2026-01-01T00:00:00Z' };
  const operator = new ApiServer();
  const broker = new ApiServer(BROKER);
  afterAll(() => [operator, broker].forEach((server) => server.close()));

  const RUN_STATUS = `/apis/paddock.dev/v1alpha1/namespaces/${NAMESPACE}/harnessruns/run/status`;

  /** A merge patch of the status, as the broker sends it: nothing is read before. */
  async function patchStatus(status: object, server = broker): Promise<Answer> {
    return server.call('PATCH', RUN_STATUS, { status }, 'application/merge-patch+json');
  }

  beforeAll(() => eventually(async () => broker.call('PATCH', `${RUN_STATUS}?dryRun=All`, { status: { phase: 'Failed' } }, 'application/merge-patch+json'), ({ body }) => body.message?.includes('denied request') === true));

  test('may add a revocation to a run without status', async () => {
    expect(await patchStatus({ revokedLeases: revoked })).toMatchObject({ status: 200 });
  });

  test('may add one beside fields of the operator', async () => {
    const issuedLeases = [{ leaseID: 'lease-2', provider: 'PATPool', credentialName: 'KEY' }];
    expect(await patchStatus({ phase: 'Running', issuedLeases }, operator)).toMatchObject({ status: 200 });
    expect(await patchStatus({ revokedLeases: { 'lease-2': '2026-01-02T00:00:00Z' } })).toMatchObject({ status: 200 });
  });

  test.each([
    ['change the phase', { phase: 'Failed' }, /may change only status.revokedLeases/],
    ['add a field', { jobName: 'x' }, /may change only status.revokedLeases/],
    ['remove a field', { phase: null }, /may not remove a status field/],
    ['change the leases', { issuedLeases: [] }, /may change only status.revokedLeases/],
    ['take a revocation back', { revokedLeases: { 'lease-1': null } }, /a revocation is final/],
    ['move a revocation', { revokedLeases: { 'lease-1': '2027-01-01T00:00:00Z' } }, /a revocation is final/],
    ['drop all revocations', { revokedLeases: null }, /may not remove a status field|a revocation is final/],
  ])('may not %s', async (_what, status, message) => {
    expect(await patchStatus(status)).toMatchObject({ status: 403, body: { message: expect.stringMatching(message) } });
  });

  test('bind nobody else', async () => {
    expect(await patchStatus({ phase: 'Succeeded' }, operator)).toMatchObject({ status: 200 });
  });
});
