import { Duration, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { AgentPlatformProps, BrokerCatalog, BrokerPolicy, BrokerTls, CredentialGrant, RunOptions, SidecarImage } from '../src';
import { Emitted, environmentOf as environmentOfRole, one, podOf as ofRole, synth } from './helpers/manifests';
import { DIGEST, testPlatform } from './helpers/platform';
import { EnvVariable, OPERATOR_ENV } from '../src/protocol/env';

const objectsOf = (runs: RunOptions = {}, props: Partial<AgentPlatformProps> = {}) => synth(testPlatform({ runs, ...props }).chart);
const podOf = (objects: readonly Emitted[]) => ofRole(objects, 'operator');
const environmentOf = (objects: readonly Emitted[]) => environmentOfRole(objects, 'operator');
const namesOf = (objects: readonly Emitted[]) => objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
const ruleOf = (objects: readonly Emitted[], name: string) => one(objects, 'ValidatingAdmissionPolicy', `agent-platform-operator-${name}`).spec;
const objects = objectsOf();

describe('by default', () => {
  test('there is one, of two replicas that are spread, and a drain takes one at a time', () => {
    expect(testPlatform().platform.operator).toBeDefined();
    expect(one(objects, 'Deployment', 'operator').spec).toMatchObject({ replicas: 2, selector: { matchLabels: { 'cdk8s-agent-platform/role': 'operator' } } });
    expect(one(objects, 'PodDisruptionBudget', 'operator').spec.maxUnavailable).toBe(1);
    expect(podOf(objects).topologySpreadConstraints).toHaveLength(2);
  });

  test('the environment holds only what the server reads, and everything it must have', () => {
    const names = Object.keys(environmentOf(objects));
    expect(Object.keys(OPERATOR_ENV)).toEqual(expect.arrayContaining(names));
    const required = Object.entries<EnvVariable>(OPERATOR_ENV).filter(([, variable]) => variable.required).map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(required));
  });

  test('what is not said stays the default of the server', () => {
    expect(Object.keys(environmentOf(objects))).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(WORKSPACE_|RECONCILES|TTL_)/)]));
  });

  test('nobody connects to it but for metrics: it has no Service and no other port', () => {
    expect(podOf(objects).containers[0].ports.map(({ name }: any) => name)).toEqual(['admin']);
    expect(namesOf(objects)).not.toContain('Service/operator');
  });

  test('its Lease is made without a holder', () => {
    expect(Object.keys(one(objects, 'Lease', 'operator')).sort()).toEqual(['apiVersion', 'kind', 'metadata']);
  });

  test("there are ClusterRoles for people, bound to nobody, whose rights the cluster's own gather", () => {
    for (const role of ['view', 'edit', 'admin']) {
      expect(one(objects, 'ClusterRole', `agent-platform-${role}`).metadata.labels).toMatchObject({ [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true' });
      expect(objects.filter(({ roleRef }) => roleRef?.name === `agent-platform-${role}`)).toEqual([]);
    }
  });

  test('images of runs may come from anywhere', () => {
    expect(JSON.stringify(ruleOf(objects, 'pods').validations)).not.toContain('(c, c.image');
  });
});

describe('in each namespace of runs', () => {
  const { chart, platform, team } = testPlatform();
  const other = platform.addNamespace('a-team', { additionalSecrets: ['elsewhere'] });
  new BrokerPolicy(chart, 'policy', {
    namespace: team,
    appliesToTemplates: ['*'],
    credentials: [CredentialGrant.anthropicApi('KEY', { secret: { name: 'model-key', key: 'token' } })],
    egress: [{ host: 'api.anthropic.com', ports: [443] }],
  });
  const made = synth(chart);

  test('there is an account for their pods, which has no rights and no token', () => {
    for (const namespace of ['a-team', 'team-a']) expect(one(made, 'ServiceAccount', 'agent', namespace).automountServiceAccountToken).toBe(false);
    const bound = made.flatMap(({ subjects = [] }) => subjects.map(({ name }: any) => name));
    expect(bound).toContain('operator');
    expect(bound).not.toContain('agent');
  });

  test('the operator serves it', () => {
    expect(environmentOf(made)).toMatchObject({ RUN_NAMESPACES: 'a-team,team-a' });
    expect(other.namespaceName).toBe('a-team');
    for (const namespace of ['a-team', 'team-a']) {
      expect(one(made, 'RoleBinding', 'agent-platform-operator', namespace).subjects).toEqual([{ kind: 'ServiceAccount', namespace: 'agent-platform', name: 'operator' }]);
    }
  });

  test('pods of runs get to the egress proxy, and the proxy lets them in', () => {
    expect(one(made, 'NetworkPolicy', 'allow-agent', 'team-a').spec).toMatchObject({ podSelector: { matchLabels: { 'cdk8s-agent-platform/role': 'agent' } }, egress: [{ ports: [{ port: 15001 }, { port: 15002 }] }] });
    expect(one(made, 'NetworkPolicy', 'allow-agent', 'team-a').spec).not.toHaveProperty('ingress');
    const from = one(made, 'NetworkPolicy', 'allow-egress').spec.ingress.flatMap((rule: any) => rule.from).filter(({ podSelector }: any) => podSelector.matchLabels['cdk8s-agent-platform/role'] === 'agent');
    expect(new Set(from.map(({ namespaceSelector }: any) => namespaceSelector.matchLabels['kubernetes.io/metadata.name']))).toEqual(new Set(['a-team', 'team-a']));
  });

  test('admission knows the Secrets that policies grant, those of policies from elsewhere too', () => {
    const everywhere = ruleOf(made, 'pods').variables.find(({ name }: any) => name === 'everywhere').expression;
    expect(everywhere).toBe('dyn({"a-team": dyn([dyn("elsewhere")]), "team-a": dyn([dyn("model-key")])})');
  });

  test('the Role has no right to read a Secret, and none to change one by patch', () => {
    const onSecrets = one(made, 'Role', 'agent-platform-operator', 'team-a').rules.filter(({ resources }: any) => resources.includes('secrets'));
    expect(onSecrets.map(({ verbs }: any) => verbs)).toEqual([['create', 'update']]);
  });
});

describe('the Secrets with which the images of a namespace are fetched', () => {
  test('are told to the operator, with their namespace', () => {
    const { chart, platform } = testPlatform();
    platform.addNamespace('b-team', { imagePullSecrets: ['registry', 'mirror.example'] });
    platform.addNamespace('a-team', { imagePullSecrets: ['registry'] });
    expect(environmentOf(synth(chart)).PULL_SECRETS).toBe('a-team/registry,b-team/mirror.example,b-team/registry');
    expect(environmentOf(objects).PULL_SECRETS).toBe('');
  });

  test.each<[string, string[], RegExp]>([
    ['a name that cannot be', ['Registry'], /agents-b: imagePullSecrets must be an RFC 1123 subdomain .* got "Registry"/],
    ['one twice', ['a', 'b', 'a'], /agents-b: imagePullSecrets must differ, got a, b, a/],
    ['the name of the credentials of a run', ['a-broker-creds'], /agents-b: imagePullSecrets must not end with '-broker-creds', .* got 'a-broker-creds'/],
    ['more than a template may name', Array.from({ length: 17 }, (_, index) => `r-${index}`), /agents-b: imagePullSecrets must be at most 16, got 17/],
  ])('are refused for %s', (_what, imagePullSecrets, message) => {
    expect(() => testPlatform().platform.addNamespace('b', { imagePullSecrets })).toThrow(message);
  });

  test('are refused when a policy takes a credential from one of them, because then no pod would be let in', () => {
    const { chart, platform } = testPlatform();
    platform.addNamespace('b', { imagePullSecrets: ['mine', 'theirs'], additionalSecrets: ['theirs'] });
    expect(() => synth(chart)).toThrow(/agents-b.*imagePullSecrets must not name the Secret 'theirs', which a BrokerPolicy or additionalSecrets names/);
    const without = testPlatform({ runs: { enabled: false } });
    without.platform.addNamespace('b', { imagePullSecrets: ['theirs'], additionalSecrets: ['theirs'] });
    expect(() => synth(without.chart)).not.toThrow();
  });
});

describe('at the broker', () => {
  const identities = (props: Partial<AgentPlatformProps>) => JSON.parse(one(objectsOf({}, props), 'ConfigMap', 'broker-identities').data['identities.json']);

  test('it may get, renew and revoke what runs may use, and speaks for no session', () => {
    expect(identities({})['agent-platform/operator']).toEqual({ capabilities: ['issue', 'issue-egress', 'renew', 'revoke'], subjects: ['runs'] });
  });

  test('it shows a token of its own that the API server does not take', () => {
    const token = podOf(objects).volumes.find(({ name }: any) => name === 'broker-token');
    expect(token.projected.sources).toEqual([{ serviceAccountToken: { audience: 'paddock-broker', path: 'token', expirationSeconds: 3600 } }]);
    expect(environmentOf(objects)).toMatchObject({ BROKER_URL: 'https://broker.agent-platform.svc:8443', BROKER_TOKEN_FILE: '/etc/agent-platform/broker-token/token' });
  });
});

describe('without it', () => {
  const directory = { broker: { catalog: BrokerCatalog.directory('documents', 'secrets'), tls: BrokerTls.existingSecret('mine') } };

  test.each<[string, Partial<AgentPlatformProps>]>([
    ['because it was said so', { runs: { enabled: false } }],
    ['because there is no way out', { egress: { enabled: false } }],
    ['because the broker reads documents', directory],
  ])('there is no object, right, rule and identity of it: %s', (_why, props) => {
    const { chart, platform } = testPlatform(props);
    expect(platform.operator).toBeUndefined();
    const made = synth(chart);
    expect(namesOf(made).filter((name) => /operator|agent$|-(view|edit|admin)$/.test(name))).toEqual([]);
    expect(JSON.stringify(made.filter(({ metadata }) => metadata.name === 'broker-identities'))).not.toContain('/operator');
  });

  test.each<[string, Partial<AgentPlatformProps>, RegExp]>([
    ['an option', { runs: { enabled: false, replicas: 3 } }, /test\/platform: runs\.replicas has no effect without runs; leave it out, or leave out 'enabled: false'/],
    ['no way out, and still wanting it', { egress: { enabled: false }, runs: { enabled: true } }, /runs must be left out without the egress proxy, which is their only way out/],
    ['no way out, and an option', { egress: { enabled: false }, runs: { concurrency: 3 } }, /runs must be left out without the egress proxy/],
    ['a broker of documents, and still wanting it', { ...directory, runs: { enabled: true } }, /runs must be left out without the egress proxy/],
    ['rights for people without runs', { runs: { enabled: false, aggregateRoles: false } }, /runs\.aggregateRoles has no effect without runs/],
  ])('%s is refused', (_what, props, message) => {
    expect(() => testPlatform(props)).toThrow(message);
  });
});

test('images, volumes and numbers reach the server', () => {
  const made = objectsOf({ seedImage: 'example.com/git:1', concurrency: 3, ephemeralWorkspace: { size: Size.gibibytes(7), storageClassName: 'fast' } }, { podSecurityVersion: 'v1.31' });
  expect(environmentOf(made)).toMatchObject({
    SEED_IMAGE: 'example.com/git:1',
    RECONCILES: '3',
    WORKSPACE_SIZE: '7Gi',
    WORKSPACE_STORAGE_CLASS: 'fast',
    POD_SECURITY_VERSION: 'v1.31',
    SIDECAR_IMAGE: `registry.example.com/agent-platform@${DIGEST}`,
    SIDECAR_IMAGE_PINNED: 'true',
  });
  expect(environmentOf(objectsOf({}, { image: SidecarImage.fromMutableTag('example.com/a', 'x') }))).toMatchObject({ SIDECAR_IMAGE: 'example.com/a:x', SIDECAR_IMAGE_PINNED: 'false' });
});

test('with registries, admission allows these, the image for seeding and that of the platform', () => {
  const [expression] = ruleOf(objectsOf({ seedImage: 'example.com/git:1', allowedRegistries: ['registry.example.com/team/', 'localhost:5000/'] }), 'pods').validations
    .map(({ expression: text }: any) => text).filter((text: string) => text.includes('(c, c.image'));
  expect(expression).toBe(`variables.containers.all(c, c.image in dyn([dyn("registry.example.com/agent-platform@${DIGEST}"), dyn("example.com/git:1")])`
    + " || c.image.startsWith('registry.example.com/team/') || c.image.startsWith('localhost:5000/'))");
});

describe('the time after which runs that are over are deleted', () => {
  const deletions = (made: readonly Emitted[]) => ruleOf(made, 'run-deletions').validations;

  test('reaches the server, and admission lets it delete every run that is over', () => {
    const made = objectsOf({ ttlAfterFinished: Duration.hours(2) });
    expect(environmentOf(made).TTL_SECONDS_AFTER_FINISHED).toBe('7200');
    expect(deletions(made)).toEqual([expect.objectContaining({ expression: 'has(oldObject.status) && has(oldObject.status.completionTime)' })]);
  });

  test('may be none at all', () => {
    expect(environmentOf(objectsOf({ ttlAfterFinished: Duration.seconds(0) })).TTL_SECONDS_AFTER_FINISHED).toBe('0');
  });

  test('is for runs to say where nobody else does: admission keeps the others', () => {
    expect(deletions(objects)).toEqual([expect.objectContaining({ message: 'the operator may delete only runs that are over and have ttlSecondsAfterFinished' })]);
    expect(deletions(objects)[0].expression).toMatch(/^has\(oldObject\.spec\.ttlSecondsAfterFinished\) && has\(oldObject\.status\)/);
  });
});

test('no role of the cluster gathers a right where that was not wanted', () => {
  expect(JSON.stringify(objects)).toContain('aggregate-to-');
  expect(JSON.stringify(objectsOf({ aggregateRoles: false }))).not.toContain('aggregate-to-');
});

test('it runs where the parts of the platform may run', () => {
  expect(podOf(objectsOf({}, { placement: { nodeSelector: { pool: 'platform' } } }))).toMatchObject({ nodeSelector: { pool: 'platform' } });
});

test('one replica has no disruption budget', () => {
  expect(namesOf(objectsOf({ replicas: 1 }))).not.toContain('PodDisruptionBudget/operator');
});

test.each<[string, RunOptions, RegExp]>([
  ['no replica', { replicas: 0 }, /test\/platform\/operator: replicas must be a whole number from 1 to 9, got 0/],
  ['a request above its limit', { resources: { cpu: { request: Cpu.units(2), limit: Cpu.units(1) } } }, /resources\.cpu: the request/],
  ['nothing at a time', { concurrency: 0 }, /concurrency must be a whole number from 1 to 64, got 0/],
  ['an image with a space', { seedImage: 'a b' }, /seedImage: image must be an image reference/],
  ['half a second', { ttlAfterFinished: Duration.millis(500) }, /ttlAfterFinished in seconds must be a whole number from 0 to 2147483647, got 0\.5/],
  ['more time than a run could say', { ttlAfterFinished: Duration.seconds(2_147_483_648) }, /ttlAfterFinished in seconds must be .* got 2147483648/],
  ['a volume of nothing', { ephemeralWorkspace: { size: Size.kibibytes(0) } }, /ephemeralWorkspace\.size must be more than 0/],
  ['a class that cannot be', { ephemeralWorkspace: { storageClassName: 'Fast' } }, /ephemeralWorkspace\.storageClassName must be .* got "Fast"/],
  ['no registry at all', { allowedRegistries: [] }, /allowedRegistries must name one or more, or be left out/],
  ['a registry twice', { allowedRegistries: ['a.example/', 'a.example/'] }, /allowedRegistries must differ/],
  ['two mistakes', { replicas: 10, concurrency: 65 }, /replicas must be .* got 10; concurrency must be .* got 65/],
])('%s is refused', (_what, options, message) => {
  expect(() => testPlatform({ runs: options })).toThrow(message);
});

test.each(['registry.example.com/team', 'registry.example.com', 'team/', '/', 'https://registry.example.com/', 'Registry.example.com/', "a.example/'+'/", 'a.example//', 'a.example/team:1/', ''])(
  'a prefix that allows more than it seems, or nothing, is refused: %j', (prefix) => {
    expect(() => testPlatform({ runs: { allowedRegistries: [prefix] } })).toThrow(/allowedRegistries\[0\] must be a registry host and path that end with '\/'/);
  },
);

test.each(['registry.example.com/', 'registry.example.com/team/', 'localhost/a/', 'localhost:5000/', 'registry:5000/a_b/c.d/', '10.0.0.1/'])('a registry may be %s', (prefix) => {
  expect(() => testPlatform({ runs: { allowedRegistries: [prefix] } })).not.toThrow();
});
