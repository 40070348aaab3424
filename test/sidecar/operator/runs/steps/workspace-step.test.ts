import { SEED, Stepper, template } from './workspace-stepper';
import { KubeError } from '../../../../../sidecar/src/kube/kube-error';
import type { Api } from '../../workspaces/api';
import { addRun, addWorkspace, askDeletion, Replica, say, statusOf, WORKSPACE } from '../../workspaces/world';

let stepper: Stepper;
let api: Api;
let replica: Replica;

beforeEach(() => {
  stepper = new Stepper();
  ({ api, replica } = stepper);
});

test('a run whose template needs no Workspace gets a folder that goes with its pod', async () => {
  const outcome = await stepper.step(addRun(api, 'first', {}), template({ workspace: { required: false } }));
  expect(outcome).toEqual({ kind: 'done', value: { kind: 'empty', size: '2Gi' } });
  expect([stepper.bound(), stepper.work.status.workspaceRef, api.calls]).toEqual(['NotRequired', undefined, []]);
});

test('one that names a Workspace works in it all the same', async () => {
  addWorkspace(api);
  const run = addRun(api, 'first');
  await replica.settle();
  expect(await stepper.step(run, template({ workspace: { required: false } }))).toEqual({ kind: 'done', value: { kind: 'claim', name: WORKSPACE } });
  expect([stepper.bound(), stepper.work.status.workspaceRef]).toEqual(['Bound', WORKSPACE]);
});

test('a Workspace that is named and not there is waited for at first, which is told at once', async () => {
  const run = addRun(api, 'first');
  expect(await stepper.step(run)).toEqual({
    kind: 'wait', reason: 'WorkspaceNotFound', message: "Workspace 'repo' is not there in namespace 'team'", againAfter: 60_000, giveUpAt: api.now + 60_000,
  });
  expect(stepper.bound()).toBe('WorkspaceNotFound');
  api.now += 60_000;
  expect(await stepper.step(run)).toMatchObject({ kind: 'fail', reason: 'WorkspaceNotFound' });
});

test('one that is being deleted is as good as gone', async () => {
  addWorkspace(api);
  const run = addRun(api, 'first');
  await replica.settle();
  askDeletion(api, 'workspaces', WORKSPACE);
  expect(await stepper.step(run)).toMatchObject({ kind: 'wait', reason: 'WorkspaceNotFound', message: expect.stringContaining('is being deleted') });
});

test('a run waits while another works there, is told where that is named, and does not end for it', async () => {
  addWorkspace(api);
  addRun(api, 'first');
  await replica.settle();
  const second = addRun(api, 'second');
  api.now += 3_600_000;
  expect(await stepper.step(second)).toMatchObject({ kind: 'wait', reason: 'WorkspaceBusy', message: expect.stringContaining('kubectl get ws repo') });
  expect([stepper.bound(), stepper.work.status.workspaceRef]).toEqual(['WorkspaceBusy', WORKSPACE]);
  say(api, 'harnessruns', 'first', { phase: 'Failed' });
  await replica.settle();
  expect(await stepper.step(second)).toMatchObject({ kind: 'done' });
});

test('a turn changes nothing of what a run is told that goes on waiting', async () => {
  addWorkspace(api);
  addRun(api, 'first');
  await replica.settle();
  addRun(api, 'second');
  const third = addRun(api, 'third');
  const waiting = await stepper.step(third);
  const told = stepper.work.told();
  say(api, 'harnessruns', 'first', { phase: 'Failed' });
  await replica.settle();
  expect(statusOf(api).activeRunRef).toBe('second');
  expect(await stepper.step(third)).toEqual(waiting);
  expect(stepper.work.told()).toBe(told);
});

test('the turn of an earlier run of the same name is not its own', async () => {
  addWorkspace(api);
  addRun(api, 'again');
  await replica.settle();
  api.put('harnessruns', 'again', () => undefined);
  expect(await stepper.step(addRun(api, 'again'))).toMatchObject({ kind: 'wait', reason: 'WorkspaceBusy' });
});

