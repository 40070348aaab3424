import { Duration, Size, Testing } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { HarnessRun } from '../src/harness-run';
import { HarnessRunProps } from '../src/harness-run-props';
import { ClusterHarnessTemplate, HarnessTemplate } from '../src/harness-template';
import { HarnessTemplateProps } from '../src/harness-template-props';
import { RunMode } from '../src/run-mode';
import { RunPrompt } from '../src/run-prompt';
import { Workspace } from '../src/workspace';
import { StubNamespace } from './helpers/namespace';

type Options = Partial<Omit<HarnessRunProps, 'namespace'>>;

const ELSEWHERE = ClusterHarnessTemplate.fromName('coder');

function synth(options: Options = {}, namespace = new StubNamespace()) {
  const chart = Testing.chart();
  const run = new HarnessRun(chart, 'fix-bug', { namespace, template: ELSEWHERE, prompt: RunPrompt.inline('fix it'), ...options });
  return { run, namespace, manifest: Testing.synth(chart)[0] };
}

const refusal = (options: Options) => () => synth(options);

function template(options: Partial<HarnessTemplateProps> = {}, namespace = new StubNamespace()) {
  return new HarnessTemplate(Testing.chart(), 'coder', { namespace, image: 'x', command: ['/x'], ...options });
}

test('a run is an object of its namespace, named by its construct id', () => {
  const { run, namespace, manifest } = synth();
  expect(manifest).toMatchObject({
    apiVersion: 'paddock.dev/v1alpha1',
    kind: 'HarnessRun',
    metadata: { name: 'fix-bug', namespace: 'team-a', labels: { 'cdk8s-agent-platform/part': 'runs' } },
  });
  expect(manifest.spec).toEqual({ templateRef: { name: 'coder', kind: 'ClusterHarnessTemplate' }, prompt: 'fix it' });
  expect(namespace.runs).toMatchObject([{ name: run.runName, spec: run._spec, templateName: 'coder', templateKind: 'ClusterHarnessTemplate' }]);
});

test('every property reaches the object', () => {
  const { manifest } = synth({
    name: 'fixed',
    template: template({ extendedResources: { 'nvidia.com/gpu': 2 } }),
    workspace: Workspace.fromName('files'),
    timeout: Duration.minutes(45),
    retries: 2,
    resources: { cpu: { limit: Cpu.units(2) }, memory: { request: Size.mebibytes(512) } },
    extendedResources: { 'nvidia.com/gpu': 1 },
    extraEnv: { LOG_LEVEL: 'debug', EMPTY: '' },
    model: 'opus',
    ttlAfterFinished: Duration.hours(1),
    mode: RunMode.batch(),
  });
  expect(manifest.metadata.name).toBe('fixed');
  expect(manifest.spec).toMatchObject({
    templateRef: { name: 'coder', kind: 'HarnessTemplate' },
    workspaceRef: 'files',
    timeout: '45m',
    retries: 2,
    resources: { limits: { 'cpu': '2', 'nvidia.com/gpu': '1' }, requests: { memory: '512Mi' } },
    extraEnv: [{ name: 'EMPTY', value: '' }, { name: 'LOG_LEVEL', value: 'debug' }],
    model: 'opus',
    ttlSecondsAfterFinished: 3600,
    mode: 'Batch',
  });
});

test('a prompt comes from exactly one place', () => {
  const promptOf = (prompt: RunPrompt) => {
    const { prompt: text, promptFrom } = synth({ prompt }).manifest.spec;
    return { text, promptFrom };
  };
  const source = { name: 'prompts', key: 'one' };
  expect(promptOf(RunPrompt.inline('do it'))).toEqual({ text: 'do it', promptFrom: undefined });
  expect(promptOf(RunPrompt.fromConfigMap(source))).toEqual({ text: undefined, promptFrom: { configMapKeyRef: source } });
  expect(promptOf(RunPrompt.fromSecret(source))).toEqual({ text: undefined, promptFrom: { secretKeyRef: source } });
});

test('an interactive run states its limits', () => {
  const { spec } = synth({ mode: RunMode.interactive({ idleTimeout: Duration.minutes(5), maxLifetime: Duration.hours(2) }) }).manifest;
  expect(spec).toMatchObject({ mode: 'Interactive', interactiveOverrides: { idleTimeout: '5m', maxLifetime: '2h' } });
  expect(synth({ mode: RunMode.interactive() }).manifest.spec).not.toHaveProperty('interactiveOverrides');
});

test('a run that says nothing of resources leaves them to its template', () => {
  expect(synth().manifest.spec).not.toHaveProperty('resources');
  expect(synth({ extendedResources: { 'nvidia.com/gpu': 1 } }).manifest.spec.resources).toEqual({ requests: {}, limits: { 'nvidia.com/gpu': '1' } });
});

