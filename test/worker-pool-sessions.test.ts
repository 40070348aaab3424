import { Duration } from 'cdk8s';
import { ClusterHarnessTemplate, HarnessTemplate, WorkerPool, WorkerPoolProps, WorkerWorkload } from '../src';
import { one, synth } from './helpers/manifests';
import { testPlatform } from './helpers/platform';

const sticky = WorkerWorkload.sticky();
const batch = WorkerWorkload.batch({ command: ['/work'] });

function pool(props: Partial<WorkerPoolProps>, sessions = {}) {
  const { chart, team } = testPlatform({ sessions });
  new WorkerPool(chart, 'python', { namespace: team, image: 'a', ...props });
  return JSON.parse(one(synth(chart), 'ConfigMap', 'controller-pools').data['pools.json']).pools[0];
}

test('sessions live as long as the pool allows, and AgentCube by default', () => {
  expect(pool({})).toEqual({ namespace: 'team-a', name: 'python', maxSessionSeconds: 28_800, idleSeconds: 900 });
  const month = Duration.days(30);
  expect(pool({ maxSession: month, idleTimeout: month })).toMatchObject({ maxSessionSeconds: 2_592_000, idleSeconds: 2_592_000 });
});

test('a template may be one that another app makes', () => {
  expect(pool({ template: HarnessTemplate.fromName('coder') })).toMatchObject({ template: 'coder' });
});

test.each<[string, Partial<WorkerPoolProps>, RegExp]>([
  ['a session of less than a minute', { maxSession: Duration.seconds(59) }, /test\/python: maxSession in seconds must be .* from 60 to 2592000, got 59/],
  ['a session beyond 30 days', { maxSession: Duration.days(31) }, /from 60 to 2592000, got 2678400/],
  ['half a second', { maxSession: Duration.millis(90_500) }, /maxSession in seconds .* got 90.5/],
  ['idling for less than can be told', { idleTimeout: Duration.seconds(9) }, /idleTimeout in seconds must be a whole number from 10 to 28800, got 9/],
  ['idling for longer than the session', { maxSession: Duration.minutes(5), idleTimeout: Duration.minutes(6) }, /idleTimeout in seconds must be a whole number from 10 to 300, got 360/],
  ['a template of the cluster, which the broker would not find', { template: ClusterHarnessTemplate.fromName('coder') }, /template must be a HarnessTemplate, got the ClusterHarnessTemplate 'coder'/],
  ['a template that no label can name', { template: HarnessTemplate.fromName('a.b') }, /template must be an RFC 1123 label .* got "a\.b"/],
  ['a life of sticky workers', { workload: sticky, maxSession: Duration.hours(1) }, /maxSession has no effect on sticky workers and batches/],
  ['idling of a batch', { workload: batch, idleTimeout: Duration.minutes(1) }, /idleTimeout has no effect on sticky workers and batches/],
  ['a template of a batch', { workload: batch, template: HarnessTemplate.fromName('coder') }, /template has no effect on sticky workers and batches/],
])('%s is refused', (_what, props, message) => {
  expect(() => pool(props)).toThrow(message);
});

test('a template of another namespace is refused', () => {
  const { chart, platform, team } = testPlatform();
  const template = new HarnessTemplate(chart, 'coder', { namespace: platform.addNamespace('team-b'), image: 'a', command: ['/c'] });
  expect(() => new WorkerPool(chart, 'python', { namespace: team, image: 'a', template }))
    .toThrow("test/python: template 'coder' must be in the namespace of the pool, 'team-a', got namespace 'team-b'");
});

test.each<Partial<WorkerPoolProps>>([{ maxSession: Duration.hours(1) }, { idleTimeout: Duration.minutes(1) }, { template: HarnessTemplate.fromName('coder') }])('%j is refused on a platform without sessions', (props) => {
  expect(() => pool(props, { enabled: false })).toThrow(`test/python: ${Object.keys(props)[0]} has no effect on a platform without sessions`);
});
