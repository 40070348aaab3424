import { Size, Testing } from 'cdk8s';
import { AgentPlatformProps, AuditStorage, BrokerCapability, BrokerCatalog, BrokerOptions, BrokerPolicy, BrokerSubject, BrokerTls, CredentialBroker, CredentialGrant } from '../src';
import { Emitted, one, synth } from './helpers/manifests';
import { IMAGE, testPlatform as wholePlatform, TestPlatform } from './helpers/platform';
import { BROKER_ENV, EnvVariable } from '../src/protocol/env';

/** A platform whose only part is the broker. */
function testPlatform(props: Partial<AgentPlatformProps> = {}): TestPlatform {
  return wholePlatform({ egress: { enabled: false }, sessions: { enabled: false }, ...props });
}

/** What synth emits and what the server reads come from one table. */
function expectEnvironment(statefulSet: Emitted, catalog: string): void {
  const names = statefulSet.spec.template.spec.containers[0].env.map((variable: any) => variable.name);
  expect(Object.keys(BROKER_ENV)).toEqual(expect.arrayContaining(names));
  const required = Object.entries<EnvVariable>(BROKER_ENV)
    .filter(([, variable]) => variable.required || variable.requiredWhen?.is === catalog).map(([name]) => name);
  expect(names).toEqual(expect.arrayContaining(required));
}

const { ISSUE } = BrokerCapability;
const CONTROLLER = { namespace: 'paddock-system', serviceAccount: 'controller', capabilities: [BrokerCapability.REVOKE, ISSUE] };

function environmentOf(objects: readonly Emitted[]): Record<string, string> {
  return Object.fromEntries(broker(objects).spec.template.spec.containers[0].env.map(({ name, value }: any) => [name, value]));
}

function broker(objects: readonly Emitted[]): Emitted {
  return one(objects, 'StatefulSet', 'broker');
}

describe('by default', () => {
  const objects = synth(testPlatform().chart);

  test('two replicas are spread, and a drain takes one at a time', () => {
    expect(broker(objects).spec.replicas).toBe(2);
    expect(broker(objects).spec.template.spec.topologySpreadConstraints.map((spread: any) => spread.topologyKey))
      .toEqual(['kubernetes.io/hostname', 'topology.kubernetes.io/zone']);
    expect(one(objects, 'PodDisruptionBudget', 'broker').spec.maxUnavailable).toBe(1);
  });

  test('Service and disruption budget select pods that serve, the workload and policies all pods of the role', () => {
    const serving = { 'cdk8s-agent-platform/role': 'broker', 'cdk8s-agent-platform/serving': 'true' };
    expect(one(objects, 'Service', 'broker').spec.selector).toEqual(serving);
    expect(one(objects, 'PodDisruptionBudget', 'broker').spec.selector.matchLabels).toEqual(serving);
    expect(broker(objects).spec.selector.matchLabels).toEqual({ 'cdk8s-agent-platform/role': 'broker' });
    expect(broker(objects).spec.template.metadata.labels).toMatchObject(serving);
  });

  test('the audit log has a volume claim that outlives the workload', () => {
    expect(broker(objects).spec.volumeClaimTemplates).toMatchObject([{ metadata: { name: 'state' }, spec: { resources: { requests: { storage: '1Gi' } } } }]);
    expect(broker(objects).spec.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: 'Retain', whenScaled: 'Retain' });
  });

  test.each(['broker-keyring', 'broker-tls'])('the key Secret %s is Opaque and has neither data nor stringData', (name) => {
    const secret = one(objects, 'Secret', name);
    expect(secret.type).toBe('Opaque');
    expect(secret).not.toHaveProperty('data');
    expect(secret).not.toHaveProperty('stringData');
  });

  test('the environment holds only what the server reads, and everything it must have', () => {
    expectEnvironment(broker(objects), 'kubernetes');
  });

  test('the address that clients use names the Service and its port', () => {
    expect(testPlatform().platform.broker.url).toBe('https://broker.agent-platform.svc:8443');
    expect(one(objects, 'Service', 'broker').spec.ports).toEqual([{ name: 'broker-api', port: 8443, targetPort: 'broker-api', protocol: 'TCP' }]);
  });
});

test('the broker may read exactly the Secrets that the policies of a namespace name', () => {
  const { chart, team } = testPlatform();
  new BrokerPolicy(chart, 'model', {
    namespace: team,
    appliesToTemplates: ['*'],
    credentials: [CredentialGrant.anthropicApi('MODEL_KEY', { secret: { name: 'model-key', key: 'token' } })],
    egress: [{ host: 'api.anthropic.com', ports: [443] }],
  });
  const rules = one(synth(chart), 'Role', 'agent-platform-broker', 'team-a').rules;
  expect(rules.filter((rule: any) => rule.resources.includes('secrets'))).toEqual([
    { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['model-key'] },
  ]);
});

test('a namespace without policies gives the broker no right to any Secret in it', () => {
  const rules = one(synth(testPlatform().chart), 'Role', 'agent-platform-broker', 'team-a').rules;
  expect(rules.flatMap((rule: any) => rule.resources)).not.toContain('secrets');
});

