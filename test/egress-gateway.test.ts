import { Cpu } from 'cdk8s-plus-28';
import { AgentPlatformProps, BrokerCatalog, BrokerTls, EgressOptions } from '../src';
import { Emitted, environmentOf as environmentOfRole, one, podOf as ofRole, synth } from './helpers/manifests';
import { testPlatform } from './helpers/platform';
import { EGRESS_ENV, EnvVariable } from '../src/protocol/env';

const objectsOf = (egress: EgressOptions = {}, props: Partial<AgentPlatformProps> = {}) => synth(testPlatform({ egress, ...props }).chart);
const podOf = (objects: readonly Emitted[]) => ofRole(objects, 'egress');
const environmentOf = (objects: readonly Emitted[]) => environmentOfRole(objects, 'egress');
const volumeOf = (objects: readonly Emitted[], name: string) => podOf(objects).volumes.find((volume: any) => volume.name === name);
const templateOf = (objects: readonly Emitted[]) => one(objects, 'Deployment', 'egress').spec.template;
const namesOf = (objects: readonly Emitted[]) => objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
const objects = objectsOf();

describe('by default', () => {
  test('there is one, of two replicas that are spread, and a drain takes one at a time', () => {
    expect(testPlatform().platform.egress).toBeDefined();
    expect(one(objects, 'Deployment', 'egress').spec).toMatchObject({ replicas: 2, selector: { matchLabels: { 'cdk8s-agent-platform/role': 'egress' } } });
    expect(one(objects, 'PodDisruptionBudget', 'egress').spec.maxUnavailable).toBe(1);
    expect(podOf(objects).topologySpreadConstraints).toHaveLength(2);
  });

  test('the environment holds only what the server reads, and everything it must have', () => {
    const names = Object.keys(environmentOf(objects));
    expect(Object.keys(EGRESS_ENV)).toEqual(expect.arrayContaining(names));
    const required = Object.entries<EnvVariable>(EGRESS_ENV).filter(([, variable]) => variable.required || variable.requiredWhen?.is === 'kubernetes').map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(required));
  });

  test('only what is known to be substituted is looked into, and no private address is reached', () => {
    expect(Object.keys(environmentOf(objects))).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(INSPECT|DESTINATIONS|UPSTREAM)/)]));
    expect(namesOf(objects)).not.toContain('ConfigMap/egress-destinations');
  });

  test('it listens for clients, for those without proxy settings and behind the fence', () => {
    expect(podOf(objects).containers[0].ports.map(({ name, containerPort }: any) => [name, containerPort])).toEqual([
      ['egress-proxy', 15001], ['egress-base-url', 15002], ['egress-fence', 15003], ['admin', 8081],
    ]);
    expect(environmentOf(objects)).toMatchObject({ EGRESS_LISTEN: ':15001', EGRESS_BASE_URL_LISTEN: ':15002', EGRESS_FENCE_LISTEN: ':15003' });
  });

  test('its Secret is Opaque and has neither data nor stringData', () => {
    expect(one(objects, 'Secret', 'egress-ca')).toMatchObject({ type: 'Opaque' });
    expect(Object.keys(one(objects, 'Secret', 'egress-ca')).sort()).toEqual(['apiVersion', 'kind', 'metadata', 'type']);
  });

  test('the key of its CA is in no pod', () => {
    expect(JSON.stringify(objects.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet'))).not.toContain('egress-ca');
  });
});

describe('its Service', () => {
  const service = one(objects, 'Service', 'egress');

  test('has the port of the fence too, and not that of metrics', () => {
    expect(service.spec.ports.map(({ name }: any) => name)).toEqual(['egress-proxy', 'egress-base-url', 'egress-fence']);
    expect(service.spec.selector).toEqual({ 'cdk8s-agent-platform/role': 'egress', 'cdk8s-agent-platform/serving': 'true' });
  });

  test('is the one object that no GitOps tool prunes: running agents know its address', () => {
    const keeping = (object: Emitted) => (object.metadata as any).annotations?.['argocd.argoproj.io/sync-options'] === 'Prune=false';
    expect(objects.filter(keeping)).toEqual([service]);
    expect((service.metadata as any).annotations).toMatchObject({ 'kustomize.toolkit.fluxcd.io/prune': 'disabled', 'argocd.argoproj.io/sync-wave': '0' });
  });

  test.each(['10.96.200.1', 'fd00:10::7'])('has the address that was chosen: %s', (clusterIp) => {
    expect(service.spec).not.toHaveProperty('clusterIP');
    expect(one(objectsOf({ clusterIp }), 'Service', 'egress').spec.clusterIP).toBe(clusterIp);
  });
});

