import type { Event, Pod, Secret } from 'kubernetes-types/core/v1';
import { eventually } from './api-server';
import { must } from './cli';
import { LeaseBook } from './lease-book';
import { SkippableTime } from './operator-time';
import { admin, cancel, clear, condition, deploy, get, isTerminal, OpenOperator, openHere, over, PODS, podsOf, RUNS, submit, TEAM, told, until } from './operator-world';
import { agentWaits, ended, fencing, running, scheduled, seeding, unscheduled } from './pod-reports';
import { PretendKubelet, Report } from './pretend-kubelet';
import { DEADLINE_MARGIN_SECONDS, REVOKE_SECONDS } from '../../src/protocol/runs';

/** What a collection is read as: it is there, if empty, as long as its namespace is. */
interface List<T> {
  readonly items: readonly T[];
}

/** How far the kubelet has come with the pod of a run when it stops telling, by the phase that the agent is in then: the second word of its name. */
const REPORTS: Readonly<Record<string, readonly Report[]>> = {
  provisioning: [scheduled],
  starting: [scheduled, fencing, agentWaits('ContainerCreating')],
  cloning: [scheduled, fencing, seeding],
  running: [scheduled, fencing, running],
  stopping: [scheduled, fencing, running],
  stopped: [scheduled, fencing, running, ended(0)],
};
const NO_GPU = unscheduled('0/3 nodes are available: 3 Insufficient nvidia.com/gpu.');
const PHASES = ['created', ...Object.keys(REPORTS)];
const WORKSPACES = `/apis/paddock.dev/v1alpha1/namespaces/${TEAM}/workspaces`;

/** Seconds in which the garbage collector comes, which asks the API server slowly, and after other tests has much to do. */
const COLLECTED = 120;

let kubelet: PretendKubelet;
let time: SkippableTime;
let book: LeaseBook;
let operator: OpenOperator;

beforeAll(() => {
  deploy();
  kubelet = new PretendKubelet(admin, TEAM, ({ metadata }) => REPORTS[metadata.name.split('-')[1]] ?? (metadata.name === 'late-node-0' ? [NO_GPU] : 0));
});

beforeEach(() => {
  time = new SkippableTime();
  book = new LeaseBook();
  operator = openHere({ time, broker: book });
});

afterEach(async () => {
  kubelet.stops = () => true;
  await operator.close();
});

afterAll(async () => {
  await clear();
  await admin.call('DELETE', WORKSPACES);
  await kubelet.close();
  admin.close();
});

/** A run whose agent is in the phase, and stays there. */
async function runIn(phase: string, name: string): Promise<void> {
  expect(name.split('-')[1]).toBe(phase);
  kubelet.stops = () => false;
  if (phase === 'cloning') {
    const seed = { repos: [{ url: 'https://git.example.com/team/app.git' }] };
    await admin.call('POST', WORKSPACES, { apiVersion: 'paddock.dev/v1alpha1', kind: 'Workspace', metadata: { name }, spec: { storage: { size: '1Gi' }, seed } });
  }
  await submit(name, { ...(phase === 'created' ? { templateRef: { name: 'none' } } : {}), ...(phase === 'cloning' ? { workspaceRef: name } : {}) });
  if (phase === 'stopping') {
    await until(name, (run) => run?.status?.agentPhase === 'running');
    await cancel(name);
  }
  await until(name, (run) => run?.status?.agentPhase === phase && (phase !== 'provisioning' || run.status.podUID !== undefined));
}

test.each(PHASES)('a run that is deleted while its agent is %s goes with everything of it', async (phase) => {
  const name = `deleted-${phase}`;
  await runIn(phase, name);
  await admin.call('DELETE', `${RUNS}/${name}`);
  if (['running', 'stopping', 'cloning'].includes(phase)) {
    const run = await until(name, (one) => one.status.agentPhase === 'stopping' && book.live(name).length === 0);
    expect(run.metadata.deletionTimestamp).toBeDefined();
  }
  kubelet.stops = () => true;
  await eventually(() => get(name), (run) => run === undefined);
  expect(book.live(name)).toEqual([]);
  await eventually(() => podsOf(name), (pods) => pods.length === 0, COLLECTED);
  await eventually(() => admin.read<List<Secret>>(`/api/v1/namespaces/${TEAM}/secrets`), ({ items }) => !items.some(({ metadata }) => metadata!.name!.startsWith(name)), COLLECTED);
});