test('Secrets that policies outside the app name can be added', () => {
  const { chart, platform } = testPlatform();
  platform.addNamespace('team-b', { additionalSecrets: ['b', 'a', 'a'] });
  const rules = one(synth(chart), 'Role', 'agent-platform-broker', 'team-b').rules;
  expect(rules.find((rule: any) => rule.resources.includes('secrets')).resourceNames).toEqual(['a', 'b']);
});

test('namespaces added later are served too', () => {
  const { chart, platform } = testPlatform();
  platform.addNamespace('a-team');
  const env = broker(synth(chart)).spec.template.spec.containers[0].env;
  expect(env.find((variable: any) => variable.name === 'RUN_NAMESPACES').value).toBe('a-team,team-a');
});

test('with an existing certificate the broker owns no TLS Secret, no CA, and no right to either', () => {
  const objects = synth(testPlatform({ broker: { tls: BrokerTls.existingSecret('from-cert-manager') } }).chart);
  expect(objects.filter((object) => ['broker-tls', 'broker-ca'].includes(object.metadata.name))).toEqual([]);
  expect(JSON.stringify(one(objects, 'Role', 'broker'))).not.toContain('broker-tls');
  expect(broker(objects).spec.template.spec.volumes).toContainEqual({ name: 'tls', secret: { secretName: 'from-cert-manager', defaultMode: 0o440 } });
});

test('nobody may act for others, unless named: the broker reads that from a ConfigMap', () => {
  const identities = (options: BrokerOptions) => one(synth(testPlatform({ broker: options }).chart), 'ConfigMap', 'broker-identities').data;
  expect(identities({})).toEqual({ 'identities.json': '{}' });
  expect(identities({ callers: [CONTROLLER] })).toEqual({ 'identities.json': '{"paddock-system/controller":{"capabilities":["issue","revoke"]}}' });
  expect(environmentOf(synth(testPlatform().chart))).toMatchObject({ IDENTITIES_FILE: '/etc/agent-platform/identities/identities.json' });
});

test('a caller that acts for sessions only is written so, and one that does not say has no field for it', () => {
  const callers = [{ ...CONTROLLER, subjects: [BrokerSubject.SESSIONS, BrokerSubject.RUNS] }, { ...CONTROLLER, serviceAccount: 'other' }];
  const text = one(synth(testPlatform({ broker: { callers } }).chart), 'ConfigMap', 'broker-identities').data['identities.json'];
  expect(JSON.parse(text)).toEqual({
    'paddock-system/controller': { capabilities: ['issue', 'revoke'], subjects: ['runs', 'sessions'] },
    'paddock-system/other': { capabilities: ['issue', 'revoke'] },
  });
});

test('limits reach the broker, and what is not said stays its default', () => {
  const env = environmentOf(synth(testPlatform({ broker: { limits: { validateEgressPerSecond: 300 } } }).chart));
  expect(env).toMatchObject({ VALIDATE_PER_SECOND: '300' });
  expect(Object.keys(env)).not.toContain('ISSUE_PER_SECOND');
});

test('a broker that makes its certificate mounts none; with one from elsewhere it makes none', () => {
  expect(environmentOf(synth(testPlatform().chart))).toMatchObject({ TLS_SELF_MADE: 'true' });
  const given = environmentOf(synth(testPlatform({ broker: { tls: BrokerTls.existingSecret('mine') } }).chart));
  expect(Object.keys(given)).not.toContain('TLS_SELF_MADE');
  expect(given).toMatchObject({ TLS_DIR: '/etc/agent-platform/tls' });
});

test('an ephemeral audit log stays below the limit at which the kubelet ends the pod', () => {
  const env = environmentOf(synth(testPlatform({ broker: { auditStorage: AuditStorage.ephemeral() } }).chart));
  expect(env).toMatchObject({ AUDIT_MAX_MEBIBYTES: '192' });
});

test('an ephemeral audit log is a limited folder of the pod and makes no claim', () => {
  const objects = synth(testPlatform({ broker: { auditStorage: AuditStorage.ephemeral(Size.mebibytes(512)) } }).chart);
  expect(broker(objects).spec).not.toHaveProperty('volumeClaimTemplates');
  expect(broker(objects).spec.template.spec.volumes).toContainEqual({ name: 'state', emptyDir: { sizeLimit: '512Mi' } });
});

test('one replica has no disruption budget, which would only block drains', () => {
  const objects = synth(testPlatform({ broker: { replicas: 1 } }).chart);
  expect(objects.filter((object) => object.kind === 'PodDisruptionBudget')).toEqual([]);
});

test.each([0, 10, 1.5, Number.NaN])('%d replicas are refused with the construct path and the range', (replicas) => {
  expect(() => testPlatform({ broker: { replicas } })).toThrow(`test/platform/broker: replicas must be a whole number from 1 to 9, got ${replicas}`);
});

