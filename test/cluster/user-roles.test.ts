import { Chart, Testing } from 'cdk8s';
import { Answer, ApiServer, eventually } from './api-server';
import { apply, must } from './cli';
import { AgentPlatform } from '../../src';
import { RESOURCE_KINDS } from '../../src/protocol/resources';
import { equal } from '../../src/protocol/schema/equal';
import { synth } from '../helpers/manifests';
import { API_SERVER, IMAGE } from '../helpers/platform';

const SYSTEM = 'people-platform';
const TEAM = 'people-team';
const OTHER = 'people-others';
const GROUP = 'paddock.dev';
const RBAC = 'rbac.authorization.k8s.io';

/** By user: the ClusterRole that a RoleBinding in the namespace of the team gives. */
const BOUND = {
  'people-view': 'view',
  'people-edit': 'edit',
  'people-admin': 'admin',
  // Without those of the cluster, which may read Secrets.
  'people-edit-alone': `${SYSTEM}-edit`,
  'people-admin-alone': `${SYSTEM}-admin`,
} as const;
type Person = keyof typeof BOUND;

const PEOPLE = Object.fromEntries(Object.keys(BOUND).map((name) => [name, new ApiServer(name)])) as Readonly<Record<Person, ApiServer>>;
const administrator = new ApiServer();

const path = (plural: string, namespace = TEAM) => `/apis/${GROUP}/v1alpha1/namespaces/${namespace}/${plural}`;
const object = (kind: string, name: string, spec: object) => ({ apiVersion: `${GROUP}/v1alpha1`, kind, metadata: { name }, spec });
const key = { name: 'model-key', key: 'token' };
const run = (name: string, more: object = { prompt: 'Work.' }) => object('HarnessRun', name, { templateRef: { name: 'coder' }, ...more });
const policy = object('BrokerPolicy', 'coder', {
  appliesToTemplates: ['coder'],
  grants: { credentials: [{ name: 'KEY', provider: { kind: 'AnthropicAPI', secretRef: key, hosts: ['api.anthropic.com'] } }], egress: [{ host: 'api.anthropic.com' }] },
});
const fromSecret = run('from-secret', { promptFrom: { secretKeyRef: key } });
const template = object('HarnessTemplate', 'coder', { image: 'registry.example.com/coder:1', command: ['/coder'] });
const workspace = object('Workspace', 'files', { storage: { size: '1Gi' } });
const dry = (plural: string, namespace?: string) => `${path(plural, namespace)}?dryRun=All`;
const merge = async (who: ApiServer, where: string, patch: object): Promise<Answer> => who.call('PATCH', where, patch, 'application/merge-patch+json');

/**
 * Of a resource of the platform, unless another group is asked for.
 * https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
 */
async function may(
  person: Person, verb: string, resource: string, more: { subresource?: string; namespace?: string; group?: string } = {},
): Promise<boolean> {
  const { body } = await PEOPLE[person].call('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: { group: GROUP, namespace: TEAM, verb, resource, ...more } },
  });
  return (body.status as any).allowed;
}

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

/** By resource, the verbs that a person has; resources without any are left out. */
async function rightsOf(person: Person, more: { subresource?: string; namespace?: string } = {}): Promise<Record<string, string>> {
  const rows = await Promise.all(RESOURCE_KINDS.map(async ({ plural }) => {
    const allowed = await Promise.all(VERBS.map(async (verb) => may(person, verb, plural, more)));
    return [plural, VERBS.filter((_, index) => allowed[index]).join(' ')] as const;
  }));
  return Object.fromEntries(rows.filter(([, verbs]) => verbs !== ''));
}

beforeAll(async () => {
  const chart = new Chart(Testing.app(), 'people');
  const platform = new AgentPlatform(chart, 'platform', { image: IMAGE, apiServer: API_SERVER, namespace: SYSTEM });
  [TEAM, OTHER].forEach((namespace) => platform.addNamespace(namespace));
  apply(synth(chart));
  apply(Object.entries(BOUND).map(([name, role]) => ({
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { name, namespace: TEAM },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: RBAC, kind: 'User', name }],
  })));
  // The cluster gathers rights, and begins to apply admission rules, a moment later.
  await eventually(async () => may('people-admin', 'create', 'brokerpolicies'), (allowed) => allowed);
  for (const person of ['people-edit', 'people-admin'] as const) await eventually(async () => may(person, 'create', 'harnessruns'), (allowed) => allowed);
  await eventually(async () => may('people-view', 'get', 'harnessruns'), (allowed) => allowed);
  for (const [person, plural, what] of [['people-admin-alone', 'brokerpolicies', policy], ['people-edit-alone', 'harnessruns', fromSecret]] as const) {
    await eventually(async () => PEOPLE[person].call('POST', dry(plural), what), ({ body }) => body.message?.includes('you name Secret') === true);
  }
}, 180_000);

afterAll(() => {
  [administrator, ...Object.values(PEOPLE)].forEach((server) => server.close());
  must(['delete', 'harnessruns', '--all', '-n', TEAM, '--ignore-not-found']);
});

const READ = 'get list watch';
const ALL = VERBS.join(' ');
// Those of the cluster only where the binding is of the cluster too: the question of a namespace is answered by its rules alone.
const OF_VIEW = { brokerpolicies: READ, clusterharnesstemplates: READ, harnessruns: READ, harnesstemplates: READ, workspaces: READ };
const OF_EDIT = { ...OF_VIEW, harnessruns: ALL, harnesstemplates: ALL, workspaces: ALL };
const OF_ADMIN = { ...OF_EDIT, brokerpolicies: ALL, auditevents: READ };

