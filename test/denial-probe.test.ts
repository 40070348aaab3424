import { ApiObject, Duration, JsonPatch, Testing } from 'cdk8s';
import { Construct } from 'constructs';
import { AgentPlatformProps, AuditRetention, DenialProbe, DenialProbeProps, WorkerPool } from '../src';
import { Emitted, one, podSpecs } from './helpers/manifests';
import { testPlatform } from './helpers/platform';
import { emittedObjects } from '../src/private/emitted-objects';
import { podSecurityProblems } from '../src/private/pod-security-validation';
import { validateReach } from '../src/private/reach-validation';
import { ANNOTATIONS, LABELS } from '../src/protocol/names';
import { ProbeConfig } from '../src/protocol/probe';

const SERVICE_CIDR = '10.96.0.0/16';
const BROKER_ALONE = { broker: { auditRetention: AuditRetention.forever() }, egress: { enabled: false }, sessions: { enabled: false } };
type Options = Partial<Omit<DenialProbeProps, 'platform'>>;

function world(options: Options = {}, props: Partial<AgentPlatformProps> = {}) {
  const made = testPlatform({ ...BROKER_ALONE, ...props });
  const probe = new DenialProbe(made.chart, 'probe', { platform: made.platform, serviceCidr: SERVICE_CIDR, ...options });
  const pool = (name: string) => new WorkerPool(made.chart, name, { namespace: made.team, name, image: 'example.com/worker' });
  pool('python');
  return { ...made, probe, pool, emitted: (): Emitted[] => Testing.synth(made.chart) };
}

const probeObjects = (objects: readonly Emitted[]) => objects.filter(({ kind, metadata }) => kind !== 'NetworkPolicy' && /^probe(-|$)/.test(metadata.name));
const configOf = (objects: readonly Emitted[], name: string): ProbeConfig => JSON.parse(one(objects, 'ConfigMap', name).data['probe.json']);
const jobs = (objects: readonly Emitted[]) => objects.filter(({ kind }) => kind === 'Job');