test.each<[string, BrokerOptions, RegExp]>([
  ['a claim of nothing', { auditStorage: AuditStorage.claim({ size: Size.gibibytes(0) }) }, /test\/platform\/broker: auditStorage.size must be 256Mi or more, got 0Gi/],
  ['a folder without limit', { auditStorage: AuditStorage.ephemeral(Size.mebibytes(255)) }, /auditStorage.size must be 256Mi or more, got 255Mi/],
  ['a caller without capabilities', { callers: [{ namespace: 'a', serviceAccount: 'b', capabilities: [] }] }, /callers\[0\].capabilities must name one or more/],
  ['a capability twice', { callers: [{ namespace: 'a', serviceAccount: 'b', capabilities: [ISSUE, ISSUE] }] }, /callers\[0\].capabilities must differ, got issue, issue/],
  ['a caller for nobody', { callers: [{ ...CONTROLLER, subjects: [] }] }, /callers\[0\].subjects must name one or more, or be left out/],
  ['a subject twice', { callers: [{ ...CONTROLLER, subjects: [BrokerSubject.RUNS, BrokerSubject.RUNS] }] }, /callers\[0\].subjects must differ, got runs, runs/],
  ['a caller twice', { callers: [CONTROLLER, CONTROLLER] }, /callers\[1\] is paddock-system\/controller, which is there already/],
  ['a caller that cannot be', { callers: [{ ...CONTROLLER, namespace: 'A B' }] }, /callers\[0\].namespace must be .* got "A B"/],
  ['no requests at all', { limits: { issuePerSecond: 0 } }, /limits.issuePerSecond must be a whole number from 1 to 10000, got 0/],
  ['half a request', { limits: { substituteAuthPerSecond: 0.5 } }, /limits.substituteAuthPerSecond must be a whole number .* got 0.5/],
  ['a StorageClass that cannot be', { auditStorage: AuditStorage.claim({ storageClassName: 'Fast SSD' }) }, /auditStorage.storageClassName must be .* got "Fast SSD"/],
  ['a certificate without name', { tls: BrokerTls.existingSecret('') }, /tls.secretName must be .* got ""/],
  ['documents without name', { catalog: BrokerCatalog.directory('', 'credentials'), tls: BrokerTls.existingSecret('tls') }, /catalog.configMapName must be .* got ""/],
  ['a request above its limit', { resources: { memory: { request: Size.gibibytes(2), limit: Size.gibibytes(1) } } }, /resources.memory: the request must not exceed the limit/],
])('%s is refused', (_what, options, message) => {
  expect(() => testPlatform({ broker: options })).toThrow(message);
});

test('a broker of its own is refused names that no object can have', () => {
  expect(() => new CredentialBroker(Testing.chart(), 'broker', { platformName: 'A B', namespace: 'X_Y', image: IMAGE }))
    .toThrow(/test\/broker: platformName must be .* got "A B"; namespace must be .* got "X_Y"/);
});

describe('a broker over mounted documents', () => {
  const options = { catalog: BrokerCatalog.directory('documents', 'credentials'), tls: BrokerTls.existingSecret('tls') };
  const objects = synth(testPlatform({ broker: options }).chart);
  const { spec } = broker(objects).spec.template;

  test('is one replica with the documents, the Secret and the callers mounted', () => {
    expect(broker(objects).spec.replicas).toBe(1);
    expect(spec.containers[0].volumeMounts.map((mount: any) => mount.mountPath)).toEqual(expect.arrayContaining([
      '/etc/agent-platform/catalog/documents', '/etc/agent-platform/catalog/secrets', '/etc/agent-platform/callers',
    ]));
    expect(spec.containers[0].env).toEqual(expect.arrayContaining([
      { name: 'CATALOG', value: 'directory' },
      { name: 'CATALOG_DIR', value: '/etc/agent-platform/catalog' },
      { name: 'CALLERS_FILE', value: '/etc/agent-platform/callers/callers' },
    ]));
  });

  test('gets the environment of its catalog', () => {
    expectEnvironment(broker(objects), 'directory');
  });

  test('has no token, no right, and no way to the API server', () => {
    expect(spec.volumes.map((volume: any) => volume.name)).not.toContain('api-token');
    expect(objects.filter(({ kind }) => /Role/.test(kind))).toEqual([]);
    expect(JSON.stringify(one(objects, 'NetworkPolicy', 'allow-broker').spec)).not.toContain('6443');
  });

  test('owns no object that only the API could fill', () => {
    expect(objects.filter(({ kind, metadata }) => kind === 'Secret' || metadata.name === 'broker-slots')).toEqual([]);
  });

  test('is refused two replicas', () => {
    expect(() => testPlatform({ broker: { ...options, replicas: 2 } })).toThrow(/replicas must be 1 with BrokerCatalog.directory.* got 2/);
  });

  test('is refused callers, whose ServiceAccounts it cannot review', () => {
    expect(() => testPlatform({ broker: { ...options, callers: [CONTROLLER] } })).toThrow(/callers must be in the Secret of BrokerCatalog.directory/);
  });

  test('is refused a certificate of its own', () => {
    expect(() => testPlatform({ broker: { catalog: options.catalog } })).toThrow(/tls must be BrokerTls.existingSecret/);
  });
});