test('a run that is deleted in the foreground goes after everything of it', async () => {
  await runIn('running', 'foreground-running');
  kubelet.stops = () => true;
  await admin.call('DELETE', `${RUNS}/foreground-running?propagationPolicy=Foreground`);
  await eventually(() => get('foreground-running'), (run) => run === undefined, COLLECTED);
  expect([await podsOf('foreground-running'), book.live('foreground-running')]).toEqual([[], []]);
});

test('a run that is deleted, and that somebody else keeps, says that it is over', async () => {
  await runIn('running', 'kept-running');
  const finalizers = (change: object) => admin.call('PATCH', `${RUNS}/kept-running`, [{ path: '/metadata/finalizers', ...change }], 'application/json-patch+json');
  await finalizers({ op: 'add', path: '/metadata/finalizers/-', value: 'example.com/kept' });
  await admin.call('DELETE', `${RUNS}/kept-running`);
  kubelet.stops = () => true;
  const run = await until('kept-running', ({ metadata }) => metadata.finalizers.length === 1);
  expect(run.status).toMatchObject({ phase: 'Cancelled', agentPhase: 'stopped', completionTime: expect.any(String) });
  expect(condition(run, 'Completed')).toMatchObject({ status: 'True', reason: 'Cancelled' });
  await finalizers({ op: 'remove' });
  await eventually(() => get('kept-running'), (one) => one === undefined);
});

test.each(PHASES.filter((phase) => phase !== 'stopped'))('a run that is cancelled while its agent is %s ends as cancelled', async (phase) => {
  const name = `cancelled-${phase}`;
  await runIn(phase, name);
  await cancel(name);
  kubelet.stops = () => true;
  const run = await over(name);
  expect([run.status.phase, condition(run, 'Completed').status, condition(run, 'Completed').reason]).toEqual(['Cancelled', 'True', 'Cancelled']);
  expect(condition(run, 'Completed').message).toMatch(/^the run was cancelled: not needed/);
  expect(book.live(name)).toEqual([]);
});

test('a run that is cancelled when it is over stays as it ended', async () => {
  await submit('cancelled-late');
  const before = await over('cancelled-late');
  await cancel('cancelled-late');
  await submit('cancelled-witness');
  await over('cancelled-witness');
  expect((await get('cancelled-late')).status).toEqual(before.status);
});

test('a run that takes too long is left to its node, and has its pod deleted when that does not end it', async () => {
  kubelet.stops = () => false;
  await submit('late-running', { timeout: '10m' });
  await until('late-running', (run) => run?.status?.agentPhase === 'running');
  const { status: { startTime } } = await get('late-running');
  const deadline = Date.parse(startTime) + 600_000;
  time.skipToBefore(deadline, 60);
  expect((await get('late-running')).status.phase).toBe('Running');
  const { spec } = await admin.read<Pod>(`${PODS}/late-running-0`);
  time.skipToBefore(deadline, -spec!.terminationGracePeriodSeconds! - DEADLINE_MARGIN_SECONDS);
  const stopping = await until('late-running', (run) => run.status.agentPhase === 'stopping');
  expect(condition(stopping, 'Completed')).toMatchObject({ status: 'False', reason: 'Terminating' });
  kubelet.stops = () => true;
  const run = await time.passes(30, () => get('late-running'), isTerminal);
  expect([run.status.phase, run.status.agentPhase]).toEqual(['Failed', 'error']);
  expect(condition(run, 'Completed')).toMatchObject({ status: 'True', reason: 'DeadlineExceeded' });
  expect(book.live('late-running')).toEqual([]);
});

/** Keeps runs from beginning; answers what ends that. */
type Hinder = () => Promise<() => unknown>;

