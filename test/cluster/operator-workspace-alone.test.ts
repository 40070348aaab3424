import { randomUUID } from 'node:crypto';
import { eventually } from './api-server';
import { LeaseBook } from './lease-book';
import { SkippableTime } from './operator-time';
import { admin, cancel, clear, deploy, get, makeWorkspace, messageOf, OpenOperator, openHere, over, PODS, podsOf, RUNS, said, submit, TEAM, told, until, WORKSPACES } from './operator-world';
import { Course, PretendKubelet } from './pretend-kubelet';
import { API_GROUP_VERSION } from '../../src/protocol/names';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** Somebody who may write runs and Workspaces tries to get at the files of a run that names no Workspace, or into one that is lent to another run. */

const CLAIMS = `/api/v1/namespaces/${TEAM}/persistentvolumeclaims`;
const MERGE = 'application/merge-patch+json';

const courses = new Map<string, Course>();

let kubelet: PretendKubelet;
let time: SkippableTime;
let operator: OpenOperator;

beforeAll(() => {
  deploy();
  kubelet = new PretendKubelet(admin, TEAM, ({ metadata }) => courses.get(metadata.name) ?? 0);
});

beforeEach(() => {
  time = new SkippableTime();
  operator = openHere({ broker: new LeaseBook(time.clock), time });
});

afterEach(() => operator.close());

afterAll(async () => {
  await clear();
  await admin.call('DELETE', WORKSPACES);
  await kubelet.close();
  admin.close();
});

const claimOf = async (name: string): Promise<any> => (await admin.call('GET', `${CLAIMS}/ws-${name}`)).body;
const change = (name: string, patch: object) => admin.call('PATCH', `${WORKSPACES}/${name}`, patch, MERGE);
const ownedBy = ({ metadata: { name, uid } }: any) => ({ metadata: { ownerReferences: [{ apiVersion: API_GROUP_VERSION, kind: 'HarnessRun', name, uid, controller: true }] } });

/** Seconds in which the garbage collector comes, which looks for new kinds every 30 s. */
const COLLECTED = 120;

const storage = { resources: { requests: { storage: '1Gi' } }, accessModes: ['ReadWriteOnce'] };
const securityContext = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } };

/** One of each kind that is left behind here. */
const LEFT = {
  claim: [CLAIMS, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec: storage }],
  pod: [PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    spec: {
      serviceAccountName: 'agent',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      containers: [{ name: 'a', image: 'registry.example.com/a:1', securityContext }],
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    },
  }],
  workspace: [WORKSPACES, { apiVersion: API_GROUP_VERSION, kind: 'Workspace', spec: { storage: { size: '1Gi' } } }],
} as const;

/**
 * Waits until the garbage collector has seen all that there is of a kind, as it takes away one more that is nobody's. What it has not
 * seen when the owner goes, it does not leave behind.
 */
async function collectorSees([path, manifest]: readonly [string, object]): Promise<void> {
  const name = `nobodys-${randomUUID()}`;
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'nobody', uid: randomUUID() }];
  expect(await admin.call('POST', path, { ...manifest, metadata: { name, ownerReferences } })).toMatchObject({ status: 201 });
  await eventually(() => admin.call('GET', `${path}/${name}`), ({ status, body }) => status === 404 || body.metadata?.deletionTimestamp !== undefined, COLLECTED);
}

/** Deletes an object, and leaves what it owns of a kind; the object is gone when it answers. */
async function orphan(path: string, left: keyof typeof LEFT): Promise<void> {
  await collectorSees(LEFT[left]);
  await admin.call('DELETE', `${path}?propagationPolicy=Orphan`);
  await eventually(() => admin.call('GET', path), ({ status }) => status === 404, COLLECTED);
}

/** The run has waited as long as it does, and has had no pod. */
async function turnedAway(name: string): Promise<void> {
  await time.passes(10, () => get(name), (run) => run.status.phase === 'Failed');
  expect(messageOf(await told(name, 'NameTaken'))).toContain(`${name}-ws`);
  expect(await podsOf(name)).toEqual([]);
}

test('a Workspace that was there before a run does not become its own, whatever somebody writes into it', async () => {
  await makeWorkspace('nightly-ws');
  await submit('planter', { workspaceRef: 'nightly-ws' });
  await over('planter');
  await submit('nightly');
  const run = await told('nightly', 'NameTaken');
  expect(await change('nightly-ws', { ...ownedBy(run), spec: { ephemeral: true } })).toMatchObject({ status: 422, body: { message: expect.stringContaining('ephemeral cannot change') } });
  expect(await change('nightly-ws', ownedBy(run))).toMatchObject({ status: 200 });
  await turnedAway('nightly');
});

