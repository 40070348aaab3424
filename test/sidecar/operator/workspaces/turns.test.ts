import { Api } from './api';
import { addPod, addRun, addWorkspace, askDeletion, Replica, say, startRun, statusOf, turnOf, WORKSPACE } from './world';

let api: Api;
let replica: Replica;

beforeEach(() => {
  api = new Api();
  replica = new Replica(api);
  addWorkspace(api);
});

const turn = () => turnOf(api);

const over = (name: string) => say(api, 'harnessruns', name, { phase: 'Succeeded' });

test('the run that waits longest is first, and of those made at once the one whose name sorts first', async () => {
  addRun(api, 'c');
  addRun(api, 'b');
  api.now -= 5000;
  addRun(api, 'd');
  api.now += 5000;
  const order: (string | undefined)[] = [];
  for (let count = 0; count < 3; count += 1) {
    await replica.settle();
    order.push(turn()[0]);
    over(turn()[0]!);
  }
  expect(order).toEqual(['d', 'b', 'c']);
});

test('a run is counted when its turn comes, by its UID, and that is when something was done last', async () => {
  const run = addRun(api, 'first');
  await replica.settle();
  expect(statusOf(api)).toMatchObject({ activeRunRef: 'first', totalRuns: 1, lastCountedRun: run.metadata.uid, lastActivity: '2030-01-01T00:00:00Z' });
  api.now += 60_000;
  over('first');
  await replica.settle();
  expect(statusOf(api)).toMatchObject({ totalRuns: 1, lastCountedRun: run.metadata.uid, lastActivity: '2030-01-01T00:01:00Z' });
  expect(turn()).toEqual([undefined, 1]);
});

test('nobody else begins while a run goes on, between its attempts too', async () => {
  await startRun(replica, 'first', { phase: 'Failed' });
  addRun(api, 'second');
  await replica.settle();
  expect(turn()).toEqual(['first', 1]);
});

const RUNNING: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['runs', { phase: 'Running' }],
  ['may still start', { phase: 'Pending' }],
  ['is on a node of which nothing is known', { phase: 'Unknown' }],
];

test.each(RUNNING)('nor while a pod of a run that is over %s', async (_, status) => {
  await startRun(replica, 'first', status);
  over('first');
  addRun(api, 'second');
  expect(await replica.settle()).toBe(10_000);
  expect(turn()).toEqual(['first', 1]);
  say(api, 'pods', 'first-0', { phase: 'Failed' });
  expect(await replica.settle()).toBeUndefined();
  expect(turn()).toEqual(['second', 2]);
});

test('nor while a run that is deleted is still there: a pod of it may be about to be made', async () => {
  addRun(api, 'first');
  await replica.settle();
  askDeletion(api, 'harnessruns', 'first');
  addRun(api, 'second');
  await replica.settle();
  expect(turn()).toEqual(['first', 1]);
  api.put('harnessruns', 'first', () => undefined);
  await replica.settle();
  expect(turn()).toEqual(['second', 2]);
});

test('a pod of a run that is gone counts until its grace period is well over', async () => {
  await startRun(replica, 'first');
  api.put('harnessruns', 'first', () => undefined);
  addRun(api, 'second');
  expect(await replica.settle()).toBe(10_000);
  askDeletion(api, 'pods', 'first-0', api.now + 5000);
  api.now += 34_000;
  expect(await replica.settle()).toBe(1000);
  expect(turn()).toEqual(['first', 1]);
  api.now += 1000;
  await replica.settle();
  expect(turn()).toEqual(['second', 2]);
});

test('a pod that nobody can stop holds the Workspace as long as its run is there', async () => {
  await startRun(replica, 'first');
  askDeletion(api, 'pods', 'first-0');
  over('first');
  api.now += 3_600_000;
  await replica.settle();
  expect(turn()).toEqual(['first', 1]);
});

test('a pod that this replica has not seen yet is asked for before another run begins', async () => {
  const run = addRun(api, 'first');
  await replica.settle();
  const pod = addPod(api, run);
  say(api, 'harnessruns', 'first', { phase: 'Failed', podUID: pod.metadata.uid, podName: 'first-0' });
  addRun(api, 'second');
  replica.runs.catchUp(Infinity);
  expect(await replica.reconcile()).toBe(10_000);
  expect(turn()).toEqual(['first', 1]);
  api.put('pods', 'first-0', () => undefined);
  await replica.settle();
  expect(turn()).toEqual(['second', 2]);
});

test('a run of the same name that came later has its own turn', async () => {
  const first = await startRun(replica, 'again');
  api.put('harnessruns', 'again', () => undefined);
  addRun(api, 'again');
  await replica.settle();
  expect([turn(), statusOf(api).lastCountedRun]).toEqual([['again', 1], first.metadata.uid]);
  say(api, 'pods', 'again-0', { phase: 'Succeeded' });
  await replica.settle();
  expect(turn()).toEqual(['again', 2]);
  expect(statusOf(api).lastCountedRun).not.toBe(first.metadata.uid);
});

const OTHERS: readonly (readonly [string, () => unknown])[] = [
  ['is over', () => { addRun(api, 'other'); over('other'); }],
  ['is deleted', () => { addRun(api, 'other'); askDeletion(api, 'harnessruns', 'other'); }],
  ['is cancelled', () => api.put('harnessruns', 'other', () => ({
    metadata: { annotations: { 'cdk8s-agent-platform/cancel': 'enough' } }, spec: { templateRef: { name: 'coder' }, workspaceRef: WORKSPACE },
  }))],
  ['works elsewhere', () => addRun(api, 'other', { workspaceRef: 'elsewhere' })],
  ['names no Workspace', () => addRun(api, 'other', {})],
];

test.each(OTHERS)('a run that %s gets no turn', async (_, add) => {
  add();
  await replica.settle();
  expect(turn()).toEqual([undefined, 0]);
});

test('a replica that is behind does not take the turn of a run away', async () => {
  await replica.settle();
  const late = new Replica(api);
  addRun(api, 'first');
  await replica.settle();
  addRun(api, 'second');
  late.runs.catchUp(Infinity);
  api.put('harnessruns', 'first', (before) => before);
  expect(await late.reconcile()).toBe(1000);
  expect(turn()).toEqual(['first', 1]);
});

test('nor counts a run twice that it does not know to be over', async () => {
  addRun(api, 'first');
  const late = new Replica(api);
  await replica.settle();
  over('first');
  addRun(api, 'second');
  await replica.settle();
  over('second');
  await replica.settle();
  late.workspaces.catchUp(Infinity);
  late.claims.catchUp(Infinity);
  await late.reconcile();
  expect(turn()).toEqual([undefined, 2]);
});

test('what others write in the status is left to them', async () => {
  say(api, 'workspaces', WORKSPACE, { seedJobName: 'repo-seed', conditions: [{ type: 'Theirs', status: 'True', lastTransitionTime: '2030-01-01T00:00:00Z', reason: 'So', message: '' }] });
  await replica.settle();
  expect(statusOf(api).seedJobName).toBeUndefined();
  expect(statusOf(api).conditions!.map(({ type }) => type)).toEqual(['PVCBound', 'Ready', 'Seeded']);
});
