import { Duration, Size } from 'cdk8s';
import {
  AgentPlatformProps, BrokerCatalog, BrokerTls, ControllerAuthentication, ControllerOptions, GatewayAuthentication, HarnessTemplate, WorkerPool,
  WorkerWorkload,
} from '../src';
import { Emitted, environmentOf as environmentOfRole, one, podOf as ofRole, synth } from './helpers/manifests';
import { testPlatform } from './helpers/platform';
import { CONTROLLER_ENV, EnvVariable } from '../src/protocol/env';

const objectsOf = (controller: ControllerOptions = {}, props: Partial<AgentPlatformProps> = {}) => (
  synth(testPlatform({ sessions: { controller }, ...props }).chart));
const podOf = (objects: readonly Emitted[]) => ofRole(objects, 'controller');
const environmentOf = (objects: readonly Emitted[]) => environmentOfRole(objects, 'controller');
const callersOf = (objects: readonly Emitted[]) => JSON.parse(one(objects, 'ConfigMap', 'controller-callers').data['callers.json']);
const objects = objectsOf();

describe('by default', () => {
  test('two replicas are spread, and a drain takes one at a time', () => {
    expect(one(objects, 'Deployment', 'controller').spec).toMatchObject({ replicas: 2, selector: { matchLabels: { 'cdk8s-agent-platform/role': 'controller' } } });
    expect(one(objects, 'PodDisruptionBudget', 'controller').spec.maxUnavailable).toBe(1);
    expect(podOf(objects).topologySpreadConstraints).toHaveLength(2);
  });

  test('the environment holds only what the server reads, and everything it must have', () => {
    const names = Object.keys(environmentOf(objects));
    expect(Object.keys(CONTROLLER_ENV)).toEqual(expect.arrayContaining(names));
    const required = Object.entries<EnvVariable>(CONTROLLER_ENV).filter(([, variable]) => variable.required || variable.requiredWhen?.is === 'pods').map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(required));
  });

  test('tokens are reviewed, and only the gateway of the platform may call', () => {
    expect(environmentOf(objects)).toMatchObject({ AUTH: 'token-review', CALLERS_FILE: '/etc/agent-platform/callers/callers.json' });
    expect(callersOf(objects)).toEqual({ 'agent-platform/gateway': { onBehalf: true } });
  });

  test.each(['session-keys', 'controller-bootstrap', 'controller-tls'])('the Secret %s is Opaque and has neither data nor stringData', (name) => {
    expect(Object.keys(one(objects, 'Secret', name)).sort()).toEqual(['apiVersion', 'kind', 'metadata', 'type']);
  });

  test('the Lease has no holder', () => {
    expect(Object.keys(one(objects, 'Lease', 'controller')).sort()).toEqual(['apiVersion', 'kind', 'metadata']);
  });

  test('its address is known, and has the name of the Service', () => {
    expect(testPlatform().platform.controller!.url).toBe('https://controller.agent-platform.svc:8090');
    expect(one(objects, 'Service', 'controller').spec.ports).toEqual([{ name: 'controller-api', port: 8090, targetPort: 'controller-api', protocol: 'TCP' }]);
  });
});

describe('its pools', () => {
  const { chart, team, platform } = testPlatform();
  const other = platform.addNamespace('a-team');
  new WorkerPool(chart, 'python', { namespace: team, image: 'a' });
  const template = new HarnessTemplate(chart, 'coder', { namespace: other, image: 'b', command: ['/c'] });
  new WorkerPool(chart, 'node', { namespace: other, image: 'a', maxSession: Duration.hours(1), idleTimeout: Duration.minutes(2), template });
  platform.addNamespace('no-pools');
  const made = synth(chart);

  test('are all the warm ones, with what their sessions may have', () => {
    expect(JSON.parse(one(made, 'ConfigMap', 'controller-pools').data['pools.json'])).toEqual({
      pools: [
        { namespace: 'a-team', name: 'node', template: 'coder', maxSessionSeconds: 3600, idleSeconds: 120 },
        { namespace: 'team-a', name: 'python', maxSessionSeconds: 28_800, idleSeconds: 900 },
      ],
    });
  });

  test('have an object each that owns their claimed workers, and that only who deploys fills', () => {
    const owner = one(made, 'ConfigMap', 'pool-python', 'team-a');
    expect(owner.metadata.labels).toMatchObject({ 'cdk8s-agent-platform/pool': 'python', 'cdk8s-agent-platform/part': 'workers' });
    expect(owner).not.toHaveProperty('data');
  });

  test('give it rights in their namespaces and in no others', () => {
    const bound = made.filter(({ kind, subjects }) => kind === 'RoleBinding' && subjects[0].name === 'controller').map(({ metadata }) => metadata.namespace);
    expect(bound.sort()).toEqual(['a-team', 'agent-platform', 'team-a']);
    const { rules } = one(made, 'Role', 'agent-platform-controller', 'team-a');
    expect(rules.map(({ resources, verbs, resourceNames }: any) => [resources, verbs, resourceNames])).toEqual([
      [['pods'], ['get', 'list', 'watch', 'patch', 'delete'], undefined],
      [['configmaps'], ['get'], ['pool-python']],
      [['configmaps'], ['get', 'update'], ['agent-trust']],
    ]);
  });

  test('of sticky workers and batches are none of its business', () => {
    const sticky = testPlatform();
    new WorkerPool(sticky.chart, 'sticky', { namespace: sticky.team, image: 'a', workload: WorkerWorkload.sticky() });
    new WorkerPool(sticky.chart, 'batch', { namespace: sticky.team, image: 'a', workload: WorkerWorkload.batch({ command: ['/work'] }) });
    const emitted = synth(sticky.chart);
    expect(JSON.parse(one(emitted, 'ConfigMap', 'controller-pools').data['pools.json'])).toEqual({ pools: [] });
    expect(emitted.filter(({ kind, metadata }) => (kind === 'ConfigMap' && metadata.name.startsWith('pool-')) || (kind === 'Role' && metadata.name === 'agent-platform-controller'))).toEqual([]);
  });
});

