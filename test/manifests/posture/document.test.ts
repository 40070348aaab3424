import { ApiObject } from 'cdk8s';
import { documentOf, emittedBy, foreignWorkload, waivedWorkload, World, world } from './worlds';
import { BrokerPolicy, ClusterHarnessTemplate, CredentialDelivery, CredentialGrant, HarnessRun, HarnessTemplate, RunPrompt } from '../../../src';
import { postureProblems } from '../../../src/protocol/posture';
import { testPlatform } from '../../helpers/platform';

const rightsOf = (made: World, subject: string) => documentOf(made).accounts.find((account) => account.subject === subject)!.rights;

describe('the document', () => {
  test('is one by its own schema, with foreign pods and waivers in it', () => {
    const made = world();
    waivedWorkload(made, 'the image needs root');
    expect(postureProblems(documentOf(made))).toEqual([]);
  });

  test('is the same whatever the order in which objects are emitted', () => {
    const made = world();
    expect(JSON.stringify(documentOf(made, (objects) => [...objects].reverse()))).toBe(JSON.stringify(documentOf(made)));
  });

  test('names every workload that is emitted into its namespaces, and no other', () => {
    const made = world();
    foreignWorkload(made, { containers: [{ name: 'redis', image: 'redis:7' }] });
    const emitted = emittedBy(made).filter(({ spec }) => (spec?.template ?? spec?.jobTemplate?.spec.template)?.spec !== undefined).map(({ kind, metadata }) => `${metadata.namespace} ${kind} ${metadata.name}`);
    expect(documentOf(made).pods.map(({ namespace, workload }) => `${namespace} ${workload}`)).toEqual(emitted.sort());
  });

  test('leaves out pods of namespaces that are not of the platform', () => {
    const made = world();
    new ApiObject(made.chart, 'far', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'far', namespace: 'default' }, spec: { containers: [{ name: 'a' }] } } as object as any);
    expect(documentOf(made).pods.map(({ workload }) => workload)).not.toContain('Pod far');
  });

  test('looks into lists', () => {
    const made = world();
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'packed', namespace: 'team-a' }, spec: { containers: [{ name: 'a' }] } };
    const list = { apiVersion: 'v1', kind: 'List', metadata: { name: 'list' }, items: [pod] };
    expect(documentOf(made, (objects) => [...objects, list]).pods.map(({ workload }) => workload)).toContain('Pod packed');
  });
});

describe('pods', () => {
  test('of the platform are restricted, and mount no token for everybody', () => {
    for (const row of documentOf(world()).pods) {
      expect(row).toMatchObject({ level: 'restricted', automount: false, hostNamespaces: [] });
      for (const container of row.containers) {
        expect(container).toMatchObject({ runAsNonRoot: true, privileged: false, escalation: false, readOnlyRoot: true, seccomp: 'RuntimeDefault', added: [], dropped: ['ALL'] });
      }
    }
  });

  test('of others are shown as weak as they are', () => {
    const made = world();
    foreignWorkload(made, {
      hostPID: true,
      securityContext: { runAsUser: 1000 },
      containers: [{ name: 'redis', image: 'redis:7', securityContext: { runAsUser: 0, capabilities: { add: ['SYS_ADMIN'] } }, volumeMounts: [{ name: 'host', mountPath: '/host' }] }],
      volumes: [{ name: 'host', hostPath: { path: '/' } }],
    });
    expect(documentOf(made).pods.find(({ workload }) => workload === 'Deployment cache')).toMatchObject({
      level: 'privileged',
      automount: true,
      dns: true,
      hostNamespaces: ['PID'],
      account: 'default',
      containers: [{ user: 0, runAsNonRoot: false, escalation: true, readOnlyRoot: false, added: ['SYS_ADMIN'], mounts: [{ path: '/host', source: 'hostPath /', writable: true }] }],
    });
  });

  test('get no token where their account says so', () => {
    const made = world();
    foreignWorkload(made, { serviceAccountName: 'quiet', containers: [{ name: 'a', image: 'a' }] });
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'quiet', namespace: 'team-a' }, automountServiceAccountToken: false };
    const of = (more: any[]) => documentOf(made, (objects) => [...objects, ...more]).pods.find(({ workload }) => workload === 'Deployment cache')!.automount;
    expect([of([]), of([account])]).toEqual([true, false]);
  });
});

describe('API rights', () => {
  test.each(['broker', 'controller'])('of the %s are the rules of its emitted Roles and ClusterRoles, each with its scope', (role) => {
    const made = world();
    const rules = emittedBy(made).filter(({ kind, metadata }) => (kind === 'Role' || kind === 'ClusterRole') && metadata.name.endsWith(role)).flatMap(({ rules: some, metadata, kind }) => (
      some.map((rule: any) => [kind === 'ClusterRole' ? 'cluster' : `namespace ${metadata.namespace}`, ...[...rule.verbs].sort(), ...rule.resources, ...rule.resourceNames ?? []].join(' '))));
    const shown = rightsOf(made, `ServiceAccount agent-platform/${role}`).map(({ scope, verbs, resources, names }) => [scope, ...verbs, ...resources, ...names].join(' '));
    expect(shown.sort()).toEqual(rules.sort());
  });

  test.each(['team-a/worker-python', 'agent-platform/gateway', 'agent-platform/session-store'])('are none for %s', (account) => {
    expect(rightsOf(world(), `ServiceAccount ${account}`)).toEqual([]);
  });

  test.each([
    ['an account of the platform', { kind: 'ServiceAccount', name: 'worker-python', namespace: 'team-a' }, 'ServiceAccount team-a/worker-python'],
    ['a group that contains it', { kind: 'Group', name: 'system:serviceaccounts:team-a' }, 'Group system:serviceaccounts:team-a'],
  ])('of %s by a role that is not in the app are unknown, not none', (_, subject, title) => {
    const binding: any = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'b' }, roleRef: { kind: 'ClusterRole', name: 'cluster-admin' }, subjects: [subject] };
    const { accounts } = documentOf(world(), (objects) => [...objects, binding]);
    expect(accounts.find((account) => account.subject === title)!.rights).toEqual([expect.objectContaining({ scope: 'cluster', role: 'ClusterRole cluster-admin', known: false })]);
  });
});