test('variables in another order are the same run, because the spec of a run cannot change', () => {
  expect(synth({ extraEnv: { B: '2', A: '1' } }).manifest).toEqual(synth({ extraEnv: { A: '1', B: '2' } }).manifest);
});

test('what its workspace is cloned from is known to the checks that span objects', () => {
  const seed = [{ url: 'https://example.com/a.git' }];
  const workspace = new Workspace(Testing.chart(), 'files', { namespace: new StubNamespace(), size: Size.gibibytes(1), seed });
  expect(synth({ workspace }).namespace.runs[0].seed).toEqual({ repos: seed });
  expect(synth({ workspace: Workspace.fromName('files') }).namespace.runs[0].seed).toBeUndefined();
});

describe('a run is refused', () => {
  test('for a request above its limit, which no pod may have', () => {
    expect(refusal({ resources: { cpu: { request: Cpu.units(2), limit: Cpu.units(1) } } })).toThrow(/test\/fix-bug: resources.cpu: the request must not exceed/);
  });

  test('for a device that its template does not name, of those that this app makes', () => {
    const trainer = template({ extendedResources: { 'nvidia.com/gpu': 1 } });
    expect(refusal({ template: trainer, extendedResources: { 'nvidia.com/gpu': 4 } })).not.toThrow();
    expect(refusal({ template: trainer, extendedResources: { 'rdma/hca': 1 } })).toThrow(
      'test/fix-bug: resources of a run must be cpu, memory, ephemeral-storage or what its template names, got rdma/hca');
    expect(refusal({ extendedResources: { 'rdma/hca': 1 } })).not.toThrow();
  });

  test('for half a device', () => {
    expect(refusal({ extendedResources: { 'nvidia.com/gpu': 0.5 } })).toThrow("test/fix-bug: extendedResources['nvidia.com/gpu'] must be a whole number from 0 to 64");
  });

  test('without a prompt', () => {
    expect(refusal({ prompt: RunPrompt.inline('') })).toThrow(/test\/fix-bug: spec\.prompt: /);
  });

  test('for a prompt of more bytes than the limit, however few characters they are', () => {
    expect(refusal({ prompt: RunPrompt.inline('ü'.repeat(131_073)) })).toThrow(/test\/fix-bug: spec\.prompt: must have at most 262144 bytes of UTF-8/);
    expect(refusal({ prompt: RunPrompt.inline('ü'.repeat(131_072)) })).not.toThrow();
  });

  // broker-facts 12.54: lower-case proxy variables, CURL_CA_BUNDLE and HOME were not reserved and steered the agent around the proxy.
  test.each(['HTTPS_PROXY', 'https_proxy', 'no_proxy', 'CURL_CA_BUNDLE', 'HOME', 'PADDOCK_MODEL', 'LD_PRELOAD'])('for setting %s', (name) => {
    expect(refusal({ extraEnv: { [name]: 'x' } })).toThrow(/test\/fix-bug: spec\.extraEnv\[0\]\.name: must not be a variable that the platform sets/);
  });

  test('for a variable with the name of a credential that its template requires', () => {
    expect(refusal({ template: template({ credentials: ['KEY'] }), extraEnv: { KEY: 'x', LOG: 'y' } }))
      .toThrow("test/fix-bug: extraEnv must not have 'KEY': the HarnessTemplate 'coder' requires a credential of that name");
    expect(refusal({ extraEnv: { KEY: 'x' } })).not.toThrow();
  });

  test.each(['', '1X', 'A=B', 'A B'])('for an environment variable %j', (name) => {
    expect(refusal({ extraEnv: { [name]: 'x' } })).toThrow(/test\/fix-bug: spec\.extraEnv\[0\]\.name: /);
  });

  test('for a limit of nothing, which is none', () => {
    expect(refusal({ resources: { cpu: { request: Cpu.millis(0), limit: Cpu.millis(0) } } })).toThrow(/test\/fix-bug: resources\.limits\.cpu must be more than 0, as 0 is no limit, got 0m/);
  });

  test.each([-1, 11, 0.5])('for %d retries', (retries) => {
    expect(refusal({ retries })).toThrow(new RegExp(`test/fix-bug: spec\\.retries: .*0 to 10, got ${retries}`));
  });

  test('for a timeout of nothing', () => {
    expect(refusal({ timeout: Duration.seconds(0) })).toThrow(/test\/fix-bug: spec\.timeout: must be longer than 0/);
  });

  test('for a time to live of half a second', () => {
    expect(refusal({ ttlAfterFinished: Duration.millis(500) })).toThrow(/test\/fix-bug: spec\.ttlSecondsAfterFinished: .*0\.5/);
  });

  test('for a template of another namespace', () => {
    expect(refusal({ template: template({}, new StubNamespace('team-b')) }))
      .toThrow("test/fix-bug: template 'coder' must be in the namespace of the run, 'team-a', got namespace 'team-b'");
  });

  test('for a workspace of another namespace', () => {
    const workspace = new Workspace(Testing.chart(), 'files', { namespace: new StubNamespace('team-b'), size: Size.gibibytes(1) });
    expect(refusal({ workspace })).toThrow("test/fix-bug: workspace 'files' must be in the namespace of the run, 'team-a', got namespace 'team-b'");
  });

  test.each(['x'.repeat(64), 'Fix', ''])('under the name %j', (name) => {
    expect(refusal({ name, workspace: Workspace.fromName('files') })).toThrow(/test\/fix-bug: .*name must/);
  });

  test('under a name that leaves no room for that of its workspace', () => {
    expect(refusal({ name: 'x'.repeat(56) })).toThrow(/test\/fix-bug: .*must have at most 55 characters: its Workspace is named after it/);
    expect(refusal({ name: 'x'.repeat(56), workspace: Workspace.fromName('files') })).not.toThrow();
  });

  test('when another run of the namespace has its name', () => {
    const chart = Testing.chart();
    const props = { namespace: new StubNamespace(), template: ELSEWHERE, prompt: RunPrompt.inline('x'), name: 'same' };
    new HarnessRun(chart, 'one', props);
    expect(() => new HarnessRun(chart, 'two', props)).toThrow("test/two: name 'same' is taken by the HarnessRun of 'test/one'");
  });
});

