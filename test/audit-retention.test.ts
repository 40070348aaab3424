import { Chart, Duration, Testing } from 'cdk8s';
import { AgentPlatform, AgentPlatformProps, AuditRetention, BrokerCatalog, BrokerOptions, BrokerTls, CredentialBroker, Placement } from '../src';
import { Emitted, one, synth } from './helpers/manifests';
import { API_SERVER, IMAGE, testPlatform } from './helpers/platform';
import { EnvVariable, RETENTION_ENV } from '../src/protocol/env';

const ALONE = { egress: { enabled: false }, sessions: { enabled: false } };
const objectsOf = (broker: BrokerOptions = {}, props: Partial<AgentPlatformProps> = {}) => synth(testPlatform({ ...ALONE, ...props, broker }).chart);
const jobOf = (objects: readonly Emitted[]) => one(objects, 'CronJob', 'retention').spec.jobTemplate.spec;
const podOf = (objects: readonly Emitted[]) => jobOf(objects).template.spec;
const environmentOf = (objects: readonly Emitted[]) => Object.fromEntries(
  podOf(objects).containers[0].env.map(({ name, value, valueFrom }: any) => [name, value ?? valueFrom]),
);
const namesRetention = ({ metadata, roleRef, subjects }: Emitted) => JSON.stringify([metadata.name, roleRef, subjects]).includes('retention');
const ofRetention = (objects: readonly Emitted[]) => objects.filter(namesRetention);
const objects = objectsOf();

describe('by default', () => {
  test('what is older than seven days is removed once an hour, by one Job at a time that ends within the hour', () => {
    const { schedule, ...spec } = one(objects, 'CronJob', 'retention').spec;
    expect(schedule).toMatch(/^[1-5]?\d \* \* \* \*$/);
    expect(spec).toMatchObject({ concurrencyPolicy: 'Forbid', startingDeadlineSeconds: 1800, successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 1 });
    expect(jobOf(objects)).toMatchObject({ backoffLimit: 1, activeDeadlineSeconds: 3000, ttlSecondsAfterFinished: 86_400 });
    expect(environmentOf(objects)).toEqual({ RUN_NAMESPACES: 'team-a', RETENTION_SECONDS: '604800', POD_NAMESPACE: { fieldRef: { fieldPath: 'metadata.namespace' } } });
  });

  test('the environment holds only what the program reads, and everything it must have', () => {
    const names = Object.keys(environmentOf(objects));
    expect(Object.keys(RETENTION_ENV)).toEqual(expect.arrayContaining(names));
    const required = Object.entries<EnvVariable>(RETENTION_ENV).filter(([, variable]) => variable.required).map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(required));
  });

  test('the pod has an account of its own with a token, resolves no name, listens nowhere and is small', () => {
    const pod = podOf(objects);
    expect(pod).toMatchObject({ serviceAccountName: 'retention', automountServiceAccountToken: false, restartPolicy: 'Never', dnsPolicy: 'None' });
    expect(pod.containers).toMatchObject([{ args: ['/app/retention.mjs'], resources: { requests: { cpu: '10m', memory: '96Mi' }, limits: { memory: '192Mi' } } }]);
    expect(pod.containers[0]).not.toHaveProperty('ports');
    expect(pod.volumes.map(({ name }: any) => name)).toEqual(['api-token']);
    expect(jobOf(objects).template.metadata.labels).toMatchObject({ 'cdk8s-agent-platform/role': 'retention' });
  });

  test('nobody reaches it, and it reaches the API server alone', () => {
    const { spec } = one(objects, 'NetworkPolicy', 'allow-retention');
    expect(spec).toEqual({
      podSelector: { matchLabels: { 'cdk8s-agent-platform/role': 'retention' } },
      policyTypes: ['Ingress', 'Egress'],
      egress: [{ to: [{ ipBlock: { cidr: '192.0.2.10/32' } }], ports: [{ port: 443, protocol: 'TCP' }, { port: 6443, protocol: 'TCP' }] }],
    });
  });
});

