import { Api } from './api';
import { addPod, addRun, addWorkspace, askDeletion, CLAIM, Replica, say, seedOf, WORKSPACE } from './world';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';

const SEED = { seed: { repos: [{ url: 'https://code.example/team/app.git' }] } };
const CREATE = `create persistentvolumeclaims/${CLAIM}`;
const ABOUT = `Workspace/${WORKSPACE}`;

let api: Api;
let replica: Replica;

beforeEach(() => {
  api = new Api();
  replica = new Replica(api);
});

function refuse(statusMessage: string): void {
  api.refusals.set(CREATE, new KubeError('Forbidden', 'POST: 403', { statusMessage }));
}

/** Everything that was told since. */
async function toldBy(change: () => void): Promise<string[]> {
  const before = replica.events.length;
  change();
  await replica.settle();
  return replica.events.slice(before);
}

describe('a claim that is refused', () => {
  test('is told once, however often it is asked for', async () => {
    addWorkspace(api);
    refuse('storage class is not allowed');
    await replica.settle();
    api.now += 30_000;
    await replica.settle();
    expect(replica.events).toEqual([`Warning Refused ${ABOUT}: the API server refuses the claim: storage class is not allowed`]);
  });

  test('is told once though the quota says each time how much is used', async () => {
    addWorkspace(api);
    const quota = (used: number) => refuse(`persistentvolumeclaims "${CLAIM}" is forbidden: exceeded quota: storage, requested: requests.storage=1Gi, used: ${used}Gi, limited: 9Gi`);
    quota(9);
    await replica.settle();
    expect(await toldBy(() => quota(10))).toEqual([]);
    expect(replica.events).toEqual([expect.stringMatching(`^Warning QuotaExceeded ${ABOUT}: `)]);
  });

  test('is told again for another reason, and when it comes back', async () => {
    addWorkspace(api);
    refuse('persistentvolumeclaims "ws-repo" is forbidden: exceeded quota: storage');
    await replica.settle();
    expect(await toldBy(() => refuse('storage class is not allowed'))).toEqual([expect.stringContaining('Warning Refused')]);
    expect(await toldBy(() => refuse('persistentvolumeclaims "ws-repo" is forbidden: exceeded quota: storage'))).toEqual([expect.stringContaining('Warning QuotaExceeded')]);
  });

  test('says so when another object has its name', async () => {
    api.put('persistentvolumeclaims', CLAIM, () => ({ metadata: { name: CLAIM, ownerReferences: [{ kind: 'Workspace', name: WORKSPACE, uid: 'earlier' }] } }));
    expect(await toldBy(() => addWorkspace(api))).toEqual([expect.stringMatching(`^Warning NameTaken ${ABOUT}: claim '${CLAIM}' belongs to another object`)]);
  });
});

test('a volume that is made is nothing to be told, bound or not', async () => {
  addWorkspace(api);
  await replica.settle();
  expect(await toldBy(() => say(api, 'persistentvolumeclaims', CLAIM, { phase: 'Bound' }))).toEqual([]);
  expect(replica.events).toEqual([]);
});

describe('what is cloned', () => {
  const failed = (attempt: number) => expect.stringMatching(`^Warning SeedFailed ${ABOUT}: cloning in pod 'first-${attempt}' ended with exit code 128`);

  test('is told once, and not by those who find it there', async () => {
    addWorkspace(api, SEED);
    const run = addRun(api, 'first');
    await replica.settle();
    expect(replica.events).toEqual([]);
    expect(await toldBy(() => addPod(api, run, 0, seedOf(0)))).toEqual([`Normal Seeded ${ABOUT}: pod 'first-0' has cloned what the seed names`]);
    expect(await toldBy(() => say(api, 'harnessruns', 'first', { phase: 'Succeeded' }))).toEqual([]);
    expect(await toldBy(() => addRun(api, 'second'))).toEqual([]);
  });

  test('is told as often as it fails, though the look between two failures is missed', async () => {
    addWorkspace(api, SEED);
    const run = addRun(api, 'first');
    await replica.settle();
    expect(await toldBy(() => addPod(api, run, 0, { ...seedOf(128), phase: 'Failed' }))).toEqual([failed(0)]);
    expect(await toldBy(() => addPod(api, run, 1, { ...seedOf(128), phase: 'Failed' }))).toEqual([failed(1)]);
    expect(await toldBy(() => addPod(api, run, 2, seedOf(0)))).toEqual([expect.stringContaining('Normal Seeded')]);
  });

  test.each([143, 137])('is nothing to be told when it was stopped with its pod, as by whoever cancels the run: %i', async (exitCode) => {
    addWorkspace(api, SEED);
    const run = addRun(api, 'first');
    await replica.settle();
    addPod(api, run, 0, seedOf(undefined));
    expect(await toldBy(() => askDeletion(api, 'pods', 'first-0'))).toEqual([]);
    expect(await toldBy(() => say(api, 'pods', 'first-0', seedOf(exitCode)))).toEqual([]);
  });

  test('is told when it failed by itself, and not again when its pod is deleted after that', async () => {
    addWorkspace(api, SEED);
    const run = addRun(api, 'first');
    await replica.settle();
    expect(await toldBy(() => addPod(api, run, 0, { ...seedOf(128), phase: 'Failed' }))).toEqual([failed(0)]);
    expect(await toldBy(() => askDeletion(api, 'pods', 'first-0'))).toEqual([]);
  });

  test('is not told of a Workspace that has no seed', async () => {
    addWorkspace(api);
    const run = addRun(api, 'first');
    await replica.settle();
    expect(await toldBy(() => addPod(api, run, 0, seedOf(128)))).toEqual([]);
  });
});

test('what could not be written to the status is not told, as that is done again', async () => {
  addWorkspace(api);
  refuse('storage class is not allowed');
  const apply = `apply workspaces/${WORKSPACE}`;
  api.refusals.set(apply, new KubeError('Conflict', 'PATCH: 409'));
  replica.caches().forEach((cache) => cache.catchUp(Infinity));
  await replica.reconcile();
  expect(replica.events).toEqual([]);
  api.refusals.delete(apply);
  await replica.settle();
  expect(replica.events).toEqual([expect.stringContaining('Warning Refused')]);
});

test('a replica that begins to act tells nothing anew', async () => {
  addWorkspace(api, SEED);
  addPod(api, addRun(api, 'first'), 0, seedOf(0));
  await replica.settle();
  const next = new Replica(api);
  await next.settle();
  expect([replica.events.length, next.events]).toEqual([1, []]);
});
