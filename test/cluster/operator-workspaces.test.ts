import { eventually } from './api-server';
import { LeaseBook } from './lease-book';
import { SkippableTime } from './operator-time';
import { admin, cancel, clear, condition, deploy, eventsOf, get, isTerminal, makeWorkspace, messageOf, OpenOperator, openHere, over, podsOf, submit, TEAM, told, until, WORKSPACES } from './operator-world';
import { ended, fencing, running, scheduled, seeding } from './pod-reports';
import { Course, PretendKubelet } from './pretend-kubelet';
import { LABELS } from '../../src/protocol/names';

/* eslint-disable @typescript-eslint/no-explicit-any */


const courses = new Map<string, Course>();
/** The most pods that ran in a Workspace at the same time, and the runs in the order in which they did. */
const most = new Map<string, number>();
const order = new Map<string, Set<string>>();

let kubelet: PretendKubelet;
let operator: OpenOperator;

beforeAll(() => {
  deploy();
  kubelet = new PretendKubelet(admin, TEAM, ({ metadata }) => courses.get(metadata.name) ?? 0);
  kubelet.seen = (pods) => {
    const alive = pods.filter(({ metadata, status }) => metadata.labels[LABELS.runWorkspace] !== undefined && !['Failed', 'Succeeded'].includes(status.phase));
    const workspaces = alive.map(({ metadata }) => metadata.labels[LABELS.runWorkspace]);
    for (const one of workspaces) most.set(one, Math.max(most.get(one) ?? 0, workspaces.filter((other) => other === one).length));
    for (const { metadata: { labels } } of alive) {
      const place = labels[LABELS.runWorkspace];
      order.set(place, (order.get(place) ?? new Set()).add(labels[LABELS.run]));
    }
  };
});

beforeEach(() => {
  operator = openHere({ broker: new LeaseBook(), time: new SkippableTime() });
});

afterEach(() => operator.close());

afterAll(async () => {
  await clear();
  await admin.call('DELETE', WORKSPACES);
  await kubelet.close();
  admin.close();
});

async function workspaceOf(name: string): Promise<any> {
  return (await admin.call('GET', `${WORKSPACES}/${name}`)).body;
}

test('the second of two runs in a Workspace waits for the first, and says where that is named', async () => {
  await makeWorkspace('shared');
  courses.set('first-0', 'never');
  await submit('first', { workspaceRef: 'shared' });
  await until('first', (run) => run?.status?.agentPhase === 'running');
  await submit('second', { workspaceRef: 'shared' });
  const waiting = await told('second', 'WorkspaceBusy');
  expect(messageOf(waiting)).toContain('kubectl get ws shared');
  expect([waiting.status.phase, waiting.status.startTime, waiting.status.issuedLeases]).toEqual(['Pending', undefined, undefined]);
  await cancel('first');
  expect((await over('first')).status.phase).toBe('Cancelled');
  expect((await over('second')).status.phase).toBe('Succeeded');
  expect([most.get('shared'), [...order.get('shared')!]]).toEqual([1, ['first', 'second']]);
});

