import { Chart, Duration, Size, Testing } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { HarnessRun } from '../src/harness-run';
import { ClusterHarnessTemplate, HarnessTemplate } from '../src/harness-template';
import { HarnessTemplateProps, InteractiveMode } from '../src/harness-template-props';
import { IHarnessTemplate, TemplateKind } from '../src/harness-template-ref';
import { ImagePullPolicy } from '../src/image-pull-policy';
import { RunPrompt } from '../src/run-prompt';
import { StubNamespace } from './helpers/namespace';
import { DIGEST, testPlatform } from './helpers/platform';

const AGENT = { image: 'registry.example.com/coder:1', command: ['/agent'] };
const PLATFORM = { platformName: 'platform' };

type Options = Partial<Omit<HarnessTemplateProps, 'namespace'>>;

function synth(options: Options = AGENT, namespace = new StubNamespace()) {
  const chart = Testing.chart();
  const template = new HarnessTemplate(chart, 'coder', { namespace, ...options });
  return { template, namespace, manifest: Testing.synth(chart)[0] };
}

const refusal = (options: Options) => () => synth(options);
const on = (baseTemplate: IHarnessTemplate, more: Options = {}): Options => ({ baseTemplate, ...more });

function clusterTemplate(options = {}) {
  return new ClusterHarnessTemplate(Testing.chart(), 'base', { platform: PLATFORM, ...AGENT, ...options });
}

test('a template is an object of its namespace, named by its construct id', () => {
  const { manifest, template, namespace } = synth();
  expect(manifest).toMatchObject({
    apiVersion: 'paddock.dev/v1alpha1',
    kind: 'HarnessTemplate',
    metadata: { name: 'coder', namespace: 'team-a', labels: { 'cdk8s-agent-platform/part': 'runs' } },
  });
  expect(manifest.spec).toEqual(AGENT);
  expect([template.templateName, template.templateKind]).toEqual(['coder', TemplateKind.NAMESPACED]);
  expect(namespace.templates).toMatchObject([{ name: 'coder', kind: 'HarnessTemplate', spec: template._spec }]);
});

test('the name does not follow a renamed construct', () => {
  expect(synth({ ...AGENT, name: 'fixed' }).manifest.metadata.name).toBe('fixed');
});

test('every property reaches the object', () => {
  const { manifest } = synth({
    ...AGENT,
    harness: 'claude-code',
    args: ['--verbose'],
    runtime: { image: 'registry.example.com/runtime:1', imagePullPolicy: ImagePullPolicy.ALWAYS },
    workspace: { required: false, mountPath: '/work' },
    model: 'opus',
    timeout: Duration.minutes(90),
    resources: { cpu: { request: Cpu.millis(500) }, memory: { limit: Size.gibibytes(2) } },
    terminationGracePeriod: Duration.seconds(0),
    credentials: ['API_KEY'],
    egress: [{ host: 'api.example.com', ports: [443] }, { host: '*.example.org' }],
    interactive: {
      mode: InteractiveMode.PERSISTENT_PROCESS,
      maxRecentEvents: 100,
      limits: {
        idleTimeout: Duration.minutes(10), detachIdleTimeout: Duration.seconds(90), detachTimeout: Duration.minutes(1), maxLifetime: Duration.days(1),
      },
    },
  });
  expect(manifest.spec).toMatchObject({
    harness: 'claude-code',
    args: ['--verbose'],
    runtime: { image: 'registry.example.com/runtime:1', imagePullPolicy: 'Always' },
    workspace: { required: false, mountPath: '/work' },
    defaults: {
      model: 'opus', timeout: '1h30m', resources: { requests: { cpu: '500m' }, limits: { memory: '2Gi' } }, terminationGracePeriodSeconds: 0,
    },
    requires: { credentials: [{ name: 'API_KEY' }], egress: [{ host: 'api.example.com', ports: [443] }, { host: '*.example.org' }] },
    interactive: {
      mode: 'persistent-process', maxRecentEvents: 100, idleTimeout: '10m', detachIdleTimeout: '1m30s', detachTimeout: '1m', maxLifetime: '24h',
    },
  });
});

// broker-facts 12.53: defaults of single fields were written as soon as their parent was there, and so replaced what the base template says.
test('a template that completes another says only what it changes', () => {
  const { manifest } = synth(on(ClusterHarnessTemplate.fromName('base'), { model: 'opus' }));
  expect(manifest.spec).toEqual({ baseTemplateRef: { name: 'base' }, defaults: { model: 'opus' } });
});