describe('what is made', () => {
  test('a Job, a Service and a ConfigMap for each endpoint, and a control without Service', () => {
    const names = probeObjects(world().emitted()).map(({ kind, metadata }) => `${metadata.namespace}/${kind}/${metadata.name}`);
    expect(names.sort()).toEqual([
      'agent-platform/ConfigMap/probe-broker', 'agent-platform/ConfigMap/probe-control', 'agent-platform/Job/probe-broker', 'agent-platform/Job/probe-control',
      'agent-platform/Service/probe-broker', 'agent-platform/ServiceAccount/probe',
      'team-a/ConfigMap/probe-session-python', 'team-a/Job/probe-session-python', 'team-a/Service/probe-session-python', 'team-a/ServiceAccount/probe',
    ]);
  });

  test('the same for a pool that is there before the probe and one that comes after', () => {
    const { chart, platform, team } = testPlatform(BROKER_ALONE);
    new WorkerPool(chart, 'before', { namespace: team, image: 'example.com/worker' });
    new DenialProbe(chart, 'probe', { platform, serviceCidr: SERVICE_CIDR });
    new WorkerPool(chart, 'after', { namespace: team, image: 'example.com/worker' });
    const objects: Emitted[] = Testing.synth(chart);
    expect(jobs(objects).map(({ metadata }) => metadata.name).sort()).toEqual(['probe-broker', 'probe-control', 'probe-session-after', 'probe-session-before']);
    expect(configOf(objects, 'probe-session-before').edges.map(({ to }) => to)).toContain('session after in team-a');
    expect(configOf(objects, 'probe-control').subjects!.map(({ title }) => title)).toEqual(['broker in agent-platform', 'session before in team-a', 'session after in team-a']);
  });

  test('the parts of sessions, the way out and what removes old events are stood in for as well', () => {
    const names = jobs(world({}, { broker: {}, sessions: {}, egress: {} }).emitted()).map(({ metadata }) => metadata.name);
    expect(names).toEqual(expect.arrayContaining(['probe-controller', 'probe-egress', 'probe-gateway', 'probe-retention', 'probe-store']));
  });

  test('names do not depend on construct paths', () => {
    const { chart, platform } = testPlatform(BROKER_ALONE);
    new DenialProbe(new Construct(chart, 'elsewhere'), 'other', { platform, serviceCidr: SERVICE_CIDR });
    expect(jobs(Testing.synth(chart)).map(({ metadata }) => metadata.name).sort()).toEqual(['probe-broker', 'probe-control']);
  });

  test('each Service has the address that others dial', () => {
    const objects = world().emitted();
    for (const { address, title } of configOf(objects, 'probe-control').subjects!) {
      const { spec } = one(objects, 'Service', `probe-${title.split(' in ')[0].replace(' ', '-')}`);
      expect(spec).toMatchObject({ clusterIP: address, ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', publishNotReadyAddresses: true });
    }
  });

  test('Services of an IPv6 network have IPv6 addresses', () => {
    expect(one(world({ serviceCidr: 'fd00:10::/108' }).emitted(), 'Service', 'probe-broker').spec).toMatchObject({ clusterIP: expect.stringMatching(/^fd00:10::/), ipFamilies: ['IPv6'] });
  });
});

describe('pods', () => {
  const template = (name: string) => jobs(world().emitted()).find(({ metadata }) => metadata.name === name)!.spec.template;

  test('policies of the role select them, Services and PodDisruptionBudgets of the role do not', () => {
    expect(template('probe-session-python').metadata.labels).toMatchObject({ [LABELS.role]: 'session', [LABELS.pool]: 'python', [LABELS.probe]: 'true' });
    for (const { spec } of jobs(world().emitted())) expect(spec.template.metadata.labels).not.toHaveProperty([LABELS.serving]);
  });

  test('Services of the probe select them, and no pod that serves', () => {
    for (const { spec } of world().emitted().filter(({ kind, metadata }) => kind === 'Service' && metadata.name.startsWith('probe-'))) {
      expect(spec.selector).toMatchObject({ [LABELS.probe]: 'true' });
    }
  });

  test('pass the restricted standard, with a read-only root', () => {
    const { platform, emitted } = world();
    expect(podSecurityProblems(emittedObjects(platform), ['agent-platform', 'team-a'], 'v1.30')).toEqual([]);
    const probes = podSpecs(emitted()).filter(({ owner }) => owner.startsWith('Job/probe-'));
    expect(probes.map(({ spec }) => spec.containers[0].securityContext.readOnlyRootFilesystem)).toEqual([true, true, true]);
  });

  test('in a namespace of agents get the Secrets with which its images are fetched, besides those of the probe', () => {
    const { chart, platform } = testPlatform();
    const namespace = platform.addNamespace('team-b', { imagePullSecrets: ['registry', 'both'] });
    new DenialProbe(chart, 'probe', { platform, serviceCidr: SERVICE_CIDR, placement: { nodeSelector: { a: 'b' }, imagePullSecrets: ['own', 'both'] } });
    new WorkerPool(chart, 'python', { namespace, image: 'example.com/worker' });
    const specOf = (name: string, where?: string) => one(Testing.synth(chart), 'Job', name, where).spec.template.spec;
    const inTeam = { nodeSelector: { a: 'b' }, imagePullSecrets: [{ name: 'own' }, { name: 'both' }, { name: 'registry' }] };
    expect(specOf('probe-agent', 'team-b')).toMatchObject(inTeam);
    expect(specOf('probe-session-python', 'team-b')).toMatchObject(inTeam);
    for (const spec of [specOf('probe-agent', 'team-a'), specOf('probe-broker')]) expect(spec.imagePullSecrets).toEqual([{ name: 'own' }, { name: 'both' }]);
  });

  test('name no Secrets for images where nobody does', () => {
    for (const { spec } of jobs(world().emitted())) expect(spec.template.spec).not.toHaveProperty('imagePullSecrets');
  });

  test('have no token and no rights', () => {
    const objects = world().emitted();
    for (const { spec } of jobs(objects)) {
      expect(spec.template.spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false, serviceAccountName: 'probe' });
      expect(JSON.stringify(spec.template.spec.volumes)).not.toContain('serviceAccountToken');
    }
    const bindings = objects.filter(({ kind }) => kind.endsWith('Binding'));
    expect(bindings.flatMap(({ subjects }) => subjects ?? []).filter(({ name }: { name: string }) => name === 'probe')).toEqual([]);
  });
});

describe('Jobs', () => {
  test('are made anew by Argo CD after each sync, and by Flux', () => {
    for (const { metadata } of jobs(world().emitted())) {
      expect((metadata as any).annotations).toMatchObject({
        'argocd.argoproj.io/hook': 'PostSync', 'argocd.argoproj.io/hook-delete-policy': 'BeforeHookCreation', 'kustomize.toolkit.fluxcd.io/force': 'enabled',
      });
    }
  });

  test('differ when their configuration does, so that a new pool is tried', () => {
    const hash = (objects: readonly Emitted[]) => one(objects, 'Job', 'probe-broker').spec.template.metadata.annotations[ANNOTATIONS.config];
    const { emitted, pool } = world();
    const before = hash(emitted());
    expect(hash(emitted())).toBe(before);
    pool('node');
    expect(hash(emitted())).not.toBe(before);
  });

  test('are tried once and end', () => {
    for (const { spec } of jobs(world({ startTimeout: Duration.seconds(60) }).emitted())) {
      expect(spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 480, ttlSecondsAfterFinished: 3600 });
      expect(spec.template.spec.restartPolicy).toBe('Never');
    }
  });
});