test('a Workspace that has no volume yet is told of with its reason', async () => {
  addWorkspace(api);
  const run = addRun(api, 'first');
  api.refusals.set('create persistentvolumeclaims/ws-repo', new KubeError('Forbidden', 'POST: 403', { statusMessage: 'exceeded quota: disks' }));
  await replica.settle();
  expect(await stepper.step(run)).toMatchObject({ kind: 'wait', reason: 'WorkspaceNotReady', message: expect.stringContaining('exceeded quota: disks') });
});

test('in a Workspace whose volume is lost nothing can be done', async () => {
  addWorkspace(api);
  const run = addRun(api, 'first');
  await replica.settle();
  say(api, 'persistentvolumeclaims', 'ws-repo', { phase: 'Lost' });
  await replica.settle();
  expect(await stepper.step(run)).toMatchObject({ kind: 'fail', reason: 'WorkspaceFailed', message: expect.stringContaining('is gone') });
  expect(stepper.bound()).toBe('WorkspaceFailed');
});

test('nor in one whose seed nobody can clone', async () => {
  addWorkspace(api, { seed: { repos: [{ url: 'ssh://git@code.example/a/b.git' }] } });
  const run = addRun(api, 'first');
  await replica.settle();
  expect(await stepper.step(run)).toMatchObject({ kind: 'fail', reason: 'SeedRejected', message: expect.stringContaining('ssh://git@code.example/a/b.git') });
});

test('the run that works there first clones, with a credential that its template requires', async () => {
  addWorkspace(api, { seed: SEED });
  const run = addRun(api, 'first');
  await replica.settle();
  const of = template({ requires: { credentials: [{ name: 'GITHUB_TOKEN' }] } });
  expect(await stepper.step(run, of)).toEqual({ kind: 'done', value: { kind: 'claim', name: WORKSPACE, seed: SEED } });
});

test('a run whose template does not require it ends, and is told what to add', async () => {
  addWorkspace(api, { seed: SEED });
  const run = addRun(api, 'first');
  await replica.settle();
  const outcome = await stepper.step(run, template({ requires: { credentials: [{ name: 'OTHER' }] } }));
  expect(outcome).toMatchObject({ kind: 'fail', reason: 'SeedRejected', message: expect.stringMatching(/must require the credential .*GITHUB_TOKEN/) });
  expect(stepper.bound()).toBe('SeedRejected');
});

test('a Workspace whose Secret a policy grants is not cloned to: the run would have what the broker keeps', async () => {
  addWorkspace(api, { seed: { repos: [{ url: 'https://code.example/team/app.git', credentialsSecretRef: { name: 'granted' } }] } });
  const provider = { kind: 'AnthropicAPI', secretRef: { name: 'granted', key: 'k' } } as const;
  const run = addRun(api, 'first');
  await replica.settle();
  expect(await stepper.step(run)).toMatchObject({ kind: 'done' });
  replica.policies = [{ name: 'p', spec: { appliesToTemplates: ['other'], grants: { credentials: [{ name: 'KEY', provider }] } } }];
  expect(await stepper.step(run)).toMatchObject({ kind: 'fail', reason: 'SeedRejected', message: expect.stringContaining("must not name Secret 'granted', which a BrokerPolicy grants") });
});

test('what is cloned is not cloned again, whatever the template requires', async () => {
  addWorkspace(api, { seed: SEED });
  const run = addRun(api, 'first');
  await replica.settle();
  const conditions = statusOf(api).conditions!.map((one) => (one.type === 'Seeded' ? { ...one, status: 'True', reason: 'SeedSucceeded' } : one));
  say(api, 'workspaces', WORKSPACE, { conditions });
  await replica.settle();
  expect(await stepper.step(run)).toEqual({ kind: 'done', value: { kind: 'claim', name: WORKSPACE } });
});
