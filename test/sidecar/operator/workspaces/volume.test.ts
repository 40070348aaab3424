import { Api, NAMESPACE } from './api';
import { addPod, addRun, addWorkspace, askDeletion, CLAIM, conditionIn, Replica, say, seedOf, startRun, statusOf, WORKSPACE } from './world';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';

const SEED = { repos: [{ url: 'https://code.example/a/b.git' }] };
const CREATE = `create persistentvolumeclaims/${CLAIM}`;

let api: Api;
let replica: Replica;

beforeEach(() => {
  api = new Api();
  replica = new Replica(api);
});

function messageOf(type: string): string {
  return statusOf(api).conditions!.find((one) => one.type === type)!.message;
}

test('a Workspace gets a claim that goes with it, and is ready though the claim waits for its first consumer', async () => {
  const workspace = addWorkspace(api, { storage: { size: '3Gi', storageClass: 'fast' } });
  expect(await replica.settle()).toBeUndefined();
  expect(api.get('persistentvolumeclaims', CLAIM)).toMatchObject({
    metadata: { ownerReferences: [{ kind: 'Workspace', name: WORKSPACE, uid: workspace.metadata.uid }] },
    spec: { storageClassName: 'fast', resources: { requests: { storage: '3Gi' } } },
  });
  const status = statusOf(api);
  expect(status).toMatchObject({ phase: 'Active', pvcName: CLAIM, totalRuns: 0 });
  expect([conditionIn(status, 'PVCBound'), conditionIn(status, 'Ready'), conditionIn(status, 'Seeded')]).toEqual(['False Pending', 'True Ready', 'True NoSeedRequired']);
});

test('one claim and one status are written, and nothing more while nothing changes', async () => {
  addWorkspace(api);
  await replica.settle();
  await replica.settle();
  expect(api.calls).toEqual([CREATE, `apply workspaces/${WORKSPACE}`]);
});

test('a claim that is bound is said to be', async () => {
  addWorkspace(api);
  await replica.settle();
  say(api, 'persistentvolumeclaims', CLAIM, { phase: 'Bound' });
  await replica.settle();
  expect(conditionIn(statusOf(api), 'PVCBound')).toBe('True Bound');
});

test('a volume that is lost makes the Workspace fail, and no run begins in it', async () => {
  addWorkspace(api);
  await replica.settle();
  say(api, 'persistentvolumeclaims', CLAIM, { phase: 'Lost' });
  addRun(api, 'late');
  await replica.settle();
  expect(statusOf(api)).toMatchObject({ phase: 'Failed', totalRuns: 0 });
  expect(conditionIn(statusOf(api), 'Ready')).toBe('False Lost');
});

test('a claim that the API server refuses is told with its reason and asked for again, and no run begins before', async () => {
  addWorkspace(api);
  addRun(api, 'first');
  api.refusals.set(CREATE, new KubeError('Forbidden', 'POST: 403', { statusMessage: 'exceeded quota: storage' }));
  expect(await replica.settle()).toBe(30_000);
  expect(conditionIn(statusOf(api), 'PVCBound')).toBe('False Refused');
  expect(messageOf('Ready')).toBe('the API server refuses the claim: exceeded quota: storage');
  expect([statusOf(api).phase, statusOf(api).activeRunRef]).toEqual([undefined, undefined]);
  api.refusals.clear();
  await replica.settle();
  expect(statusOf(api)).toMatchObject({ phase: 'Active', activeRunRef: 'first' });
});

test('an API server that is away is nothing to be told of; the work is done again', async () => {
  addWorkspace(api);
  api.refusals.set(CREATE, new KubeError('Unavailable', 'POST: no answer'));
  await expect(replica.settle()).rejects.toThrow('no answer');
  expect(statusOf(api)).toEqual({});
});

