import { parse } from 'yaml';
import { must } from './cli';
import { SkippableTime } from './operator-time';
import { admin, clear, condition, deploy, eventsOf, get, isTerminal, messageOf, OpenOperator, openHere, over, podsOf, publishProxy, said, submit, TEAM, told } from './operator-world';
import { PretendKubelet } from './pretend-kubelet';
import { PREREQUISITE_SECONDS } from '../../src/protocol/runs';

const GROUP = `/apis/paddock.dev/v1alpha1/namespaces/${TEAM}`;
const TEMPLATE = { image: 'registry.example.com/coder:1', command: ['/coder'] };

/* eslint-disable @typescript-eslint/no-explicit-any */

let kubelet: PretendKubelet;
let time: SkippableTime;
let operator: OpenOperator;

beforeAll(() => {
  deploy();
  kubelet = new PretendKubelet(admin, TEAM);
});

beforeEach(() => {
  time = new SkippableTime();
  operator = openHere({ time });
});

afterEach(() => operator.close());

afterAll(async () => {
  must(['delete', 'harnesstemplates,clusterharnesstemplates,brokerpolicies,workspaces', '-n', TEAM, '-l', 'later=true']);
  await clear();
  await kubelet.close();
  admin.close();
});

async function add(kind: 'HarnessTemplate' | 'BrokerPolicy' | 'Workspace', name: string, spec: object): Promise<void> {
  must(['apply', '--server-side', '-f', '-'], [{ apiVersion: 'paddock.dev/v1alpha1', kind, metadata: { name, namespace: TEAM, labels: { later: 'true' } }, spec }]);
}

test('a run whose template comes after it goes on at once', async () => {
  await submit('early', { templateRef: { name: 'later' } });
  const run = await told('early', 'TemplateNotFound');
  expect(messageOf(run)).toContain("neither a HarnessTemplate 'later' in namespace 'runs-team' nor a ClusterHarnessTemplate 'later'");
  expect([run.status.phase, run.status.agentPhase, condition(run, 'TemplateResolved').status]).toEqual(['Pending', 'created', 'False']);
  await add('HarnessTemplate', 'later', TEMPLATE);
  expect((await over('early')).status).toMatchObject({ phase: 'Succeeded', agentPhase: 'stopped' });
});

test('a run whose template never comes fails after the time for it, by itself, and nothing was made for it', async () => {
  await submit('misspelt', { templateRef: { name: 'codr' } });
  expect(messageOf(await told('misspelt', 'TemplateNotFound'))).toContain("there is HarnessTemplate 'coder'");
  const run = await time.passes(PREREQUISITE_SECONDS / 4, () => get('misspelt'), isTerminal);
  expect(run.status).toMatchObject({ phase: 'Failed', agentPhase: 'error' });
  expect(condition(run, 'Completed')).toMatchObject({ status: 'True', reason: 'TemplateNotFound' });
  expect(run.status.startTime).toBeUndefined();
  expect(await podsOf('misspelt')).toEqual([]);
  expect(must(['get', 'secrets,workspaces,networkpolicies', '-n', TEAM, '-o', 'name'])).not.toContain('misspelt');
  expect(await eventsOf('misspelt', ({ length }) => length > 1)).toEqual(['Warning TemplateNotFound', 'Warning TemplateNotFound']);
});

test('a template whose base is not there is named with the base', async () => {
  await add('HarnessTemplate', 'based', { baseTemplateRef: { name: 'base' } });
  await submit('on-based', { templateRef: { name: 'based' } });
  await said('on-based', 'TemplateNotFound', "HarnessTemplate 'based' in namespace 'runs-team' completes the ClusterHarnessTemplate 'base', which is not there");
  must(['apply', '--server-side', '-f', '-'], [{ apiVersion: 'paddock.dev/v1alpha1', kind: 'ClusterHarnessTemplate', metadata: { name: 'base', labels: { later: 'true' } }, spec: TEMPLATE }]);
  await over('on-based');
});