describe('the reach proof', () => {
  const problemsOf = (platform: ReturnType<typeof world>['platform']) => validateReach(platform.boundary as never);

  test('holds with a probe', () => expect(problemsOf(world({}, { sessions: {} }).platform)).toEqual([]));

  test('fails when a policy of the probe is widened', () => {
    const { probe, platform } = world();
    const policy = probe.node.findAll().find((child): child is ApiObject => ApiObject.isApiObject(child) && child.name === 'probe-broker' && child.kind === 'NetworkPolicy')!;
    policy.addJsonPatch(JsonPatch.remove('/spec/podSelector/matchLabels/cdk8s-agent-platform~1probe'));
    expect(problemsOf(platform).join('\n')).toContain('broker pods in agent-platform may be reached by probe pods');
  });
});

describe('refusals name the construct, the value and what is allowed', () => {
  test.each<[string, Options, string]>([
    ['no network', { serviceCidr: '10.96.0.1' }, 'serviceCidr: "10.96.0.1" needs a prefix length'],
    ['a network with host bits', { serviceCidr: '10.96.0.1/16' }, 'serviceCidr: 10.96.0.1/16 has host bits set, the network is 10.96.0.0/16'],
    ['a network without static band', { serviceCidr: '10.96.0.0/28' }, 'serviceCidr: 10.96.0.0/28 cannot be the network of Services, allowed are IPv4 networks from /12 to /27'],
    ['an IPv6 network that is too wide', { serviceCidr: 'fd00::/48' }, 'allowed are IPv6 networks from /64 to /123'],
    ['IPv4 in IPv6 form', { serviceCidr: '::ffff:10.96.0.0/112' }, 'is not a CIDR'],
    ['a negative shift', { skipAddresses: -1 }, 'skipAddresses must be a whole number from 0 to 200, got -1'],
    ['a shift that leaves nothing', { serviceCidr: '10.96.0.0/24', skipAddresses: 16 }, 'serviceCidr 10.96.0.0/24 has 0 addresses for the probe after skipAddresses 16, and 1 are needed'],
    ['no time to start', { startTimeout: Duration.seconds(9) }, 'startTimeout in seconds must be a whole number from 10 to 600, got 9'],
    ['a toleration that the API server would refuse', { placement: { tolerations: [{ operator: 'Equal' }] } }, 'placement.tolerations: operator must be Exists where no key is named'],
  ])('%s', (_, options, problem) => expect(() => world(options)).toThrow(problem));

  test('more endpoints than addresses', () => {
    const { pool } = world({ serviceCidr: '10.96.0.0/24', skipAddresses: 13 });
    expect(() => pool('node')).toThrow('test/probe: serviceCidr 10.96.0.0/24 has 2 addresses');
  });

  test('a second probe', () => {
    const { chart, platform } = world();
    expect(() => new DenialProbe(chart, 'second', { platform, serviceCidr: SERVICE_CIDR })).toThrow('endpoint agent-platform.probe exists already');
  });
});