test('a claim of an earlier Workspace of the name is not taken over', async () => {
  const owner = { kind: 'Workspace', name: WORKSPACE, uid: 'earlier' };
  api.put('persistentvolumeclaims', CLAIM, () => ({ metadata: { name: CLAIM, ownerReferences: [owner] } }));
  addWorkspace(api);
  addRun(api, 'first');
  expect(await replica.settle()).toBe(30_000);
  expect(conditionIn(statusOf(api), 'PVCBound')).toBe('False NameTaken');
  expect(statusOf(api).activeRunRef).toBeUndefined();
  api.put('persistentvolumeclaims', CLAIM, () => undefined);
  await replica.settle();
  expect(statusOf(api)).toMatchObject({ phase: 'Active', activeRunRef: 'first' });
});

test('nor is it by a replica that does not know it yet', async () => {
  addWorkspace(api);
  replica.workspaces.catchUp(1);
  api.put('persistentvolumeclaims', CLAIM, () => ({ metadata: { name: CLAIM, ownerReferences: [{ kind: 'Workspace', name: WORKSPACE, uid: 'earlier' }] } }));
  expect(await replica.reconcile()).toBe(30_000);
  expect(conditionIn(statusOf(api), 'PVCBound')).toBe('False NameTaken');
});

test('a pod of an earlier Workspace of the name gets no new volume: without a node it holds none', async () => {
  addPod(api, addRun(api, 'victim'), 0, { phase: 'Pending' });
  addWorkspace(api);
  addRun(api, 'next');
  expect(await replica.settle()).toBe(30_000);
  expect([conditionIn(statusOf(api), 'PVCBound'), api.calls]).toEqual(['False NameTaken', [`apply workspaces/${WORKSPACE}`]]);
  expect(messageOf('PVCBound')).toContain("pod 'victim-0' is of an earlier Workspace");
  say(api, 'pods', 'victim-0', { phase: 'Failed' });
  await replica.settle();
  expect(statusOf(api)).toMatchObject({ phase: 'Active', pvcName: CLAIM });
});

test('a claim that is lost is not looked at without pause while the watch is behind', async () => {
  addWorkspace(api);
  await replica.settle();
  api.put('persistentvolumeclaims', CLAIM, () => undefined);
  replica.claims.catchUp(1);
  api.put('workspaces', WORKSPACE, (before) => before);
  expect([await replica.reconcile(), await replica.reconcile()]).toEqual([1000, 1000]);
});

test('a claim that somebody has put there for the Workspace is used', async () => {
  api.put('persistentvolumeclaims', CLAIM, () => ({ metadata: { name: CLAIM }, status: { phase: 'Bound' } }));
  addWorkspace(api);
  await replica.settle();
  expect(statusOf(api)).toMatchObject({ phase: 'Active', pvcName: CLAIM });
  expect(api.calls).not.toContain(CREATE);
});

test.each<[string, Parameters<typeof addWorkspace>[1]]>([
  ['was made for a run', { ephemeral: true }],
  ['has the name of such a one', {}],
])('but not for a Workspace that %s: it may be what another run has left', async (_, spec) => {
  api.put('persistentvolumeclaims', 'ws-own-ws', () => ({ metadata: { name: 'ws-own-ws' }, status: { phase: 'Bound' } }));
  const run = addRun(api, 'own', spec!.ephemeral === true ? {} : { workspaceRef: 'own-ws' });
  addWorkspace(api, spec, 'own-ws', run.metadata.uid);
  expect(await replica.settle('own-ws')).toBe(30_000);
  expect(conditionIn(statusOf(api, 'own-ws'), 'PVCBound')).toBe('False NameTaken');
  expect(statusOf(api, 'own-ws').conditions![0].message).toContain("claim 'ws-own-ws' belongs to no object");
  expect(statusOf(api, 'own-ws').activeRunRef).toBeUndefined();
  api.put('persistentvolumeclaims', 'ws-own-ws', () => undefined);
  await replica.settle('own-ws');
  expect(statusOf(api, 'own-ws')).toMatchObject({ phase: 'Active', activeRunRef: 'own' });
});

