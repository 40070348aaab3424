import { Chart, Testing } from 'cdk8s';
import {
  AgentNamespace, AgentPlatform, AgentPlatformProps, BrokerPolicy, ClusterHarnessTemplate, CredentialGrant, CustomResourceDefinitions,
  DefinitionsOwner, HarnessTemplate, SidecarImage, TemplateKind, WorkerPool,
} from '../src';
import { everything } from './helpers/everything';
import { Emitted, one, podSpecs, synth } from './helpers/manifests';
import { API_SERVER, IMAGE, testPlatform } from './helpers/platform';

const PROPS = { image: IMAGE, apiServer: API_SERVER };
const CLUSTER_SCOPED = [
  'Namespace', 'ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding',
  'ClusterHarnessTemplate',
];

function identity({ apiVersion, kind, metadata }: Emitted): string {
  return [apiVersion, kind, metadata.namespace ?? '', metadata.name].join('|');
}

test('every object has its own identity', () => {
  const ids = everything('a').map(identity);
  expect(new Set(ids).size).toBe(ids.length);
});

test('no name and no selector changes when constructs are renamed or moved', () => {
  expect(everything('renamed')).toEqual(everything('a'));
});

test('two syntheses of the same code are equal', () => {
  expect(JSON.stringify(everything('a'))).toBe(JSON.stringify(everything('a')));
});

test('cluster-scoped objects have no namespace, even in a chart that has one; all others have one', () => {
  for (const { kind, metadata } of everything('a', { namespace: 'of-the-chart' })) {
    expect([kind, metadata.namespace === undefined]).toEqual([kind, CLUSTER_SCOPED.includes(kind)]);
  }
});

test('everything carries the name of its platform and its part', () => {
  for (const { kind, metadata } of everything('a')) {
    expect([kind, metadata.labels]).toEqual([kind, expect.objectContaining({
      'cdk8s-agent-platform/platform': 'agent-platform',
      'cdk8s-agent-platform/part': expect.stringMatching(/^[a-z]+$/),
      'app.kubernetes.io/part-of': 'agent-platform',
    })]);
  }
});

test.each(['agent-platform', 'team-a'])('namespace %s admits restricted pods only, by pinned rules', (name) => {
  expect(one(everything('a'), 'Namespace', name).metadata.labels).toMatchObject(Object.fromEntries(['enforce', 'audit', 'warn'].flatMap((mode) => [
    [`pod-security.kubernetes.io/${mode}`, 'restricted'], [`pod-security.kubernetes.io/${mode}-version`, 'v1.30'],
  ])));
});

test.each(['agent-platform', 'team-a'])('namespace %s denies all traffic of all pods that no policy allows', (name) => {
  expect(one(everything('a'), 'NetworkPolicy', 'default-deny', name).spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
});

test('every pod comes from the restricted factory', () => {
  for (const { owner, spec } of podSpecs(everything('a'))) {
    for (const container of [...spec.initContainers ?? [], ...spec.containers]) {
      expect([owner, container.securityContext?.capabilities]).toEqual([owner, { drop: ['ALL'] }]);
    }
  }
});

test('nothing that is emitted holds a value of a Secret', () => {
  for (const secret of everything('a').filter(({ kind }) => kind === 'Secret')) {
    expect(Object.keys(secret).sort()).toEqual(['apiVersion', 'kind', 'metadata', 'type']);
  }
});

const OF_ONE_ACCOUNT = /^agent-platform-(broker|controller|egress|operator)-/;

test('admission rules about one account of the platform hold everywhere, as its rights may be left in a namespace that is no longer listed', () => {
  const objects = everything('a').filter(({ metadata }) => OF_ONE_ACCOUNT.test(metadata.name));
  const bindings = objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');
  const ofOperator = ['pods', 'pod-deletions', 'secrets', 'network-policies', 'workspaces', 'claims', 'runs', 'run-status', 'run-deletions'].map((name) => `operator-${name}`);
  const names = ['broker-status', 'controller-pods', 'controller-deletions', 'controller-trust', 'egress-trust', ...ofOperator];
  expect(bindings.map(({ metadata }) => metadata.name)).toEqual(names.map((name) => `agent-platform-${name}`));
  for (const { spec } of bindings) expect(spec).not.toHaveProperty('matchResources');
  for (const { spec } of objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')) {
    expect(spec.matchConditions[0].expression).toMatch(/^request\.userInfo\.username == 'system:serviceaccount:agent-platform:(broker|controller|egress|operator)'$/);
  }
});

test('admission rules about everybody bind to the namespaces of this platform only, by a label that nobody can forget or take off', () => {
  const { chart, platform } = testPlatform();
  platform.addNamespace('a-team', { create: false });
  const bindings = synth(chart).filter(({ kind, metadata }) => kind === 'ValidatingAdmissionPolicyBinding' && !OF_ONE_ACCOUNT.test(metadata.name));
  expect(bindings.length).toBeGreaterThan(0);
  for (const binding of bindings) {
    expect(binding.spec).toMatchObject({
      validationActions: ['Deny'],
      matchResources: {
        namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['a-team', 'agent-platform', 'team-a'] }] },
      },
    });
  }
});

