import { Api } from './api';
import { addRun, addWorkspace, askDeletion, CLAIM, Replica, say, startRun, statusOf, turnOf, WORKSPACE } from './world';

let api: Api;
let replica: Replica;

beforeEach(() => {
  api = new Api();
  replica = new Replica(api);
  addWorkspace(api);
});

const turn = () => turnOf(api);

const disown = (pod: string) => api.put('pods', pod, (before) => ({ ...before, metadata: { ...before!.metadata, ownerReferences: [] } }));

const LEFT: readonly (readonly [string, () => unknown])[] = [
  ['was deleted without it', () => api.put('harnessruns', 'first', () => undefined)],
  ['is over', () => say(api, 'harnessruns', 'first', { phase: 'Succeeded' })],
];

test.each(LEFT)('a pod whose owner was taken off counts as long as it works, though its run %s', async (_, leave) => {
  await startRun(replica, 'first');
  disown('first-0');
  leave();
  addRun(api, 'second');
  expect(await replica.settle()).toBe(10_000);
  api.now += 3_600_000;
  await replica.settle();
  expect(turn()).toEqual(['first', 1]);
  say(api, 'pods', 'first-0', { phase: 'Failed' });
  await replica.settle();
  expect(turn()).toEqual(['second', 2]);
});

test('a Workspace that is made again is not entered while a pod works that has its volume', async () => {
  await startRun(replica, 'first');
  disown('first-0');
  api.put('harnessruns', 'first', () => undefined);
  api.put('persistentvolumeclaims', CLAIM, (before) => ({ ...before, metadata: { name: CLAIM } }));
  api.put('workspaces', WORKSPACE, () => undefined);
  addWorkspace(api);
  addRun(api, 'second');
  expect(await replica.settle()).toBe(10_000);
  expect(turn()).toEqual([undefined, 0]);
  askDeletion(api, 'pods', 'first-0', api.now);
  expect(await replica.settle()).toBe(10_000);
  api.now += 30_000;
  await replica.settle();
  expect(turn()).toEqual(['second', 1]);
});

test('the pods of a run that is made ready again do not keep it out', async () => {
  await startRun(replica, 'first');
  api.put('workspaces', WORKSPACE, (before) => ({ ...before, status: {} }));
  await replica.settle();
  expect(turn()).toEqual(['first', 1]);
});

test('a Workspace that is made for a run is for that run: no other is looked at, and no call asks whether it still waits', async () => {
  const run = addRun(api, 'own', {});
  addWorkspace(api, { ephemeral: true }, 'own-ws', run.metadata.uid);
  const others = jest.spyOn(replica.runs, 'of');
  await replica.settle('own-ws');
  expect(statusOf(api, 'own-ws')).toMatchObject({ activeRunRef: 'own', totalRuns: 1 });
  expect(others).not.toHaveBeenCalled();
  expect(api.calls).toEqual(['create persistentvolumeclaims/ws-own-ws', 'apply workspaces/own-ws']);
});

test('a Workspace of another name that claims to be of a run is not entered by it', async () => {
  const run = addRun(api, 'own', {});
  addWorkspace(api, {}, 'trap', run.metadata.uid);
  await replica.settle('trap');
  expect(statusOf(api, 'trap').activeRunRef).toBeUndefined();
});

test('a Workspace that was made for a run is nobody else\'s, neither before nor after it', async () => {
  addRun(api, 'thief', { workspaceRef: 'own-ws' });
  api.now += 1000;
  const run = addRun(api, 'own', {});
  addWorkspace(api, { ephemeral: true }, 'own-ws', run.metadata.uid);
  await replica.settle('own-ws');
  expect(statusOf(api, 'own-ws')).toMatchObject({ activeRunRef: 'own' });
});

test('an owner that does not control the Workspace makes it no run\'s own', async () => {
  addRun(api, 'own', {});
  api.put('workspaces', 'own-ws', () => ({ metadata: { name: 'own-ws', ownerReferences: [{ kind: 'HarnessRun', uid: 'uid-of-own' }] }, spec: { storage: { size: '1Gi' } } }));
  await replica.settle('own-ws');
  expect(statusOf(api, 'own-ws').activeRunRef).toBeUndefined();
});
