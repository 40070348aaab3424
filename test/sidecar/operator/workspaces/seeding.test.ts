import { Api } from './api';
import { addPod, addRun, addWorkspace, askDeletion, conditionIn, Replica, say, seedOf, startRun, statusOf } from './world';

const HTTPS = { url: 'https://code.example/team/app.git' };

let api: Api;
let replica: Replica;

beforeEach(() => {
  api = new Api();
  replica = new Replica(api);
});

function seeded(): readonly (string | undefined)[] {
  const { phase, conditions } = statusOf(api);
  return [phase, conditionIn(statusOf(api), 'Seeded'), conditionIn(statusOf(api), 'Ready'), conditions!.find(({ type }) => type === 'Seeded')!.message];
}

test('a Workspace that has a seed waits for its first run, and is ready for it', async () => {
  addWorkspace(api, { seed: { repos: [HTTPS] } });
  await replica.settle();
  expect(seeded()).toEqual(['Seeding', 'False Seeding', 'True Ready', 'the first run that works in it clones its repositories']);
});

test('it says which run clones', async () => {
  addWorkspace(api, { seed: { repos: [HTTPS] } });
  addRun(api, 'first');
  await replica.settle();
  expect(seeded()).toEqual(['Seeding', 'False Seeding', 'True Ready', "run 'first' clones its repositories"]);
});

const PODS: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
  ['has not begun', { phase: 'Pending' }, 'False Seeding'],
  ['clones', seedOf(undefined), 'False Seeding'],
  ['has cloned and goes on', seedOf(0), 'True SeedSucceeded'],
  ['has cloned, whatever came of it after', { ...seedOf(0), phase: 'Failed' }, 'True SeedSucceeded'],
  ['could not clone', { ...seedOf(128), phase: 'Failed' }, 'False SeedFailed'],
  ['was stopped while it cloned', { ...seedOf(143), phase: 'Failed' }, 'False SeedFailed'],
];

test.each(PODS)('a pod of the active run that %s', async (_, status, condition) => {
  addWorkspace(api, { seed: { repos: [HTTPS] } });
  await startRun(replica, 'first', status);
  await replica.settle();
  expect(seeded()[1]).toBe(condition);
});

test('a later attempt that clones ends the failure of an earlier one', async () => {
  addWorkspace(api, { seed: { repos: [HTTPS] } });
  const run = await startRun(replica, 'first', { ...seedOf(128), phase: 'Failed' });
  addPod(api, run, 1, seedOf(undefined));
  await replica.settle();
  expect(seeded()[1]).toBe('False Seeding');
  say(api, 'pods', 'first-1', seedOf(0));
  await replica.settle();
  expect(seeded().slice(0, 3)).toEqual(['Active', 'True SeedSucceeded', 'True Ready']);
});

test('what has failed is told until the next run tries, which may be the one that clones', async () => {
  addWorkspace(api, { seed: { repos: [HTTPS] } });
  await startRun(replica, 'first', { ...seedOf(128), phase: 'Failed' });
  say(api, 'harnessruns', 'first', { phase: 'Failed' });
  const hint = "cloning in pod 'first-0' ended with exit code 128, see kubectl logs first-0 -c seed; the next run tries again";
  await replica.settle();
  expect(seeded()).toEqual(['Seeding', 'False SeedFailed', 'True Ready', hint]);
  const second = addRun(api, 'second');
  await replica.settle();
  expect([statusOf(api).activeRunRef, seeded()[3]]).toEqual(['second', hint]);
  addPod(api, second, 0, seedOf(0));
  await replica.settle();
  expect(seeded()[1]).toBe('True SeedSucceeded');
});

describe('a pod that is deleted', () => {
  const deleted = async (exitCode: number) => {
    addWorkspace(api, { seed: { repos: [HTTPS] } });
    await startRun(replica, 'first', { ...seedOf(exitCode), phase: 'Failed' });
    askDeletion(api, 'pods', 'first-0');
    await replica.settle();
    return seeded();
  };

  test.each([143, 137])('and its seed with it has not failed to clone: %i', async (exitCode) => {
    expect((await deleted(exitCode)).slice(1)).toEqual(['False Seeding', 'True Ready', "cloning was stopped with pod 'first-0', which is deleted; the next run clones its repositories"]);
  });

  test('when its seed had failed sends nobody to its log', async () => {
    const [, condition, , message] = await deleted(128);
    expect(condition).toBe('False SeedFailed');
    expect(message).toMatch(/^cloning in pod 'first-0' ended with exit code 128, the log goes with the pod, .*; the next run tries again$/);
    expect(message).not.toContain('kubectl logs');
  });
});

test('what was cloned stays so when the run and its pods are gone', async () => {
  addWorkspace(api, { seed: { repos: [HTTPS] } });
  await startRun(replica, 'first', { ...seedOf(0), phase: 'Succeeded' });
  await replica.settle();
  api.put('pods', 'first-0', () => undefined);
  api.put('harnessruns', 'first', () => undefined);
  await replica.settle();
  expect(seeded()[1]).toBe('True SeedSucceeded');
});

test("the seed of another run's pod says nothing of this Workspace", async () => {
  addWorkspace(api, { seed: { repos: [HTTPS] } });
  addRun(api, 'first');
  const other = addRun(api, 'other', { workspaceRef: 'elsewhere' });
  addPod(api, other, 0, seedOf(0));
  await replica.settle();
  expect(seeded()[1]).toBe('False Seeding');
});

test('nor does a pod that says it is of the run and that the run does not own', async () => {
  addWorkspace(api, { seed: { repos: [HTTPS] } });
  const run = addRun(api, 'first');
  await replica.settle();
  addPod(api, { ...run, metadata: { ...run.metadata, uid: 'another' } }, 0, seedOf(0));
  await replica.settle();
  expect(seeded()[1]).toBe('False Seeding');
});

test.each(['ssh://git@code.example/team/app.git', 'git@code.example:team/app.git'])('%s does not pass the egress proxy, so no run begins', async (url) => {
  addWorkspace(api, { seed: { repos: [{ ...HTTPS, path: 'a' }, { url, path: 'b' }] } });
  addRun(api, 'first');
  await replica.settle();
  expect(seeded()).toEqual(['Failed', 'False SeedRejected', 'False SeedRejected', expect.stringContaining(url)]);
  expect(statusOf(api).activeRunRef).toBeUndefined();
});

test('a credential is no reason to reject a seed: whether a run has it is asked when one comes', async () => {
  addWorkspace(api, { seed: { repos: [{ ...HTTPS, brokerCredentialRef: { name: 'tokens', key: 'GITHUB_TOKEN' } }] } });
  await replica.settle();
  expect(seeded()[1]).toBe('False Seeding');
});
