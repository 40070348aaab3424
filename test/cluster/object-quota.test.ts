import { ApiServer, eventually } from './api-server';
import { must } from './cli';
import { LeaseBook } from './lease-book';
import { SkippableTime } from './operator-time';
import { admin, clear, condition, deploy, get, isTerminal, OpenOperator, openHere, runNamed, RUNS, submit, TEAM, until } from './operator-world';
import { PretendKubelet } from './pretend-kubelet';
import { objectQuota } from '../../src/manifests/object-quota';

const QUOTA = `/api/v1/namespaces/${TEAM}/resourcequotas/agent-quota`;

let time: SkippableTime;
let operator: OpenOperator;
let kubelet: PretendKubelet;

beforeAll(() => {
  deploy();
  const counts = { HarnessRun: 1, HarnessTemplate: 1, Workspace: 1, BrokerPolicy: 1 };
  must(['create', '-f', '-'], [objectQuota({ platform: 'agent-platform', part: 'namespaces', name: 'agent-quota', namespace: TEAM }, counts)]);
  kubelet = new PretendKubelet(admin, TEAM);
});

beforeEach(() => {
  time = new SkippableTime();
  operator = openHere({ time, broker: new LeaseBook() });
});

afterEach(() => operator.close());

afterAll(async () => {
  // Nobody counts in every test cluster, so the numbers must not stay.
  must(['delete', 'resourcequota', 'agent-quota', '-n', TEAM]);
  await clear();
  await kubelet.close();
  admin.close();
});

/** Lets there be so many of each; counts none so far, as its controller would. */
async function limit(hard: Readonly<Record<string, string>>): Promise<void> {
  const used = Object.fromEntries(Object.keys(hard).map((name) => [name, '0']));
  await admin.call('PATCH', QUOTA, [{ op: 'replace', path: '/spec/hard', value: hard }], 'application/json-patch+json');
  await admin.call('PATCH', `${QUOTA}/status`, [{ op: 'replace', path: '/status', value: { hard, used } }], 'application/json-patch+json');
}

/** What is said to a run that would be one too many. */
async function refusalOf(account: ApiServer, path: string, object: object): Promise<string> {
  const { body } = await eventually(() => account.call('POST', `${path}?dryRun=All`, object), ({ status }) => status === 403);
  return String(body.message);
}

test('a run too many is refused, with how many there may be', async () => {
  await limit({ 'count/harnessruns.paddock.dev': '0' });
  expect(await refusalOf(admin, RUNS, runNamed('many'))).toBe('harnessruns.paddock.dev "many" is forbidden: exceeded quota: agent-quota, '
    + 'requested: count/harnessruns.paddock.dev=1, used: count/harnessruns.paddock.dev=0, limited: count/harnessruns.paddock.dev=0');
});

test('a run for whose Workspace there is no room waits, says so, and goes on when there is', async () => {
  await limit({ 'count/workspaces.paddock.dev': '0' });
  const workspace = { apiVersion: 'paddock.dev/v1alpha1', kind: 'Workspace', metadata: { name: 'w' }, spec: { storage: { size: '1Gi' } } };
  await refusalOf(admin, RUNS.replace('harnessruns', 'workspaces'), workspace);
  await submit('roomless');
  const run = await until('roomless', (one) => condition(one, 'Completed')?.reason === 'QuotaExceeded');
  expect(run.status.phase).toBe('Pending');
  expect(condition(run, 'Completed').message).toMatch(/^the API server refuses Workspace 'roomless-ws': .*exceeded quota: agent-quota, requested: count\/workspaces\.paddock\.dev=1/);
  await limit({ 'count/workspaces.paddock.dev': '1' });
  expect((await time.passes(10, () => get('roomless'), isTerminal)).status.phase).toBe('Succeeded');
});