test.each<[Person, Record<string, string>]>([
  ['people-view', OF_VIEW], ['people-edit', OF_EDIT], ['people-admin', OF_ADMIN], ['people-edit-alone', OF_EDIT], ['people-admin-alone', OF_ADMIN],
])('%s has these rights where it is bound, none on a status, and none elsewhere', async (person, rights) => {
  // From role to role of the cluster they are gathered one after the other.
  await eventually(async () => rightsOf(person), (seen) => equal(seen, rights));
  expect(await rightsOf(person, { subresource: 'status' })).toEqual({});
  for (const namespace of [OTHER, SYSTEM]) expect(await rightsOf(person, { namespace })).toEqual({});
});

describe.each<Person>(['people-edit', 'people-edit-alone'])('%s', (person) => {
  const who = PEOPLE[person];

  test('submits a run, cancels it and deletes it', async () => {
    expect(await who.call('POST', path('harnessruns'), run(person))).toMatchObject({ status: 201 });
    const cancelled = await merge(who, path(`harnessruns/${person}`), { metadata: { annotations: { 'cdk8s-agent-platform/cancel': 'not needed' } } });
    expect(cancelled).toMatchObject({ status: 200, body: { metadata: { annotations: { 'cdk8s-agent-platform/cancel': 'not needed' } } } });
    expect(await who.call('DELETE', path(`harnessruns/${person}`))).toMatchObject({ status: 200 });
  });

  test('writes templates and workspaces, and deletes all runs at once', async () => {
    expect(await who.call('POST', dry('harnesstemplates'), template)).toMatchObject({ status: 201 });
    expect(await who.call('POST', dry('workspaces'), workspace)).toMatchObject({ status: 201 });
    expect(await who.call('DELETE', dry('harnessruns'))).toMatchObject({ status: 200 });
  });

  test.each<[string, string, object]>([['a policy', dry('brokerpolicies'), policy], ['a run of others', dry('harnessruns', OTHER), run('theirs')]])(
    'may not write %s', async (_what, where, what) => {
      expect(await who.call('POST', where, what)).toMatchObject({ status: 403, body: { message: expect.stringContaining('cannot create resource') } });
    },
  );

  test('may not say what a run does, nor revoke its leases', async () => {
    expect(await administrator.call('POST', path('harnessruns'), run(`${person}-status`))).toMatchObject({ status: 201 });
    for (const status of [{ phase: 'Succeeded' }, { revokedLeases: { a: '2030-01-01T00:00:00Z' } }]) {
      expect(await merge(who, path(`harnessruns/${person}-status/status`), { status })).toMatchObject({ status: 403 });
      // Beside the subresource a status is dropped.
      expect((await merge(who, path(`harnessruns/${person}-status`), { status })).body.status).toBeUndefined();
    }
  });
});

describe('Secrets', () => {
  test.each<Person>(['people-view', 'people-edit-alone', 'people-admin-alone'])('%s may read none', async (person) => {
    for (const where of ['secrets', 'secrets/model-key']) {
      expect(await PEOPLE[person].call('GET', `/api/v1/namespaces/${TEAM}/${where}`)).toMatchObject({ status: 403 });
    }
  });

  test('who may read them by a role of the cluster may name them: edit in a run, admin in a policy', async () => {
    expect(await PEOPLE['people-edit'].call('POST', dry('harnessruns'), fromSecret)).toMatchObject({ status: 201 });
    expect(await PEOPLE['people-admin'].call('POST', dry('brokerpolicies'), policy)).toMatchObject({ status: 201 });
  });

  test.each<[Person, string, object]>([
    ['people-edit-alone', 'harnessruns', fromSecret], ['people-admin-alone', 'harnessruns', fromSecret], ['people-admin-alone', 'brokerpolicies', policy],
  ])('%s may not name one in %s', async (person, plural, what) => {
    expect(await PEOPLE[person].call('POST', dry(plural), what))
      .toMatchObject({ status: 403, body: { message: expect.stringContaining("you name Secret 'model-key' but may not get it") } });
  });
});

test.each<[string, string, string, { group: string; subresource?: string }, Person[]]>([
  ['reads Secrets', 'get', 'secrets', { group: '' }, ['people-edit', 'people-admin']],
  ['opens shells in pods', 'create', 'pods', { group: '', subresource: 'exec' }, ['people-edit', 'people-admin']],
  ['runs pods', 'create', 'pods', { group: '' }, ['people-edit', 'people-admin']],
  ['changes NetworkPolicies', 'patch', 'networkpolicies', { group: 'networking.k8s.io' }, ['people-edit', 'people-admin']],
  ['reads logs', 'get', 'pods', { group: '', subresource: 'log' }, ['people-view', 'people-edit', 'people-admin']],
])('who %s does so by a role of the cluster, as the page says', async (_what, verb, resource, more, who) => {
  const asked = await Promise.all((Object.keys(BOUND) as Person[]).map(async (person) => [person, await may(person, verb, resource, more)] as const));
  expect(asked.filter(([, is]) => is).map(([person]) => person)).toEqual(who);
});

test('people-view reads runs with their prompts, and may not submit, cancel or delete one', async () => {
  const who = PEOPLE['people-view'];
  await administrator.call('POST', path('harnessruns'), run('seen'));
  expect(await who.call('GET', path('harnessruns/seen'))).toMatchObject({ status: 200, body: { spec: { prompt: 'Work.' } } });
  expect(await who.call('POST', dry('harnessruns'), run('more'))).toMatchObject({ status: 403 });
  expect(await merge(who, path('harnessruns/seen'), { metadata: { annotations: { 'cdk8s-agent-platform/cancel': 'x' } } })).toMatchObject({ status: 403 });
  expect(await who.call('DELETE', path('harnessruns/seen'))).toMatchObject({ status: 403 });
});