const fullQuota: Hinder = async () => {
  must(['create', 'quota', 'no-pods', '-n', TEAM, '--hard=pods=0']);
  // As its controller would count.
  await admin.call('PATCH', `/api/v1/namespaces/${TEAM}/resourcequotas/no-pods/status`, { status: { hard: { pods: '0' }, used: { pods: '0' } } }, 'application/merge-patch+json');
  return () => must(['delete', 'quota', 'no-pods', '-n', TEAM]);
};

const noBroker: Hinder = async () => {
  book.before = (call) => (call.startsWith('issue') ? Promise.reject(new Error('away')) : Promise.resolve());
  return () => undefined;
};

test.each<[string, Hinder, string, RegExp]>([
  ['broker', noBroker, 'BrokerUnavailable', /: BrokerUnavailable: the broker does not give the credential API_KEY: /],
  ['quota', fullQuota, 'QuotaExceeded', /: QuotaExceeded: the API server refuses pod 'late-quota-0': .*exceeded quota: no-pods/],
  ['node', async () => () => undefined, 'Unschedulable', /: Unschedulable: .*the scheduler says: 0\/3 nodes are available: 3 Insufficient nvidia\.com\/gpu\.$/],
])('a run that waits for its %s is over at its time-out, too, and says what it waited for', async (what, hinder, reason, message) => {
  const name = `late-${what}`;
  const undo = await hinder();
  try {
    await submit(name, { timeout: '5m' });
    await told(name, reason);
    const run = await time.passes(10, () => get(name), isTerminal);
    expect(condition(run, 'Completed')).toMatchObject({ status: 'True', reason: 'DeadlineExceeded', message: expect.stringMatching(/^its time was over while it waited: /) });
    expect(condition(run, 'Completed').message).toMatch(message);
  } finally {
    undo();
  }
  await eventually(() => podsOf(name), (pods) => pods.length === 0);
});

test('a run is deleted so long after its end as it says, and not before', async () => {
  await submit('expiring', { ttlSecondsAfterFinished: 1000 });
  await over('expiring');
  time.skip(800);
  await submit('witness');
  await over('witness');
  expect(isTerminal(await get('expiring'))).toBe(true);
  await time.passes(20, () => get('expiring'), (run) => run === undefined);
  await eventually(() => podsOf('expiring'), (pods) => pods.length === 0, COLLECTED);
});

test('a run whose pod never stops is not kept for ever when it is deleted', async () => {
  await runIn('running', 'stuck-running');
  await admin.call('DELETE', `${RUNS}/stuck-running`);
  await until('stuck-running', (run) => run.status.agentPhase === 'stopping');
  const left = await time.passes(10, () => get('stuck-running'), (run) => run === undefined);
  expect(left).toBeUndefined();
  expect(book.live('stuck-running')).toEqual([]);
});

test('leases that cannot be revoked are told, and keep neither an ended nor a deleted run', async () => {
  book.before = (call) => (call.startsWith('revoke') ? Promise.reject(new Error('away')) : Promise.resolve());
  await submit('unrevoked');
  const ending = await until('unrevoked', (run) => isTerminal(run) && condition(run, 'CredentialsRevoked') !== undefined);
  expect([ending.status.phase, condition(ending, 'CredentialsRevoked').reason, ending.metadata.finalizers]).toMatchObject(['Succeeded', 'Revoking', [expect.any(String)]]);
  const run = await time.passes(REVOKE_SECONDS / 6, () => get('unrevoked'), (one) => one.metadata.finalizers === undefined);
  expect(condition(run, 'CredentialsRevoked')).toMatchObject({ status: 'False', reason: 'RevokeFailed', message: expect.stringContaining('lease-unrevoked-api-key') });
  const { items } = await eventually(
    () => admin.read<List<Event>>(`/api/v1/namespaces/${TEAM}/events?fieldSelector=involvedObject.name%3Dunrevoked,reason%3DRevokeFailed`),
    (events) => events.items.length > 0,
  );
  expect(items[0]).toMatchObject({ type: 'Warning', message: expect.stringContaining('leases that are not revoked') });
  await runIn('running', 'unrevoked-running');
  await admin.call('DELETE', `${RUNS}/unrevoked-running`);
  kubelet.stops = () => true;
  await time.passes(REVOKE_SECONDS / 6, () => get('unrevoked-running'), (one) => one === undefined);
});