describe('at the broker', () => {
  const identities = (props: Partial<AgentPlatformProps>) => JSON.parse(one(objectsOf({}, props), 'ConfigMap', 'broker-identities').data['identities.json']);

  test('it may act for sessions, and not for runs', () => {
    expect(identities({ egress: { enabled: false } })).toEqual({ 'agent-platform/controller': { capabilities: ['issue', 'issue-egress', 'revoke'], subjects: ['sessions'] } });
  });

  test('it shows a token of its own that the API server does not take', () => {
    expect(podOf(objects).volumes).toContainEqual({
      name: 'broker-token', projected: { defaultMode: 0o440, sources: [{ serviceAccountToken: { audience: 'paddock-broker', path: 'token', expirationSeconds: 3600 } }] },
    });
    expect(environmentOf(objects)).toMatchObject({
      BROKER_URL: 'https://broker.agent-platform.svc:8443', BROKER_TOKEN_FILE: '/etc/agent-platform/broker-token/token', BROKER_CA_FILE: '/etc/agent-platform/broker-ca/ca.crt',
    });
  });

  test('with an existing certificate it trusts the authority in that Secret, and sees nothing else of it', () => {
    const made = objectsOf({}, { broker: { tls: BrokerTls.existingSecret('mine') } });
    expect(podOf(made).volumes).toContainEqual({ name: 'broker-ca', secret: { secretName: 'mine', defaultMode: 0o440, items: [{ key: 'ca.crt', path: 'ca.crt' }] } });
  });

  test('that reads documents it has no business', () => {
    const made = objectsOf({}, { broker: { catalog: BrokerCatalog.directory('documents', 'secrets'), tls: BrokerTls.existingSecret('mine') } });
    expect(Object.keys(environmentOf(made)).filter((name) => name.startsWith('BROKER_'))).toEqual([]);
    expect(JSON.stringify(podOf(made))).not.toContain('paddock-broker');
  });
});

describe('callers', () => {
  const { tokenReview, none } = ControllerAuthentication;

  test('from elsewhere are added to the gateway', () => {
    const authentication = tokenReview({ namespace: 'ci', serviceAccount: 'runner', namespaces: ['b', 'a'] }, { namespace: 'edge', serviceAccount: 'router', onBehalf: true });
    expect(callersOf(objectsOf({ authentication }))).toEqual({
      'agent-platform/gateway': { onBehalf: true }, 'ci/runner': { namespaces: ['a', 'b'] }, 'edge/router': { onBehalf: true },
    });
  });

  test('that are not told apart need no file and no right to review tokens', () => {
    const sessions = { controller: { authentication: none() }, gateway: { authentication: GatewayAuthentication.anonymous() } };
    const made = synth(testPlatform({ sessions }).chart);
    expect(environmentOf(made)).toMatchObject({ AUTH: 'none' });
    expect(Object.keys(environmentOf(made))).not.toContain('CALLERS_FILE');
    expect(made.filter(({ kind, metadata }) => metadata.name === 'agent-platform-controller' && kind.startsWith('ClusterRole'))).toEqual([]);
  });

  test('that are not told apart are refused beside a gateway that tells its clients apart', () => {
    expect(() => objectsOf({ authentication: none() })).toThrow(/knows no owners, so sessions\.gateway\.authentication must be GatewayAuthentication\.anonymous\(\)/);
  });

  test.each<[string, ControllerOptions, RegExp]>([
    ['the gateway again', { authentication: tokenReview({ namespace: 'agent-platform', serviceAccount: 'gateway' }) }, /callers\[0\] is agent-platform\/gateway, which is there already/],
    ['one caller twice', { authentication: tokenReview({ namespace: 'a', serviceAccount: 'b' }, { namespace: 'a', serviceAccount: 'b' }) }, /callers\[1\] is a\/b, which is there/],
    ['a namespace that is none', { authentication: tokenReview({ namespace: 'A', serviceAccount: 'b' }) }, /callers\[0\]\.namespace must be .* got "A"/],
    ['an empty list', { authentication: tokenReview({ namespace: 'a', serviceAccount: 'b', namespaces: [] }) }, /namespaces must name one or more/],
    ['a list that says nothing', { authentication: tokenReview({ namespace: 'a', serviceAccount: 'b', namespaces: ['c'], onBehalf: true }) }, /no effect with onBehalf/],
  ])('are refused: %s', (_what, options, message) => {
    expect(() => objectsOf(options)).toThrow(message);
  });
});

test.each<[string, ControllerOptions, RegExp]>([
  ['no replica', { replicas: 0 }, /test\/platform\/controller: replicas must be a whole number from 1 to 9, got 0/],
  ['a wait beyond a minute', { claimTimeout: Duration.seconds(61) }, /claimTimeout in seconds must be a whole number from 0 to 60, got 61/],
  ['half a second', { claimTimeout: Duration.millis(500) }, /claimTimeout in seconds .* got 0.5/],
  ['a request above its limit', { resources: { memory: { request: Size.gibibytes(2), limit: Size.gibibytes(1) } } }, /resources.memory: the request/],
])('%s is refused', (_what, options, message) => {
  expect(() => objectsOf(options)).toThrow(message);
});

test('one replica has no disruption budget', () => {
  expect(objectsOf({ replicas: 1 }).filter(({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.name === 'controller')).toEqual([]);
});
