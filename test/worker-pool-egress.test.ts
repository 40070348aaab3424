import { AgentPlatformProps, ClusterHarnessTemplate, HarnessTemplate, WorkerPool, WorkerPoolProps, WorkerWorkload } from '../src';
import { one, synth } from './helpers/manifests';
import { testPlatform } from './helpers/platform';

const NO_EGRESS = { egress: { enabled: false } };
const batch = WorkerWorkload.batch({ command: ['/work'] });

/** A platform with a namespace whose policies somebody else makes. */
function worldOf(props: Partial<AgentPlatformProps>) {
  const { chart, platform } = testPlatform(props);
  return { chart, platform, team: platform.addNamespace('team-b', { managedElsewhere: true }) };
}

type World = ReturnType<typeof worldOf>;

function emitted(props: (world: World) => Partial<WorkerPoolProps>, platform: Partial<AgentPlatformProps> = {}) {
  const world = worldOf(platform);
  new WorkerPool(world.chart, 'python', { namespace: world.team, image: 'a', ...props(world) });
  return synth(world.chart);
}

const initContainers = (workload: WorkerWorkload, platform = {}) => emitted(() => ({ workload }), platform)
  .filter(({ kind, metadata: { name } }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind) && /^python/.test(name))
  .flatMap(({ spec }) => (spec.template.spec.initContainers ?? []).map(({ name }: any) => name));

test.each([['warm', WorkerWorkload.warmPool(), ['runtime', 'fence']], ['sticky', WorkerWorkload.sticky(), ['runtime', 'fence']], ['batch', batch, ['fence']]] as const)(
  'a %s worker waits for its NetworkPolicy, unless there is no proxy to tell by', (_kind, workload, names) => {
    expect(initContainers(workload)).toEqual(names);
    expect(initContainers(workload, NO_EGRESS)).toEqual(names.filter((name) => name !== 'fence'));
  });

describe('the credentials of sessions', () => {
  const entry = (...args: Parameters<typeof emitted>) => JSON.parse(one(emitted(...args), 'ConfigMap', 'controller-pools').data['pools.json']).pools[0];
  const coder = ({ chart, team }: World, requires: string[], more: object = { image: 'a', command: ['/c'] }) => new HarnessTemplate(chart, 'coder', {
    namespace: team, credentials: requires, ...more,
  });

  test('are those that the template and its base require', () => {
    expect(entry((world) => ({ template: coder(world, ['B', 'A']) }))).toMatchObject({ template: 'coder', credentials: ['A', 'B'] });
    const based = entry((world) => {
      const baseTemplate = new ClusterHarnessTemplate(world.chart, 'base', { platform: world.platform, image: 'a', command: ['/c'], credentials: ['A'] });
      return { template: coder(world, ['B'], { baseTemplate }) };
    });
    expect(based.credentials).toEqual(['A', 'B']);
  });

  test('are fewer of them, or none, when the pool says so', () => {
    expect(entry((world) => ({ template: coder(world, ['A', 'B']), credentials: ['B'] })).credentials).toEqual(['B']);
    expect(entry((world) => ({ template: coder(world, ['A', 'B']), credentials: [] }))).not.toHaveProperty('credentials');
  });

  test('of a template that is made elsewhere, or whose base is, are those that the pool names', () => {
    const template = HarnessTemplate.fromName('coder');
    const baseTemplate = ClusterHarnessTemplate.fromName('base');
    expect(entry(() => ({ template }))).not.toHaveProperty('credentials');
    expect(entry(() => ({ template, credentials: ['B', 'A'] })).credentials).toEqual(['B', 'A']);
    expect(entry((world) => ({ template: coder(world, ['A'], { baseTemplate }) }))).not.toHaveProperty('credentials');
    expect(entry((world) => ({ template: coder(world, ['A'], { baseTemplate }), credentials: ['FROM_BASE'] })).credentials).toEqual(['FROM_BASE']);
  });

  test('are none without a way out, as surrogates would be of no use', () => {
    expect(entry((world) => ({ template: coder(world, ['A']) }), NO_EGRESS)).not.toHaveProperty('credentials');
  });

  const template = HarnessTemplate.fromName('coder');
  test.each<[string, Partial<WorkerPoolProps>, RegExp, Partial<AgentPlatformProps>]>([
    ['without a template', { credentials: ['A'] }, /test\/python: credentials need a template, whose policies grant them/, {}],
    ['without a way out', { template, credentials: ['A'] }, /credentials have no effect on a platform without an egress proxy/, NO_EGRESS],
    ['of a batch', { workload: batch, credentials: ['A'] }, /credentials has no effect on sticky workers and batches/, {}],
    ['of a platform without sessions', { credentials: ['A'] }, /credentials has no effect on a platform without sessions/, { sessions: { enabled: false } }],
    ['that no shell reads', { template, credentials: ['A-B'] }, /credentials must be letters, digits and '_', not starting with a digit, got "A-B"/, {}],
    ['of a name that leads out', { template, credentials: ['HTTPS_PROXY'] }, /must not be variables that the platform sets, got 'HTTPS_PROXY'/, {}],
    ['of a name that the daemon reads', { template, credentials: ['POD_UID'] }, /must not be variables that the platform sets, got 'POD_UID'/, {}],
    ['named twice', { template, credentials: ['A', 'B', 'A'] }, /credentials must be different, got 'A', 'B', 'A'/, {}],
    ['that are many', { template, credentials: Array.from({ length: 33 }, (_, at) => `A${at}`) }, /credentials must be at most 32, got 33/, {}],
    ['that are variables of the pool too', { template, credentials: ['A'], env: { A: 'x' } }, /env 'A' is a credential of the pool's sessions and may not be set here/, {}],
  ])('%s are refused', (_what, props, message, platform) => {
    expect(() => emitted(() => props, platform)).toThrow(message);
  });

  test('that the template does not require are refused: the broker would refuse every session', () => {
    expect(() => emitted((world) => ({ template: coder(world, ['A', 'B']), credentials: ['C'] })))
      .toThrow("test/python: credentials must be required by the template 'coder', which requires 'A', 'B', got 'C'");
  });

  test('of the template are refused as variables of the pool', () => {
    expect(() => emitted((world) => ({ template: coder(world, ['A']), env: { A: 'x' } }))).toThrow("env 'A' is a credential of the pool's sessions");
  });
});

test('no variable of a pool hides where the proxy is', () => {
  expect(() => emitted(() => ({ env: { EGRESS_BASE_URL: 'http://elsewhere' } }))).toThrow("env 'EGRESS_BASE_URL' is set by the platform");
});