test('the policy that the status proposes is one that the API server takes once it is filled in, and then the run goes on', async () => {
  await add('HarnessTemplate', 'greedy', { ...TEMPLATE, requires: { credentials: [{ name: 'API_TOKEN' }], egress: [{ host: 'git.example.com', ports: [443] }] } });
  await submit('ungranted', { templateRef: { name: 'greedy' } });
  const waiting = await told('ungranted', 'PolicyMissing');
  expect(messageOf(waiting)).toContain("credential 'API_TOKEN'; egress to 'git.example.com' on port 443");
  const [, proposed] = condition(waiting, 'PolicySatisfied').message.split('filled in:\n\n');
  const untouched = await admin.call('POST', `${GROUP}/brokerpolicies?dryRun=All`, parse(proposed));
  expect([untouched.status, untouched.body.reason]).toEqual([422, 'Invalid']);
  const filled = parse(proposed.replace('<secret>', 'model-key').replace('<key>', 'token'));
  expect(await admin.call('POST', `${GROUP}/brokerpolicies`, { ...filled, metadata: { ...filled.metadata, labels: { later: 'true' } } })).toMatchObject({ status: 201 });
  expect((await over('ungranted')).status).toMatchObject({ phase: 'Succeeded' });
});

test('a run that no policy grants what its template requires fails after the time for it', async () => {
  await add('HarnessTemplate', 'wanting', { ...TEMPLATE, requires: { credentials: [{ name: 'NOBODYS' }] } });
  await submit('denied', { templateRef: { name: 'wanting' } });
  await told('denied', 'PolicyMissing');
  expect(condition(await time.passes(PREREQUISITE_SECONDS / 4, () => get('denied'), isTerminal), 'Completed')).toMatchObject({ status: 'True', reason: 'PolicyMissing', message: expect.stringContaining('waited 60 s') });
});

test.each([false, true])('a run whose Workspace is not there waits for it; it comes: %s', async (comes) => {
  const [run, workspace] = [`homeless-${comes}`, `home-${comes}`];
  await submit(run, { workspaceRef: workspace });
  expect(messageOf(await told(run, 'WorkspaceNotFound'))).toContain(`Workspace '${workspace}' is not there`);
  if (comes) await add('Workspace', workspace, { storage: { size: '1Gi' } });
  const ended = comes ? await over(run) : await time.passes(PREREQUISITE_SECONDS / 4, () => get(run), isTerminal);
  expect(condition(ended, 'Completed').reason).toBe(comes ? 'Succeeded' : 'WorkspaceNotFound');
});

test('a run waits for the address of the egress proxy, and has its leases in the status meanwhile', async () => {
  publishProxy(null);
  await submit('early-bird');
  const run = await told('early-bird', 'ProxyNotConfigured');
  expect(run.status.issuedLeases).toHaveLength(2);
  expect(condition(run, 'EgressConfigured').message).toContain("no address under 'proxy-url' yet");
  expect(await podsOf('early-bird')).toEqual([]);
  publishProxy('http://10.96.0.9:15001');
  const ended = await time.passes(1, () => get('early-bird'), isTerminal);
  expect(ended.status.issuedLeases.map(({ leaseID }: any) => leaseID)).toEqual(run.status.issuedLeases.map(({ leaseID }: any) => leaseID));
});

test.each<[string, string, Readonly<Record<string, unknown>>, string, RegExp]>([
  ['attached', 'interactive', { mode: 'Interactive' }, 'InteractiveUnsupported', /leave mode out/],
  ['exposed', 'with its prompt in a Secret that a policy grants', { prompt: undefined, promptFrom: { secretKeyRef: { name: 'model-key', key: 'token' } } }, 'PromptGranted', /Secret 'model-key': BrokerPolicy '[a-z-]+' takes a credential from it/],
  ['shadowing', 'that sets a variable of the name of a credential', { extraEnv: [{ name: 'API_KEY', value: 'mine' }] }, 'CredentialNameTaken', /must not have 'API_KEY'/],
])('%s: a run %s is refused, with nothing left of it', async (name, _what, spec, reason, message) => {
  await submit(name, spec);
  const run = await over(name);
  expect(run.status.phase).toBe('Failed');
  expect(condition(run, 'Completed')).toMatchObject({ status: 'True', reason, message: expect.stringMatching(message) });
  expect(await podsOf(name)).toEqual([]);
});