describe('an interactive run is refused', () => {
  const interactive = (options: Options) => refusal({ template: template({ interactive: {} }), mode: RunMode.interactive(), ...options });

  test('when its template has no interactive mode', () => {
    expect(interactive({ template: template() }))
      .toThrow("test/fix-bug: mode Interactive needs a template with 'interactive', got the HarnessTemplate 'coder' without it");
  });

  // broker-facts 8.2: a timeout was accepted and ignored.
  test('with a timeout', () => {
    expect(interactive({ timeout: Duration.minutes(5) })).toThrow('test/fix-bug: timeout must be left out of an interactive run, which ends by its maxLifetime, got 5m');
  });

  // broker-facts 8.2: documented as bounded by the template, but never compared with it.
  test('with a longer lifetime than its template allows', () => {
    const limited = template({ interactive: { limits: { maxLifetime: Duration.hours(1) } } });
    expect(interactive({ template: limited, mode: RunMode.interactive({ maxLifetime: Duration.hours(2) }) }))
      .toThrow('test/fix-bug: maxLifetime must be at most 1h, where its template or a default cuts it, got 2h');
    expect(interactive({ template: limited, mode: RunMode.interactive({ maxLifetime: Duration.minutes(30) }) })).not.toThrow();
  });

  test('with any longer limit than its template has, also when that is a default', () => {
    expect(interactive({ mode: RunMode.interactive({ idleTimeout: Duration.days(2), maxLifetime: Duration.hours(24) }) })).toThrow(/idleTimeout must not be longer/);
    expect(interactive({ mode: RunMode.interactive({ idleTimeout: Duration.hours(1), maxLifetime: Duration.hours(24) }) }))
      .toThrow('test/fix-bug: idleTimeout must be at most 30m, where its template or a default cuts it, got 1h');
    expect(interactive({ mode: RunMode.interactive({ idleTimeout: Duration.days(2) }) }))
      .toThrow('test/fix-bug: idleTimeout must be at most 30m, where its template or a default cuts it, got 48h');
  });

  test('with limits out of order', () => {
    const mode = RunMode.interactive({ idleTimeout: Duration.hours(3), maxLifetime: Duration.hours(2) });
    expect(interactive({ mode })).toThrow(/test\/fix-bug: spec\.interactiveOverrides: idleTimeout must not be longer than maxLifetime/);
  });

  test('not for limits that only an unknown template could forbid', () => {
    expect(interactive({ template: ELSEWHERE, mode: RunMode.interactive({ idleTimeout: Duration.days(2) }) })).not.toThrow();
  });
});

test('a base template lends its interactive mode', () => {
  const base = new ClusterHarnessTemplate(Testing.chart(), 'base', {
    platform: { platformName: 'platform' }, image: 'x', command: ['/x'], interactive: { limits: { maxLifetime: Duration.hours(1) } },
  });
  const child = template({ image: undefined, command: undefined, baseTemplate: base });
  expect(() => synth({ template: child, mode: RunMode.interactive() })).not.toThrow();
});

test('a refused run is not made known to its namespace, and nothing of it is written', () => {
  const chart = Testing.chart();
  const namespace = new StubNamespace();
  expect(() => new HarnessRun(chart, 'r', { namespace, template: ELSEWHERE, prompt: RunPrompt.inline('x'), retries: 99 })).toThrow();
  expect(namespace.runs).toEqual([]);
  expect(Testing.synth(chart)).toEqual([]);
});