describe('a cluster template', () => {
  test('has no namespace, even in a chart that has one', () => {
    const chart = new Chart(Testing.app(), 'chart', { namespace: 'somewhere' });
    new ClusterHarnessTemplate(chart, 'base', { platform: PLATFORM, ...AGENT });
    const [manifest] = Testing.synth(chart);
    expect(manifest.kind).toBe('ClusterHarnessTemplate');
    expect(manifest.metadata).not.toHaveProperty('namespace');
    expect(manifest.metadata.labels['cdk8s-agent-platform/platform']).toBe('platform');
  });

  test('made elsewhere is known by name alone', () => {
    expect(ClusterHarnessTemplate.fromName('base')).toEqual({ templateName: 'base', templateKind: TemplateKind.CLUSTER });
    expect(HarnessTemplate.fromName('coder')).toEqual({ templateName: 'coder', templateKind: TemplateKind.NAMESPACED });
  });

  test.each([[{ image: undefined }], [{ command: undefined }]])('is refused without image or command: %j', (missing) => {
    expect(() => clusterTemplate(missing)).toThrow(/test\/base: .*must have image and command/);
  });
});

describe('where images of runs must come from certain registries', () => {
  const { chart, platform, team } = testPlatform({ runs: { allowedRegistries: ['registry.example.com/team/', 'localhost:5000/'], seedImage: 'example.com/git:1' } });
  let count = 0;
  const inTeam = (options: Options) => () => new HarnessTemplate(chart, `coder-${count += 1}`, { namespace: team, ...options });
  const ofCluster = (options: Options) => () => new ClusterHarnessTemplate(chart, `base-${count += 1}`, { platform, ...options });
  const command = ['/agent'];

  test.each(['registry.example.com/team/coder:1', 'localhost:5000/a@sha256:00', 'example.com/git:1', `registry.example.com/agent-platform@${DIGEST}`])('a template may have %s', (image) => {
    expect(inTeam({ image, command, runtime: { image } })).not.toThrow();
    expect(ofCluster({ image, command })).not.toThrow();
  });

  test.each(['registry.example.com/team-2/coder:1', 'registry.example.com/coder', 'coder:1', 'example.com/registry.example.com/team/coder', 'example.com/git:2'])('a template with %s is refused', (image) => {
    const message = `image must be from registry.example.com/team/, localhost:5000/, as runs.allowedRegistries of the platform says, got '${image}'`;
    expect(inTeam({ image, command })).toThrow(new RegExp(`test/coder-[0-9]+: ${message}`));
    expect(ofCluster({ image, command })).toThrow(message);
    expect(inTeam({ image: 'localhost:5000/a', command, runtime: { image } })).toThrow(`runtime.${message}`);
  });

  test('one on a template that another platform has made is refused, and so is a run of that', () => {
    const baseTemplate = clusterTemplate();
    expect(inTeam({ baseTemplate })).toThrow("image must be from registry.example.com/team/, localhost:5000/, as runs.allowedRegistries of the platform says, got 'registry.example.com/coder:1'");
    expect(() => new HarnessRun(chart, 'run', { namespace: team, template: baseTemplate, prompt: RunPrompt.inline('Work.') }))
      .toThrow("test/run: ClusterHarnessTemplate 'base': image must be from registry.example.com/team/");
  });

  test('what is made elsewhere is for the cluster to say', () => {
    expect(inTeam({ baseTemplate: ClusterHarnessTemplate.fromName('base') })).not.toThrow();
    expect(() => synth({ image: 'example.com/a', command })).not.toThrow();
  });
});

