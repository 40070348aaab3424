import { Duration, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { Build, clusterTemplate, each, Effects, emitted, merged, rows, run, template, TEMPLATE, workspace } from './build';
import {
  AgentPlatform, ClusterHarnessTemplate, ConfigMapKey, EgressRequirement, HarnessRun, HarnessRunProps, HarnessRuntime, HarnessTemplate,
  HarnessTemplateOptions, ImagePullPolicy, InteractiveLimits, InteractiveMode, InteractiveOptions, RunMode, RunPrompt, SeedCredential,
  SeedRepository, SharedDirectory, TemplatePodOptions, Workspace, WorkspaceAccessMode, WorkspaceOptions,
} from '../../src';
import { API_SERVER, IMAGE } from '../helpers/platform';

const runtime = (value: HarnessRuntime) => template({ runtime: value });
const interactive = (options: InteractiveOptions) => template({ interactive: options });
const limits = (value: InteractiveLimits) => interactive({ mode: InteractiveMode.PER_PROMPT_PROCESS, limits: value });
const pod = (value: TemplatePodOptions) => template({ pod: value });
const shared = (value: SharedDirectory) => pod({ sharedDirectories: [value] });
const prompt = (value: RunPrompt) => run({ prompt: value });
const mode = (value: RunMode) => run({ mode: value });
const seed = (value: SeedRepository) => workspace({ size: Size.gibibytes(1), seed: [value] });
const credential = (value: SeedCredential) => seed({ url: 'https://example.com/a.git', credential: value });
const RESOURCES = { cpu: { request: Cpu.millis(100) } };

const OPTIONS: HarnessTemplateOptions = {
  args: ['--fast'],
  command: ['/bin/other'],
  credentials: ['TOKEN'],
  egress: [{ host: 'a.example.com' }],
  extendedResources: { 'nvidia.com/gpu': 1 },
  harness: 'claude-code',
  image: 'example.com/other:1',
  interactive: { mode: InteractiveMode.PER_PROMPT_PROCESS },
  model: 'large',
  pod: { userId: 1001 },
  resources: RESOURCES,
  runtime: { image: 'example.com/runtime:1' },
  terminationGracePeriod: Duration.seconds(0),
  timeout: Duration.minutes(5),
  workspace: { required: false },
};

/** A template on top of a cluster template. */
function based(base?: string): Build {
  return emitted(({ chart, team }) => new HarnessTemplate(chart, 'coder', {
    namespace: team, ...(base === undefined ? TEMPLATE : { baseTemplate: ClusterHarnessTemplate.fromName(base) }),
  }));
}

function inOtherNamespace(add: (props: { namespace: HarnessRunProps['namespace'] }, chart: ConstructorParameters<typeof HarnessRun>[0]) => void): Build {
  return emitted(({ chart, platform }) => add({ namespace: platform.addNamespace('team-b', { managedElsewhere: true }) }, chart));
}

/** A cluster template of one of two platforms in the chart. */
function ofPlatform(other: boolean): Build {
  return emitted(({ chart, platform }) => {
    const second = new AgentPlatform(chart, 'second', { namespace: 'second', image: IMAGE, apiServer: API_SERVER });
    new ClusterHarnessTemplate(chart, 'coder', { ...TEMPLATE, platform: other ? second : platform });
  });
}

export const RUN_EFFECTS: Effects = merged(
  rows('HarnessTemplateProps', template, {}, { ...OPTIONS, name: 'other' }),
  rows('ClusterHarnessTemplateProps', clusterTemplate, {}, { ...OPTIONS, name: 'other' }),
  {
    'HarnessTemplateProps.baseTemplate': [based(), based('base')],
    'HarnessTemplateProps.namespace': [template({}), inOtherNamespace((props, chart) => new HarnessTemplate(chart, 'coder', { ...TEMPLATE, ...props }))],
    'ClusterHarnessTemplateProps.platform': [ofPlatform(false), ofPlatform(true)],
    'ClusterHarnessTemplate.fromName(templateName)': [based('one'), based('two')],
    'HarnessTemplate.fromName(templateName)': [run({ template: HarnessTemplate.fromName('one') }), run({ template: HarnessTemplate.fromName('two') })],
  },
  rows('EgressRequirement', (requirement: EgressRequirement) => template({ egress: [requirement] }), { host: 'a.example.com' }, { host: 'b.example.com', ports: [443] }),
  rows('HarnessRuntime', runtime, { image: 'a:1' }, { image: 'b:1', imagePullPolicy: ImagePullPolicy.ALWAYS }),
  each('ImagePullPolicy', (imagePullPolicy) => runtime({ image: 'a:1', imagePullPolicy }), Object.values(ImagePullPolicy)),
  rows('InteractiveOptions', interactive, { mode: InteractiveMode.PER_PROMPT_PROCESS }, {
    limits: { idleTimeout: Duration.minutes(20) }, maxRecentEvents: 10, mode: InteractiveMode.PERSISTENT_PROCESS,
  }),
  each('InteractiveMode', (value) => interactive({ mode: value }), Object.values(InteractiveMode)),
  rows('InteractiveLimits', limits, {}, {
    detachIdleTimeout: Duration.minutes(2), detachTimeout: Duration.minutes(2), idleTimeout: Duration.minutes(20), maxLifetime: Duration.hours(2),
  }),
  rows('WorkspaceOptions', (value: WorkspaceOptions) => template({ workspace: value }), {}, { mountPath: '/work', required: false }),

  rows('TemplatePodOptions', pod, {}, {
    groupId: 2001,
    homeSize: Size.gibibytes(2),
    imagePullPolicy: ImagePullPolicy.ALWAYS,
    placement: { runtimeClassName: 'gvisor' },
    sharedDirectories: [{ name: 'cache' }],
    temporarySize: Size.gibibytes(2),
    userId: 1001,
    userName: 'node',
  }),
  rows('SharedDirectory', shared, { name: 'cache' }, { mountPath: '/cache', name: 'data', readOnly: true, size: Size.gibibytes(2), storageClassName: 'nfs' }),

  rows('HarnessRunProps', run, {}, {
    extendedResources: { 'nvidia.com/gpu': 1 },
    extraEnv: { MODE: 'test' },
    mode: RunMode.interactive(),
    model: 'large',
    name: 'other',
    prompt: RunPrompt.inline('Rest.'),
    resources: RESOURCES,
    retries: 1,
    template: ClusterHarnessTemplate.fromName('coder'),
    timeout: Duration.minutes(5),
    ttlAfterFinished: Duration.seconds(0),
    workspace: Workspace.fromName('files'),
  }),
  {
    'HarnessRunProps.namespace': [run({}), inOtherNamespace((props, chart) => new HarnessRun(chart, 'run', {
      ...props, template: HarnessTemplate.fromName('coder'), prompt: RunPrompt.inline('Work.'),
    }))],
    'RunMode.batch()': [mode(RunMode.batch()), mode(RunMode.interactive())],
    'RunMode.interactive(limits)': [mode(RunMode.interactive()), mode(RunMode.interactive({ idleTimeout: Duration.minutes(1) }))],
    'RunPrompt.inline(text)': [prompt(RunPrompt.inline('One.')), prompt(RunPrompt.inline('Two.'))],
    'RunPrompt.fromConfigMap(source)': [prompt(RunPrompt.fromConfigMap({ name: 'a', key: 'k' })), prompt(RunPrompt.fromSecret({ name: 'a', key: 'k' }))],
    'RunPrompt.fromSecret(source)': [prompt(RunPrompt.fromSecret({ name: 'a', key: 'k' })), prompt(RunPrompt.fromSecret({ name: 'b', key: 'k' }))],
  },
  rows('ConfigMapKey', (source: ConfigMapKey) => prompt(RunPrompt.fromConfigMap(source)), { name: 'a', key: 'k' }, { name: 'b', key: 'l' }),

  rows('WorkspaceProps', workspace, { size: Size.gibibytes(1) }, {
    accessMode: WorkspaceAccessMode.READ_WRITE_MANY,
    name: 'other',
    seed: [{ url: 'https://example.com/a.git' }],
    size: Size.gibibytes(2),
    storageClassName: 'fast',
  }),
  {
    'WorkspaceProps.namespace': [
      workspace({ size: Size.gibibytes(1) }),
      inOtherNamespace((props, chart) => new Workspace(chart, 'files', { ...props, size: Size.gibibytes(1) })),
    ],
    'Workspace.fromName(workspaceName)': [run({ workspace: Workspace.fromName('one') }), run({ workspace: Workspace.fromName('two') })],
    'SeedCredential.broker(surrogate)': [credential(SeedCredential.broker({ name: 'a', key: 'k' })), credential(SeedCredential.broker({ name: 'b', key: 'k' }))],
    'SeedCredential.secret(secretName)': [credential(SeedCredential.secret('a')), credential(SeedCredential.secret('b'))],
  },
  each('WorkspaceAccessMode', (accessMode) => workspace({ size: Size.gibibytes(1), accessMode }), Object.values(WorkspaceAccessMode)),
  rows('SeedRepository', seed, { url: 'https://example.com/a.git' }, {
    branch: 'next', credential: SeedCredential.secret('a'), depth: 1, path: 'a', url: 'https://example.com/b.git',
  }),
);