test('five runs in a Workspace work one after the other, the oldest first, and each is counted once', async () => {
  await makeWorkspace('queue');
  const names = ['e', 'd', 'c', 'b', 'a'].map((letter) => `queued-${letter}`);
  for (const name of names) {
    await submit(name, { workspaceRef: 'queue' });
    // Their age is in whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  for (const name of names) expect((await over(name)).status.phase).toBe('Succeeded');
  expect(most.get('queue')).toBe(1);
  expect([...order.get('queue')!]).toEqual(names);
  const { status } = await eventually(() => workspaceOf('queue'), (one) => one.status.activeRunRef === undefined);
  expect(status).toMatchObject({ phase: 'Active', totalRuns: 5, pvcName: 'ws-queue' });
});

test('a turn writes nothing of runs that go on waiting, and their wait is no warning', async () => {
  await makeWorkspace('crowded');
  ['one-0', 'two-0'].forEach((pod) => courses.set(pod, 'never'));
  for (const name of ['one', 'two']) {
    await submit(name, { workspaceRef: 'crowded' });
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  await submit('three', { workspaceRef: 'crowded' });
  const { metadata: { resourceVersion } } = await told('three', 'WorkspaceBusy');
  await cancel('one');
  await until('two', (run) => run?.status?.agentPhase === 'running');
  expect((await get('three')).metadata.resourceVersion).toBe(resourceVersion);
  expect(await eventsOf('three', ({ length }) => length > 0)).toEqual(['Normal WorkspaceBusy']);
  await cancel('two');
  await over('three');
});

test('a Workspace is handed on though the run that has it fails, is deleted or is deleted while it waits', async () => {
  await makeWorkspace('passed-on');
  courses.set('failed-0', [scheduled, fencing, running, ended(1)]);
  courses.set('deleted-0', 'never');
  for (const name of ['failed', 'deleted', 'waiting', 'last']) await submit(name, { workspaceRef: 'passed-on' });
  const going = await until('deleted', (run) => run?.status?.agentPhase === 'running');
  expect(going.status.phase).toBe('Running');
  for (const name of ['waiting', 'deleted']) await admin.call('DELETE', `${WORKSPACES.replace('workspaces', 'harnessruns')}/${name}`);
  expect((await over('last')).status.phase).toBe('Succeeded');
  expect(most.get('passed-on')).toBe(1);
  const { status } = await eventually(() => workspaceOf('passed-on'), (one) => one.status.activeRunRef === undefined);
  expect(status.totalRuns).toBe(3);
});

test('the first run clones, the next one finds the repositories there', async () => {
  await makeWorkspace('seeded', { repos: [{ url: 'https://git.example.com/team/app.git' }] });
  let seen = false;
  courses.set('cloner-0', [scheduled, fencing, seeding, (pod) => (seen ? running(pod) : undefined), ended(0)]);
  await submit('cloner', { workspaceRef: 'seeded' });
  expect((await until('cloner', (run) => run?.status?.agentPhase === 'cloning')).status.phase).toBe('Pending');
  expect(await workspaceOf('seeded')).toMatchObject({ status: { phase: 'Seeding', activeRunRef: 'cloner' } });
  seen = true;
  await over('cloner');
  await submit('successor', { workspaceRef: 'seeded' });
  await over('successor');
  const initsOf = async (pod: string) => ((await admin.call('GET', `/api/v1/namespaces/${TEAM}/pods/${pod}`)).body as any).spec.initContainers.map(({ name }: any) => name);
  expect([await initsOf('cloner-0'), await initsOf('successor-0')]).toEqual([['fence', 'seed'], ['fence']]);
  expect((await workspaceOf('seeded')).status).toMatchObject({ phase: 'Active', totalRuns: 2 });
  await eventsOf('cloner', (events) => ['PodCreated', 'Cloning', 'Succeeded'].every((reason) => events.includes(`Normal ${reason}`)));
  expect(await eventsOf('seeded', ({ length }) => length > 0)).toEqual(['Normal Seeded']);
});

test('a Workspace that cannot be cloned to by anybody ends the run that wants it', async () => {
  await makeWorkspace('ssh', { repos: [{ url: 'git@git.example.com:team/app.git' }] });
  await submit('rejected', { workspaceRef: 'ssh' });
  const run = await over('rejected');
  expect(condition(run, 'Completed')).toMatchObject({ status: 'True', reason: 'SeedRejected', message: expect.stringContaining('ssh') });
  expect(await podsOf('rejected')).toEqual([]);
});

test('nobody works in a Workspace whose last pod still stops', async () => {
  await makeWorkspace('held');
  courses.set('holder-0', 'never');
  let lets = false;
  kubelet.stops = () => lets;
  await submit('holder', { workspaceRef: 'held' });
  await until('holder', (run) => run?.status?.agentPhase === 'running');
  await submit('heir', { workspaceRef: 'held' });
  await cancel('holder');
  const stopping = await told('holder', 'Cancelling');
  expect([stopping.status.phase, stopping.status.agentPhase]).toEqual(['Running', 'stopping']);
  await told('heir', 'WorkspaceBusy');
  lets = true;
  await over('heir');
  expect(isTerminal(await get('holder'))).toBe(true);
  expect(most.get('held')).toBe(1);
});