describe('a template is refused', () => {
  test('without image and command when nothing gives them', () => {
    expect(refusal({})).toThrow(/test\/coder: spec: a template without baseTemplateRef must have image and command/);
  });

  test.each([
    [{ image: 'x' }], [{ command: ['/x'] }], [{ args: ['x'] }], [{ runtime: { image: 'x' } }], [{ workspace: { required: true } }],
  ])('for %j beside a base template', (more) => {
    expect(refusal(on(ClusterHarnessTemplate.fromName('base'), more))).toThrow(/test\/coder: .*must not have image, command, args, runtime, workspace/);
  });

  test('for a base template that is itself namespaced', () => {
    expect(refusal(on(HarnessTemplate.fromName('other'))))
      .toThrow("test/coder: baseTemplate must be a ClusterHarnessTemplate, got the HarnessTemplate 'other'");
  });

  test.each(['localhost', '10.0.0.1', '*', 'x.svc', 'API.example.com'])('for requiring the host %j', (host) => {
    expect(refusal({ ...AGENT, egress: [{ host }] })).toThrow(/test\/coder: .*requires\.egress\[0\]\.host/);
  });

  test.each([-1, 65536, 80.5])('for requiring the port %d', (port) => {
    expect(refusal({ ...AGENT, egress: [{ host: 'a.example.com', ports: [port] }] })).toThrow(/test\/coder: .*ports\[0\]/);
  });

  test.each(['', 'a b', 'HTTP_PROXY', 'http_proxy', 'PADDOCK_RUN', 'HOME'])('for requiring the credential %j', (name) => {
    expect(refusal({ ...AGENT, credentials: [name] })).toThrow(/test\/coder: .*requires\.credentials\[0\]\.name/);
  });

  test('for requiring a credential twice', () => {
    expect(refusal({ ...AGENT, credentials: ['KEY', 'KEY'] })).toThrow(/test\/coder: .*credentials.*KEY/);
  });

  test.each([301_000, 500])('for a grace period of %d ms', (milliseconds) => {
    expect(refusal({ ...AGENT, terminationGracePeriod: Duration.millis(milliseconds) })).toThrow(/test\/coder: .*terminationGracePeriodSeconds/);
  });

  test('for a request above its limit, which no pod may have', () => {
    const resources = { memory: { request: Size.gibibytes(2), limit: Size.gibibytes(1) } };
    expect(refusal({ ...AGENT, resources })).toThrow(/test\/coder: resources.memory: the request must not exceed/);
  });

  test('for a limit of nothing, which is none', () => {
    expect(refusal({ ...AGENT, resources: { memory: { limit: Size.gibibytes(0) } } })).toThrow(/test\/coder: resources\.limits\.memory must be more than 0, as 0 is no limit, got 0Gi/);
  });

  test.each([0, 31])('for a timeout of %d days', (days) => {
    expect(refusal({ ...AGENT, timeout: Duration.days(days) })).toThrow(/test\/coder: .*defaults\.timeout.*longer than 0 and at most 720h/);
  });

  test.each(['relative', '/', '/a/../b'])('for the mount path %j', (mountPath) => {
    expect(refusal({ ...AGENT, workspace: { mountPath } })).toThrow(/test\/coder: .*workspace\.mountPath/);
  });

  test.each(['x'.repeat(64), 'Coder', 'a/b'])('under the name %j', (name) => {
    expect(refusal({ ...AGENT, name })).toThrow(/test\/coder: .*name must/);
  });

  test('when another template of the namespace has its name', () => {
    const chart = Testing.chart();
    const props = { namespace: new StubNamespace(), name: 'same', ...AGENT };
    new HarnessTemplate(chart, 'one', props);
    expect(() => new HarnessTemplate(chart, 'two', props)).toThrow("test/two: name 'same' is taken by the HarnessTemplate of 'test/one'");
  });
});

describe('limits of interactive runs', () => {
  const limited = (limits: object, more: Options = AGENT) => refusal({ ...more, interactive: { limits } });

  test('are refused out of order', () => {
    expect(limited({ idleTimeout: Duration.hours(2), maxLifetime: Duration.hours(1) })).toThrow(/test\/coder: .*idleTimeout must not be longer than maxLifetime/);
    expect(limited({ detachIdleTimeout: Duration.minutes(2), idleTimeout: Duration.minutes(1) })).toThrow(/detachIdleTimeout must not be longer than idleTimeout/);
  });

  test('that are out of order are reported once', () => {
    expect(limited({ idleTimeout: Duration.hours(2), maxLifetime: Duration.hours(1) })).toThrow(/^(?!.*cuts it)/);
  });

  test('are refused when a default would cut them', () => {
    expect(limited({ idleTimeout: Duration.hours(48) })).toThrow('test/coder: idleTimeout must be at most 24h, where its template or a default cuts it, got 48h');
    expect(limited({ detachIdleTimeout: Duration.hours(1) })).toThrow('test/coder: detachIdleTimeout must be at most 30m, where its template or a default cuts it, got 1h');
  });

  test('are refused when the base template would cut them', () => {
    const base = clusterTemplate({ interactive: { limits: { maxLifetime: Duration.hours(1) } } });
    expect(limited({ detachTimeout: Duration.hours(2) }, on(base)))
      .toThrow('test/coder: detachTimeout must be at most 1h, where its template or a default cuts it, got 2h');
  });

  test('are not compared with defaults when the base template is unknown', () => {
    expect(limited({ idleTimeout: Duration.hours(48) }, on(ClusterHarnessTemplate.fromName('base')))).not.toThrow();
  });

  test('may be shorter than a default, which then gives way', () => {
    expect(limited({ maxLifetime: Duration.minutes(10) })).not.toThrow();
  });
});

test('a refused template is not made known to its namespace', () => {
  const namespace = new StubNamespace();
  expect(() => synth({}, namespace)).toThrow();
  expect(namespace.templates).toEqual([]);
});