test('nor does that of an earlier run of its name', async () => {
  await submit('again');
  await over('again');
  await orphan(`${RUNS}/again`, 'workspace');
  // Their age is in whole seconds.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  await submit('again');
  const run = await told('again', 'NameTaken');
  expect(await change('again-ws', ownedBy(run))).toMatchObject({ status: 200, body: { spec: { ephemeral: true } } });
  await time.passes(10, () => get('again'), ({ status }) => status.phase === 'Failed');
  expect(messageOf(await told('again', 'NameTaken'))).toContain("Workspace 'again-ws'");
  expect((await get('again')).status.podName).toBeUndefined();
});

test('a claim that somebody has left behind is no run\'s own; without it the run goes on', async () => {
  await makeWorkspace('victim-ws');
  const { metadata: { uid } } = await eventually(() => claimOf('victim-ws'), ({ metadata }) => metadata?.uid !== undefined);
  await orphan(`${WORKSPACES}/victim-ws`, 'claim');
  expect((await claimOf('victim-ws')).metadata).toMatchObject({ uid });
  await submit('victim');
  expect(messageOf(await told('victim', 'NameTaken'))).toContain("claim 'ws-victim-ws' belongs to no object");
  expect(await podsOf('victim')).toEqual([]);
  await admin.call('DELETE', `${CLAIMS}/ws-victim-ws`);
  // There is no controller here that sees that nothing uses it.
  await admin.call('PATCH', `${CLAIMS}/ws-victim-ws`, { metadata: { finalizers: null } }, MERGE);
  expect((await over('victim')).status.phase).toBe('Succeeded');
  expect((await claimOf('victim-ws')).metadata).toMatchObject({ ownerReferences: [{ kind: 'Workspace', name: 'victim-ws' }] });
});

test('what a run has left that names no Workspace is read by no other', async () => {
  courses.set('private-0', 'never');
  await submit('private');
  await until('private', (run) => run?.status?.agentPhase === 'running');
  expect(await change('private-ws', { spec: { ephemeral: false } })).toMatchObject({ status: 422, body: { message: expect.stringContaining('ephemeral cannot change') } });
  await cancel('private');
  await over('private');
  await submit('reader', { workspaceRef: 'private-ws' });
  expect(messageOf(await told('reader', 'WorkspaceFailed'))).toContain('another run alone');
  await orphan(`${WORKSPACES}/private-ws`, 'claim');
  await makeWorkspace('private-ws');
  await submit('second-reader', { workspaceRef: 'private-ws' });
  await said('second-reader', 'WorkspaceNotReady', "claim 'ws-private-ws' belongs to no object");
  expect([await podsOf('reader'), await podsOf('second-reader')]).toEqual([[], []]);
});

/** The run gets no turn, however long it waits. */
async function staysOut(name: string): Promise<void> {
  for (let minutes = 0; minutes < 20; minutes += 1) {
    time.skip(60);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect((await get(name)).status.phase).toBe('Pending');
  expect(await podsOf(name)).toEqual([]);
}

test('nobody works in a Workspace in which a pod works whose run was deleted without it', async () => {
  await makeWorkspace('shop');
  courses.set('evil-0', 'never');
  await submit('evil', { workspaceRef: 'shop' });
  await until('evil', (run) => run?.status?.agentPhase === 'running');
  await submit('next', { workspaceRef: 'shop' });
  await told('next', 'WorkspaceBusy');
  // So that nobody tells the pod to stop: the run goes unseen, with its finalizer.
  await operator.close();
  await collectorSees(LEFT.pod);
  await admin.call('DELETE', `${RUNS}/evil?propagationPolicy=Orphan`);
  await eventually(async () => (await admin.call('GET', `${PODS}/evil-0`)).body as any, ({ metadata }) => metadata.ownerReferences === undefined, COLLECTED);
  await admin.call('PATCH', `${RUNS}/evil`, { metadata: { finalizers: null } }, MERGE);
  operator = openHere({ broker: new LeaseBook(time.clock), time });
  await staysOut('next');
  // A Workspace that is made again takes up the claim that is left.
  await orphan(`${WORKSPACES}/shop`, 'claim');
  await makeWorkspace('shop');
  await eventually(async () => (await admin.call('GET', `${WORKSPACES}/shop`)).body as any, ({ status }) => status?.phase === 'Active');
  await staysOut('next');
  await admin.call('DELETE', `${PODS}/evil-0`);
  expect((await over('next')).status.phase).toBe('Succeeded');
});