test('nor is the claim of such a Workspace used any more when another has come in its place', async () => {
  const run = addRun(api, 'own', {});
  addWorkspace(api, { ephemeral: true }, 'own-ws', run.metadata.uid);
  await replica.settle('own-ws');
  expect(statusOf(api, 'own-ws').pvcName).toBe('ws-own-ws');
  api.put('persistentvolumeclaims', 'ws-own-ws', (before) => ({ ...before, metadata: { name: 'ws-own-ws' } }));
  await replica.settle('own-ws');
  expect(statusOf(api, 'own-ws')).toMatchObject({ conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', status: 'False', reason: 'NameTaken' })]) });
});

test('a replica that knows the claim of an earlier Workspace alone does not take the present one for lost', async () => {
  addWorkspace(api);
  await replica.settle();
  const late = new Replica(api);
  const earlier = { ...late.claims.get(NAMESPACE, CLAIM)!, owners: [{ kind: 'Workspace', name: WORKSPACE, uid: 'earlier' }] };
  jest.spyOn(late.claims, 'get').mockReturnValue(earlier);
  await late.reconcile();
  expect(statusOf(api)).toMatchObject({ phase: 'Active', pvcName: CLAIM });
});

test('a claim that this replica has not seen is no claim that is gone', async () => {
  addWorkspace(api);
  await replica.settle();
  const late = new Replica(api);
  jest.spyOn(late.claims, 'get').mockReturnValue(undefined);
  await late.reconcile();
  expect(statusOf(api).pvcName).toBe(CLAIM);
  expect(late.events).toEqual([]);
});

test('when the claim was deleted, it is told, another one is made, and its repositories have to be cloned again', async () => {
  addWorkspace(api, { seed: SEED });
  await startRun(replica, 'first', { ...seedOf(0), phase: 'Succeeded' });
  await replica.settle();
  expect(conditionIn(statusOf(api), 'Seeded')).toBe('True SeedSucceeded');
  api.now += 60_000;
  api.put('persistentvolumeclaims', CLAIM, () => undefined);
  await replica.settle();
  expect(replica.events.filter((one) => one.startsWith('Warning'))).toEqual([`Warning VolumeLost Workspace/${WORKSPACE}: claim '${CLAIM}' was deleted; another one is made, with nothing on it`]);
  expect(api.get('persistentvolumeclaims', CLAIM)).toBeDefined();
  expect(statusOf(api)).toMatchObject({ phase: 'Seeding', pvcName: CLAIM, activeRunRef: 'first' });
  expect(conditionIn(statusOf(api), 'Seeded')).toBe('False Seeding');
});

test('nobody begins with a claim that is being deleted', async () => {
  addWorkspace(api);
  await replica.settle();
  askDeletion(api, 'persistentvolumeclaims', CLAIM);
  addRun(api, 'first');
  await replica.settle();
  expect(statusOf(api)).toMatchObject({ totalRuns: 0 });
  expect(conditionIn(statusOf(api), 'Ready')).toBe('False Terminating');
});

test('a Workspace that is deleted says so, keeps its active run, and gets no other one', async () => {
  addWorkspace(api);
  addRun(api, 'first');
  await replica.settle();
  askDeletion(api, 'workspaces', WORKSPACE);
  say(api, 'harnessruns', 'first', { phase: 'Succeeded' });
  addRun(api, 'second');
  expect(await replica.settle()).toBeUndefined();
  expect(statusOf(api)).toMatchObject({ phase: 'Terminating', activeRunRef: 'first', totalRuns: 1 });
  expect(conditionIn(statusOf(api), 'Ready')).toBe('False Terminating');
});

test('a Workspace that is gone is nothing to be worked on, and left alone for the moment in which the watch tells that', async () => {
  expect(await replica.reconcile()).toBeUndefined();
  addWorkspace(api);
  replica.workspaces.catchUp(1);
  replica.claims.catchUp(1);
  api.put('workspaces', WORKSPACE, () => undefined);
  expect(await replica.reconcile()).toBe(1000);
  expect(replica.workspaces.get(NAMESPACE, WORKSPACE)!.status).toEqual({});
});