describe('its rights', () => {
  const rulesOf = (name: string, namespace: string, from = objects) => one(from, 'Role', name, namespace).rules
    .map(({ resources, verbs, resourceNames }: any) => [...resources, ...verbs, ...resourceNames].join(' '));

  test('are its CA and the address of its Service', () => {
    expect(rulesOf('egress', 'agent-platform')).toEqual(['secrets get update egress-ca', 'services get egress']);
  });

  test('and in each namespace of agents what these trust, and nothing else there', () => {
    const { chart, platform } = testPlatform();
    platform.addNamespace('a-team');
    const made = synth(chart);
    for (const namespace of ['a-team', 'team-a']) {
      expect(rulesOf('agent-platform-egress', namespace, made)).toEqual(['configmaps get update agent-trust']);
      expect(one(made, 'ConfigMap', 'agent-trust', namespace)).not.toHaveProperty('data');
    }
    expect(environmentOf(made)).toMatchObject({ AGENT_NAMESPACES: 'a-team,team-a' });
  });

  test('are none in the whole cluster', () => {
    const bound = objects.filter(({ kind, subjects }) => kind === 'ClusterRoleBinding' && subjects.some(({ name }: any) => name === 'egress'));
    expect(bound).toEqual([]);
  });
});

describe('at the broker', () => {
  const identities = (props: Partial<AgentPlatformProps>) => JSON.parse(one(objectsOf({}, props), 'ConfigMap', 'broker-identities').data['identities.json']);

  test('it may ask about connections and exchange bearers, and get none', () => {
    expect(identities({})['agent-platform/egress']).toEqual({ capabilities: ['substitute-auth', 'validate-egress'] });
  });

  test('it shows a token of its own that the API server does not take', () => {
    expect(volumeOf(objects, 'broker-token').projected.sources).toEqual([{ serviceAccountToken: { audience: 'paddock-broker', path: 'token', expirationSeconds: 3600 } }]);
    expect(environmentOf(objects)).toMatchObject({
      BROKER_URL: 'https://broker.agent-platform.svc:8443', BROKER_TOKEN_FILE: '/etc/agent-platform/broker-token/token', BROKER_CA_FILE: '/etc/agent-platform/broker-ca/ca.crt',
    });
  });

  test('with an existing certificate it trusts the authority in that Secret, and sees nothing else of it', () => {
    const made = objectsOf({}, { broker: { tls: BrokerTls.existingSecret('mine') } });
    expect(volumeOf(made, 'broker-ca').secret).toEqual({ secretName: 'mine', defaultMode: 0o440, items: [{ key: 'ca.crt', path: 'ca.crt' }] });
  });
});

describe('without it', () => {
  const directory = { broker: { catalog: BrokerCatalog.directory('documents', 'secrets'), tls: BrokerTls.existingSecret('mine') } };
  const isOfEgress = (object: Emitted) => object.metadata.labels?.['cdk8s-agent-platform/part'] === 'egress' || object.metadata.name.includes('egress');

  test.each<[string, Partial<AgentPlatformProps>]>([
    ['because it was said so', { egress: { enabled: false } }],
    ['because the broker reads documents, and knows no ServiceAccount', directory],
  ])('there is no object, right, rule and identity of it: %s', (_why, props) => {
    const { chart, platform } = testPlatform(props);
    expect(platform.egress).toBeUndefined();
    const made = synth(chart);
    expect(made.filter(isOfEgress)).toEqual([]);
    expect(JSON.stringify(made.filter(({ metadata }) => metadata.name === 'broker-identities'))).not.toContain('validate-egress');
  });

  test.each<[string, Partial<AgentPlatformProps>, RegExp]>([
    ['an option', { egress: { enabled: false, replicas: 3 } }, /test\/platform: egress\.replicas has no effect without the proxy; leave it out, or leave out 'enabled: false'/],
    ['a broker of documents, and still wanting it', { ...directory, egress: { enabled: true } }, /egress must be left out with BrokerCatalog\.directory/],
    ['a broker of documents, and an option', { ...directory, egress: { inspectAlways: true } }, /egress must be left out with BrokerCatalog\.directory/],
  ])('%s is refused', (_what, props, message) => {
    expect(() => testPlatform(props)).toThrow(message);
  });
});