describe('its rights', () => {
  const { chart, platform } = testPlatform();
  platform.addNamespace('a-team');
  const more = synth(chart);
  const rules = [{ apiGroups: ['paddock.dev'], resources: ['auditevents'], verbs: ['list', 'delete'] }];

  test.each([['agent-platform', 'retention'], ['team-a', 'agent-platform-retention'], ['a-team', 'agent-platform-retention']])('in %s are to list and delete AuditEvents', (namespace, name) => {
    expect(one(more, 'Role', name, namespace).rules).toEqual(rules);
    expect(one(more, 'RoleBinding', name, namespace)).toMatchObject({
      roleRef: { kind: 'Role', name }, subjects: [{ kind: 'ServiceAccount', namespace: 'agent-platform', name: 'retention' }],
    });
  });

  test('are there and nowhere else, and no other account can remove an event', () => {
    const bound = more.filter(({ subjects }) => subjects?.some(({ name }: { name: string }) => name === 'retention'));
    expect(bound.map(({ kind, metadata }) => `${kind} ${metadata.namespace}`).sort()).toEqual(['RoleBinding a-team', 'RoleBinding agent-platform', 'RoleBinding team-a']);
    const removing = more.filter(({ rules: all }) => all?.some(({ resources = [], verbs = [] }: any) => resources.includes('auditevents') && verbs.some((verb: string) => /delete|\*/.test(verb))));
    expect(removing.map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(['retention', 'agent-platform-retention']));
    expect(removing.filter(({ metadata }) => !metadata.name.endsWith('retention'))).toEqual([]);
  });

  test('are for the namespaces that it is told of, sorted', () => {
    expect(environmentOf(more).RUN_NAMESPACES).toBe('a-team,team-a');
  });
});

describe('what is chosen', () => {
  test.each<[Duration, string]>([[Duration.hours(1), '3600'], [Duration.days(30), '2592000'], [Duration.days(1825), '157680000']])('events are kept for %s', (time, seconds) => {
    expect(environmentOf(objectsOf({ auditRetention: AuditRetention.atLeast(time) })).RETENTION_SECONDS).toBe(seconds);
  });

  test('forever means that there is neither CronJob nor account, right or policy', () => {
    expect(ofRetention(objects).length).toBeGreaterThan(5);
    expect(ofRetention(objectsOf({ auditRetention: AuditRetention.forever() }))).toEqual([]);
  });

  test('a broker that reads documents makes no events, so nothing removes any', () => {
    const directory = { catalog: BrokerCatalog.directory('documents', 'secrets'), tls: BrokerTls.existingSecret('certificate') };
    expect(ofRetention(objectsOf(directory))).toEqual([]);
    for (const auditRetention of [AuditRetention.forever(), AuditRetention.atLeast(Duration.days(7))]) {
      expect(() => objectsOf({ ...directory, auditRetention })).toThrow('/broker: auditRetention must be left out with BrokerCatalog.directory, with which no AuditEvents are made');
    }
  });

  test.each<[string, Duration, string]>([
    ['less than an hour', Duration.minutes(59), 'got 3540'], ['nothing', Duration.seconds(0), 'got 0'], ['part of a second', Duration.millis(3_600_500), 'got 3600.5'],
    ['more than five years', Duration.days(1826), 'got 157766400'],
  ])('%s is refused', (_, time, got) => {
    expect(() => objectsOf({ auditRetention: AuditRetention.atLeast(time) })).toThrow(`auditRetention in seconds must be a whole number from 3600 to 157680000, ${got}`);
  });

  test('the pod is placed as the others', () => {
    const placement: Placement = { nodeSelector: { pool: 'agents' }, imagePullSecrets: ['registry'] };
    expect(podOf(objectsOf({}, { placement }))).toMatchObject({ nodeSelector: { pool: 'agents' }, imagePullSecrets: [{ name: 'registry' }] });
  });
});

test('the minute follows from the name of the platform', () => {
  const minuteOf = (namespace: string) => one(objectsOf({}, { namespace }), 'CronJob', 'retention').spec.schedule.split(' ')[0];
  expect(minuteOf('agent-platform')).toBe(one(objects, 'CronJob', 'retention').spec.schedule.split(' ')[0]);
  expect(minuteOf('other')).not.toBe(minuteOf('agent-platform'));
});

test('two platforms of a cluster have each their own', () => {
  const chart = new Chart(Testing.app(), 'two');
  for (const namespace of ['one', 'two']) {
    new AgentPlatform(chart, namespace, { ...ALONE, image: IMAGE, apiServer: API_SERVER, namespace }).addNamespace(`team-${namespace}`);
  }
  const made = synth(chart);
  for (const namespace of ['one', 'two']) {
    const [{ env }] = one(made, 'CronJob', 'retention', namespace).spec.jobTemplate.spec.template.spec.containers;
    expect(env[0]).toEqual({ name: 'RUN_NAMESPACES', value: `team-${namespace}` });
  }
});

test('a broker of its own namespace has everything there', () => {
  const chart = Testing.chart();
  new CredentialBroker(chart, 'broker', { platformName: 'platform', namespace: 'security', image: IMAGE });
  const made = ofRetention(synth(chart));
  expect(made.map(({ kind }) => kind).sort()).toEqual(['CronJob', 'Role', 'RoleBinding', 'ServiceAccount']);
  expect(new Set(made.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['security']));
  expect(one(made, 'RoleBinding', 'retention').subjects[0].namespace).toBe('security');
});
