import { SEED, Stepper } from './workspace-stepper';
import { KubeError } from '../../../../../sidecar/src/kube/kube-error';
import type { Api, Stored } from '../../workspaces/api';
import { addRun, addWorkspace, Replica, statusOf } from '../../workspaces/world';

let stepper: Stepper;
let api: Api;
let replica: Replica;

beforeEach(() => {
  stepper = new Stepper();
  ({ api, replica } = stepper);
});

test('a run that names none gets a Workspace that goes with it, once', async () => {
  const run = addRun(api, 'own', {});
  expect(await stepper.step(run)).toMatchObject({ kind: 'wait', reason: 'InProgress' });
  expect(api.get('workspaces', 'own-ws')).toMatchObject({
    metadata: { ownerReferences: [{ kind: 'HarnessRun', name: 'own', uid: run.metadata.uid }] },
    spec: { ephemeral: true, storage: { size: '2Gi' } },
  });
  expect(replica.woken).toEqual(['team/own-ws']);
  await replica.settle('own-ws');
  expect(await stepper.step(run)).toEqual({ kind: 'done', value: { kind: 'claim', name: 'own-ws' } });
  expect(api.calls.filter((call) => call.startsWith('create workspaces'))).toHaveLength(1);
});

test('it is found where the replica that made it died before it knew', async () => {
  const run = addRun(api, 'own', {});
  await stepper.step(run);
  jest.spyOn(replica.workspaces, 'get').mockReturnValueOnce(undefined);
  expect(await stepper.step(run)).toMatchObject({ kind: 'wait', reason: 'InProgress' });
});

test.each([undefined, 'another-run'])('a Workspace of its name that is of %s is not taken, and waited for no longer than a minute', async (owner) => {
  addWorkspace(api, {}, 'own-ws', owner);
  const run = addRun(api, 'own', {});
  jest.spyOn(replica.workspaces, 'get').mockReturnValueOnce(undefined);
  expect(await stepper.step(run)).toMatchObject({ kind: 'wait', reason: 'NameTaken', againAfter: 60_000 });
  expect(await stepper.step(run)).toMatchObject({ kind: 'wait', reason: 'NameTaken' });
  api.now += 60_000;
  expect(await stepper.step(run)).toMatchObject({ kind: 'fail', reason: 'NameTaken', message: expect.stringContaining("'own-ws'") });
});

const TEN = 10_000;

test.each<[string, (run: Stored) => unknown]>([
  ['was there before it', (run) => {
    api.now -= TEN;
    addWorkspace(api, { ephemeral: true }, 'own-ws', run.metadata.uid);
    api.now += TEN;
  }],
  ['clones what somebody else has written', (run) => addWorkspace(api, { ephemeral: true, seed: SEED }, 'own-ws', run.metadata.uid)],
  ['others could name', (run) => addWorkspace(api, {}, 'own-ws', run.metadata.uid)],
])('a run does not believe a Workspace that says it is its own and %s', async (_, add) => {
  const run = addRun(api, 'own', {});
  add(run);
  await replica.settle('own-ws');
  expect(await stepper.step(run)).toMatchObject({ kind: 'wait', reason: 'NameTaken', message: expect.stringContaining('delete it') });
  expect(statusOf(api, 'own-ws').activeRunRef).toBeUndefined();
});

test('that the clock of another API server is behind takes no Workspace away from its run', async () => {
  const run = addRun(api, 'own', {});
  api.now -= 1000;
  addWorkspace(api, { ephemeral: true }, 'own-ws', run.metadata.uid);
  await replica.settle('own-ws');
  expect(await stepper.step(run)).toMatchObject({ kind: 'done' });
});

test('a claim of its name that nobody owns is not taken, and waited for no longer than a minute', async () => {
  const run = addRun(api, 'own', {});
  api.put('persistentvolumeclaims', 'ws-own-ws', () => ({ metadata: { name: 'ws-own-ws' } }));
  await stepper.step(run);
  await replica.settle('own-ws');
  expect(await stepper.step(run)).toMatchObject({ kind: 'wait', reason: 'NameTaken', againAfter: 60_000, message: expect.stringContaining('delete the claim') });
  api.now += 60_000;
  expect(await stepper.step(run)).toMatchObject({ kind: 'fail', reason: 'NameTaken', message: expect.stringContaining("claim 'ws-own-ws'") });
});

const CLAIM_OF_OWN = 'create persistentvolumeclaims/ws-own-ws';

test('a run whose own volume is refused ends after a minute', async () => {
  const run = addRun(api, 'own', {});
  api.refusals.set(CLAIM_OF_OWN, new KubeError('Forbidden', 'POST: 403', { statusMessage: 'admission webhook "disks" denied the request: no' }));
  await stepper.step(run);
  await replica.settle('own-ws');
  expect(await stepper.step(run)).toMatchObject({ kind: 'wait', reason: 'WorkspaceNotReady', againAfter: 60_000, message: expect.stringContaining('"disks" denied') });
  api.now += 30_000;
  expect(await stepper.step(run)).toMatchObject({ kind: 'wait', reason: 'WorkspaceNotReady', againAfter: 30_000 });
  api.now += 30_000;
  expect(await stepper.step(run)).toMatchObject({ kind: 'fail', reason: 'WorkspaceFailed', message: expect.stringContaining('"disks" denied') });
  expect(stepper.bound()).toBe('WorkspaceFailed');
});

test('one whose own volume has no room in the quota waits until there is some', async () => {
  const run = addRun(api, 'own', {});
  const statusMessage = 'persistentvolumeclaims "ws-own-ws" is forbidden: exceeded quota: disks, requested: requests.storage=2Gi';
  api.refusals.set(CLAIM_OF_OWN, new KubeError('Forbidden', 'POST: 403', { statusMessage }));
  await stepper.step(run);
  await replica.settle('own-ws');
  await stepper.step(run);
  api.now += 3_600_000;
  expect(await stepper.step(run)).toEqual({ kind: 'wait', reason: 'WorkspaceNotReady', message: expect.stringContaining('exceeded quota: disks') });
  api.refusals.clear();
  await replica.settle('own-ws');
  expect(await stepper.step(run)).toMatchObject({ kind: 'done' });
});

test('a Workspace that the quota does not allow is waited for', async () => {
  const run = addRun(api, 'own', {});
  const statusMessage = 'workspaces.paddock.dev "own-ws" is forbidden: exceeded quota: few, requested: count/workspaces.paddock.dev=1';
  api.refusals.set('create workspaces/own-ws', new KubeError('Forbidden', 'POST: 403', { statusMessage }));
  expect(await stepper.step(run)).toMatchObject({ kind: 'wait', reason: 'QuotaExceeded', message: expect.stringContaining('exceeded quota: few') });
  expect(stepper.bound()).toBe('WorkspaceNotReady');
});

test('an API server that is away is for the next reconcile', async () => {
  api.refusals.set('create workspaces/own-ws', new KubeError('Unavailable', 'POST: no answer'));
  await expect(stepper.step(addRun(api, 'own', {}))).rejects.toThrow('no answer');
});