test('limits and inspection reach the server, and what is not said stays its default', () => {
  expect(environmentOf(objectsOf({ inspectAlways: true, limits: { connectionsPerRun: 7 } }))).toMatchObject({ INSPECT: 'always', CONNECTIONS_PER_RUN: '7' });
  expect(environmentOf(objectsOf({ limits: { connectionsPerRun: 7 } }))).not.toHaveProperty('REQUESTS_PER_SECOND');
});

test('authorities of upstreams come from one key of a ConfigMap', () => {
  const made = objectsOf({ upstreamCa: { name: 'corp-ca', key: 'roots.pem' } });
  expect(volumeOf(made, 'upstream-ca').projected.sources).toEqual([{ configMap: { name: 'corp-ca', items: [{ key: 'roots.pem', path: 'ca.crt' }] } }]);
  expect(environmentOf(made)).toMatchObject({ UPSTREAM_CA_FILE: '/etc/agent-platform/upstream-ca/ca.crt' });
});

test('destinations are read once, so others make other pods, and two spellings are one', () => {
  const to = (cidr: string) => objectsOf({ privateDestinations: [{ host: 'git.corp.example', cidr }] });
  const [one6, other] = [to('2001:DB8::/32'), to('2001:db9::/32')];
  expect(JSON.parse(one(one6, 'ConfigMap', 'egress-destinations').data['destinations.json'])).toEqual({ privateDestinations: [{ host: 'git.corp.example', cidr: '2001:db8::/32' }] });
  expect(templateOf(to('2001:db8:0::/32'))).toEqual(templateOf(one6));
  expect(templateOf(other)).not.toEqual(templateOf(one6));
  expect(environmentOf(one6)).toMatchObject({ DESTINATIONS_FILE: '/etc/agent-platform/destinations/destinations.json' });
});

test('it runs where the parts of the platform may run', () => {
  expect(podOf(objectsOf({}, { placement: { nodeSelector: { pool: 'platform' }, runtimeClassName: 'gvisor' } }))).toMatchObject({
    nodeSelector: { pool: 'platform' }, runtimeClassName: 'gvisor',
  });
});

test('one replica has no disruption budget', () => {
  expect(namesOf(objectsOf({ replicas: 1 }))).not.toContain('PodDisruptionBudget/egress');
});

test.each<[string, EgressOptions, RegExp]>([
  ['no replica', { replicas: 0 }, /test\/platform\/egress: replicas must be a whole number from 1 to 100, got 0/],
  ['a request above its limit', { resources: { cpu: { request: Cpu.units(2), limit: Cpu.units(1) } } }, /resources\.cpu: the request/],
  ['an address that is none', { clusterIp: '10.0.0' }, /clusterIp must be an IPv4 or IPv6 address, got "10\.0\.0"/],
  ['a Service without address', { clusterIp: 'None' }, /clusterIp must be an IPv4 or IPv6 address, got "None"/],
  ['an address of one interface', { clusterIp: 'fe80::1%eth0' }, /clusterIp must be/],
  ['an authority in a ConfigMap that cannot be', { upstreamCa: { name: 'Corp', key: 'ca' } }, /upstreamCa\.name must be .* got "Corp"/],
  ['an authority in an entry that cannot be', { upstreamCa: { name: 'corp', key: '../ca' } }, /upstreamCa\.key must be the key of an entry/],
  ['no connection at all', { limits: { connectionsPerRun: 0 } }, /limits\.connectionsPerRun must be a whole number from 1 to 10000, got 0/],
  ['half a request', { limits: { requestsPerSecond: 0.5 } }, /limits\.requestsPerSecond must be a whole number .* got 0\.5/],
])('%s is refused', (_what, options, message) => {
  expect(() => objectsOf(options)).toThrow(message);
});