describe('two platforms in one chart', () => {
  const chart = Testing.chart();
  for (const name of ['blue', 'green']) {
    const platform = new AgentPlatform(chart, name, { ...PROPS, namespace: name });
    new WorkerPool(chart, `${name}-pool`, { namespace: platform.addNamespace(`${name}-team`), name: 'python', image: 'example.com/python' });
  }
  const objects = synth(chart);

  test('collide in no object', () => {
    const ids = objects.map(identity);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('share the definitions', () => {
    expect(objects.filter(({ kind }) => kind === 'CustomResourceDefinition')).toHaveLength(6);
  });

  test('give their brokers no right in namespaces of the other', () => {
    for (const { metadata, subjects } of objects.filter(({ kind }) => kind === 'RoleBinding')) {
      expect(metadata.namespace).toContain(subjects[0].namespace);
    }
  });
});

test('definitions of another owner are used, not emitted', () => {
  const objects = synth(testPlatform({ definitions: DefinitionsOwner.EXTERNAL }).chart);
  expect(objects.filter(({ kind }) => kind === 'CustomResourceDefinition')).toEqual([]);
});

test('definitions in a chart of their own are not emitted again', () => {
  const app = Testing.app();
  const crds = new Chart(app, 'crds');
  new CustomResourceDefinitions(crds, 'definitions');
  const chart = new Chart(app, 'platform');
  new AgentPlatform(chart, 'platform', PROPS);
  expect(synth(crds)).toHaveLength(6);
  expect(synth(chart).filter(({ kind }) => kind === 'CustomResourceDefinition')).toEqual([]);
});

test('definitions twice in an app are refused', () => {
  const chart = Testing.chart();
  new CustomResourceDefinitions(chart, 'one');
  expect(() => new CustomResourceDefinitions(chart, 'two')).toThrow("test/two: the definitions exist already at 'test/one'");
});

test('namespaces made elsewhere are closed but not emitted', () => {
  const { chart, platform } = testPlatform({ createNamespace: false });
  platform.addNamespace('team-b', { create: false });
  const objects = synth(chart);
  expect(objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name)).toEqual(['team-a']);
  expect(one(objects, 'NetworkPolicy', 'default-deny', 'team-b')).toBeDefined();
  expect(one(objects, 'NetworkPolicy', 'default-deny', 'agent-platform')).toBeDefined();
});

test('policies of another app can name a namespace of this platform', () => {
  const chart = Testing.chart();
  new BrokerPolicy(chart, 'policy', { namespace: AgentNamespace.fromName('agent-platform', 'team-a'), appliesToTemplates: ['*'], egress: [{ host: 'example.com' }] });
  expect(synth(chart)).toMatchObject([{ kind: 'BrokerPolicy', metadata: { name: 'policy', namespace: 'team-a' } }]);
});

test.each<[string, Partial<AgentPlatformProps>, RegExp]>([
  ['a namespace that is no label', { namespace: 'Agents' }, /test\/platform: namespace must be an RFC 1123 label .* got "Agents"/],
  ['a namespace too long to be a prefix', { namespace: 'n'.repeat(41) }, /at most 40/],
  ['a namespace of the cluster itself', { namespace: 'kube-system' }, /must not begin with 'kube-'.* got 'kube-system'/],
  ['the namespace of those who name none', { namespace: 'default' }, /namespace must not be 'default'/],
  ['a place without node label', { placement: { nodeSelector: { '': '' } } }, /placement.nodeSelector: label key must be/],
  ['rules of no version', { podSecurityVersion: '1.30' }, /podSecurityVersion must be 'latest' or 'v1.25' and newer, such as 'v1.30', got '1.30'/],
  ['rules that are too old', { podSecurityVersion: 'v1.24' }, /'v1.25' and newer/],
])('%s is refused', (_name, props, message) => {
  expect(() => testPlatform(props)).toThrow(message);
});

test('an image by tag is refused before anything is synthesized', () => {
  expect(() => SidecarImage.fromReference('registry.example.com/agent-platform:latest')).toThrow(/has no digest/);
});

test.each([
  ['the namespace of the platform', 'agent-platform', /holds the platform's own parts/],
  ['the same namespace twice', 'team-a', /namespace 'team-a' is taken by 'test\/platform'/],
  ['a name that is no label', 'Team', /RFC 1123 label/],
  ['a namespace that default deny would break', 'kube-system', /test\/platform: namespace must not begin with 'kube-'/],
])('adding %s is refused', (_what, name, message) => {
  const { platform } = testPlatform();
  expect(() => platform.addNamespace(name)).toThrow(message);
});

test('a further Secret without a name is refused', () => {
  const { platform } = testPlatform();
  expect(() => platform.addNamespace('team-b', { additionalSecrets: [''] })).toThrow(/additionalSecrets must be .* got ""/);
});

test.each([
  ['platformName', 'Agents', 'team-a'],
  ['namespaceName', 'agent-platform', 'Team A'],
])('a namespace of another app whose %s is no label is refused by what is put into it', (what, platformName, namespaceName) => {
  const namespace = AgentNamespace.fromName(platformName, namespaceName);
  expect(() => new BrokerPolicy(Testing.chart(), 'policy', { namespace, appliesToTemplates: ['*'], egress: [{ host: 'example.com' }] }))
    .toThrow(`test/policy: ${what} must be an RFC 1123 label`);
});

test('two platforms of one namespace are refused', () => {
  const { chart } = testPlatform();
  expect(() => new AgentPlatform(chart, 'second', PROPS)).toThrow("test/second: namespace 'agent-platform' is taken by 'test/platform'");
});

describe('a template that needs what no policy grants', () => {
  const needy = (options = {}) => {
    const { chart, platform } = testPlatform();
    const namespace = platform.addNamespace('team-b', options);
    new HarnessTemplate(chart, 'needy', { namespace, image: 'example.com/coder', command: ['/coder'], credentials: ['KEY'] });
    return chart;
  };

  test('makes synth fail with its path and its need', () => {
    expect(() => synth(needy())).toThrow(/test\/needy: required credential 'KEY' must be granted; no BrokerPolicy of this app applies/);
  });

  test('is let through where policies are managed elsewhere', () => {
    expect(() => synth(needy({ managedElsewhere: true }))).not.toThrow();
  });
});

describe('a template that shadows a cluster template', () => {
  const shadowing = (templateKinds?: TemplateKind[]) => {
    const { chart, platform, team } = testPlatform();
    new ClusterHarnessTemplate(chart, 'reviewed', { platform, name: 'coder', image: 'example.com/coder', command: ['/coder'] });
    new BrokerPolicy(chart, 'policy', {
      namespace: team,
      appliesToTemplates: ['coder'],
      templateKinds,
      credentials: [CredentialGrant.patPool('KEY', { secret: { name: 'pats', key: 'pool' }, hosts: ['example.com'] })],
      egress: [{ host: 'example.com' }],
    });
    new HarnessTemplate(chart, 'own', { namespace: team, name: 'coder', image: 'example.com/own', command: ['/own'], credentials: ['KEY'] });
    return () => synth(chart);
  };

  test('gets no grant', () => {
    expect(shadowing()).toThrow(/test\/own: required credential 'KEY' must be granted/);
  });

  test('gets the grant of a policy that names its kind', () => {
    expect(shadowing([TemplateKind.NAMESPACED])).not.toThrow();
  });
});