describe('credentials', () => {
  const holders = (made: World) => documentOf(made).credentials.map(({ holder, credential, hosts, policy }) => [holder.kind, holder.name, credential, ...hosts, policy].join(' '));

  test('are those that a policy grants to a template of the app, with host and delivery', () => {
    expect(documentOf(world()).credentials).toEqual([{
      holder: { namespace: 'team-a', kind: 'HarnessTemplate', name: 'coder' },
      credential: 'MODEL_API_KEY',
      provider: 'UserSuppliedSecret',
      secret: 'model-key/token',
      hosts: ['api.model.example'],
      delivery: 'in the header x-api-key',
      inContainer: false,
      policy: 'model-access',
    }]);
  });

  test('of a policy that means no template of the app belong to whatever will have the name', () => {
    const made = testPlatform();
    const credentials = [CredentialGrant.anthropicApi('KEY', { secret: { name: 'k', key: 'k' } })];
    new BrokerPolicy(made.chart, 'later', { namespace: made.team, appliesToTemplates: ['new-*'], credentials, egress: [{ host: 'api.anthropic.com', ports: [443] }] });
    expect(holders(made)).toEqual(['pattern new-* KEY api.anthropic.com later']);
  });

  test('of a policy that means others too belong to those as well, so that a new template closes nothing', () => {
    const made = world();
    const credentials = [CredentialGrant.anthropicApi('KEY', { secret: { name: 'k', key: 'k' } })];
    const egress = [{ host: 'api.anthropic.com', ports: [443] }];
    new BrokerPolicy(made.chart, 'both', { namespace: made.team, appliesToTemplates: ['coder', 'new-*'], credentials, egress });
    expect(holders(made).filter((line) => line.includes(' KEY '))).toEqual(['HarnessTemplate coder KEY api.anthropic.com both', 'pattern new-* KEY api.anthropic.com both']);
  });

  test('come from the policy whose name is first, as in the broker', () => {
    const made = world();
    const delivery = CredentialDelivery.header({ hosts: ['other.example'], header: 'x' });
    const credentials = [CredentialGrant.userSupplied('MODEL_API_KEY', { secret: { name: 'k', key: 'k' }, delivery })];
    new BrokerPolicy(made.chart, 'a-first', { namespace: made.team, appliesToTemplates: ['*'], credentials, egress: [{ host: 'other.example', ports: [443] }] });
    expect(holders(made)).toEqual(['HarnessTemplate coder MODEL_API_KEY other.example a-first', 'pattern * MODEL_API_KEY other.example a-first']);
  });

  test('are not given to a namespaced template that borrows the name of a cluster template', () => {
    const made = world();
    new ClusterHarnessTemplate(made.chart, 'base', { platform: made.platform, name: 'coder', image: 'example.com/coder', command: ['/c'] });
    expect(holders(made)).toEqual(['ClusterHarnessTemplate coder MODEL_API_KEY api.model.example model-access']);
  });

  test('reach templates that only a run names', () => {
    const made = world();
    new BrokerPolicy(made.chart, 'far', { namespace: made.team, appliesToTemplates: ['far'], egress: [{ host: 'far.example', ports: [443] }] });
    new HarnessRun(made.chart, 'run', { namespace: made.team, template: HarnessTemplate.fromName('far'), prompt: RunPrompt.inline('x') });
    expect(documentOf(made).egress.map(({ holder, host }) => `${holder.kind} ${holder.name} ${host}`)).toContain('HarnessTemplate far far.example');
  });

  test('that the agent holds are marked with the reason', () => {
    const made = testPlatform();
    const delivery = CredentialDelivery.inContainer({ reason: 'the tool signs by itself' });
    const credentials = [CredentialGrant.userSupplied('KEY', { secret: { name: 'k', key: 'k' }, delivery })];
    new BrokerPolicy(made.chart, 'p', { namespace: made.team, appliesToTemplates: ['*'], credentials });
    expect(documentOf(made).credentials).toEqual([expect.objectContaining({ inContainer: true, hosts: [], delivery: 'in the container', reason: 'the tool signs by itself' })]);
  });
});

test('waivers carry object, rule and reason, also one with lines of its own', () => {
  const made = world();
  waivedWorkload(made, 'first line\nsecond line');
  expect(documentOf(made).waivers).toEqual([expect.objectContaining({ object: 'Deployment team-a/cache', rule: 'restricted/run-as-non-root', reason: 'first line\nsecond line' })]);
});

test('an unreadable policy is a limit of the report, and its reason a waiver', () => {
  const policy: any = {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    spec: { endpointSelector: {}, ingress: [{}] },
    metadata: { name: 'x', namespace: 'team-a', annotations: { 'cdk8s-agent-platform/unproven': 'reviewed by hand' } },
  };
  const { unknown, waivers } = documentOf(world(), (objects) => [...objects, policy]);
  expect(unknown).toContain('what CiliumNetworkPolicy team-a/x opens or closes: its language is not evaluated');
  expect(waivers).toEqual([expect.objectContaining({ object: 'CiliumNetworkPolicy team-a/x', reason: 'reviewed by hand' })]);
});

