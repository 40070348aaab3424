import type { Pod, Secret } from 'kubernetes-types/core/v1';
import type { NetworkPolicy } from 'kubernetes-types/networking/v1';
import { eventually } from './api-server';
import { must } from './cli';
import { BEARERS, LeaseBook } from './lease-book';
import { SkippableTime } from './operator-time';
import { admin, clear, condition, deploy, eventsOf, get, messageOf, OpenOperator, openHere, over, podsOf, RUNS, submit, TEAM, told, until } from './operator-world';
import { PretendKubelet } from './pretend-kubelet';
import { BrokerFailure } from '../../sidecar/src/server/wire/broker-exchange';
import { runNetworkPolicy } from '../../src/manifests/run-network-policy';
import type { HarnessRunStatus } from '../../src/protocol/resources/harness-run-status';
import { equal } from '../../src/protocol/schema/equal';

const MERGE = 'application/merge-patch+json';
const TEMPLATE = `/apis/paddock.dev/v1alpha1/namespaces/${TEAM}/harnesstemplates/coder`;
const POLICIES = `/apis/networking.k8s.io/v1/namespaces/${TEAM}/networkpolicies`;
const PODS = `/api/v1/namespaces/${TEAM}/pods`;

/** An object whose status says which of its specs it is about. */
interface Followed {
  readonly metadata: { readonly generation: number };
  readonly status?: { readonly observedGeneration?: number };
}

const leasesOf = ({ status }: { readonly status: HarnessRunStatus }) => status.issuedLeases!;
const imageOf = ({ spec }: Pod): string | undefined => spec!.containers[0].image;

let kubelet: PretendKubelet;
let time: SkippableTime;
let book: LeaseBook;
let operator: OpenOperator;

beforeAll(() => {
  deploy();
  kubelet = new PretendKubelet(admin, TEAM, ({ metadata }) => (metadata.name.startsWith('long') ? 'never' : 0));
});

beforeEach(() => {
  time = new SkippableTime();
  book = new LeaseBook(time.clock);
  operator = openHere({ time, broker: book });
});

afterEach(() => operator.close());

afterAll(async () => {
  await clear();
  await kubelet.close();
  admin.close();
});

const refusing = (code: 'Unavailable' | 'Refused', answered?: string) => (call: string) => (
  call.startsWith('issue') ? Promise.reject(new BrokerFailure(code, 'no route to the broker', answered)) : Promise.resolve()
);

test('a run waits while the broker is away, and goes on when it is back', async () => {
  book.before = refusing('Unavailable');
  await submit('waiting');
  const run = await told('waiting', 'BrokerUnavailable');
  expect(messageOf(run)).toBe('the broker does not give the credential API_KEY: no route to the broker');
  expect(condition(run, 'BrokerReady')).toMatchObject({ status: 'False', reason: 'BrokerUnavailable' });
  expect(await podsOf('waiting')).toEqual([]);
  book.before = () => Promise.resolve();
  await time.passes(2, () => get('waiting'), (one) => one.status.phase === 'Succeeded');
  expect(condition(await over('waiting'), 'BrokerReady')).toMatchObject({ status: 'True', reason: 'Issued' });
});

test.each([
  ['pooled', 'PoolExhausted', /every token of its pool is leased/],
  ['secretless', 'ProviderFailure', /create or mend the Secret; .*; granted by BrokerPolicy \S+ from Secret 'model-key', key 'token'\)$/],
  ['unaudited', 'AuditUnavailable', /cannot write its audit log/],
])('%s: a run waits when the broker answers with %s, and says so', async (name, code, message) => {
  book.before = refusing('Unavailable', code);
  await submit(name);
  const run = await told(name, code);
  expect(messageOf(run)).toMatch(message);
  expect(condition(run, 'BrokerReady')).toMatchObject({ status: 'False', reason: code });
  await eventsOf(name, (events) => events.includes(`Warning ${code}`));
  book.before = () => Promise.resolve();
  await time.passes(2, () => get(name), (one) => one.status.phase === 'Succeeded');
});

test('a run that the broker denies what it needs fails, and what it got before is revoked', async () => {
  book.before = (call) => (call === 'issue OTHER_KEY' ? Promise.reject(new BrokerFailure('Refused', 'the broker answered 403', 'Forbidden')) : Promise.resolve());
  await submit('not-granted');
  const run = await over('not-granted');
  expect(condition(run, 'Completed')).toMatchObject({ status: 'True', reason: 'BrokerDenied', message: expect.stringContaining('the credential OTHER_KEY: Forbidden') });
  expect([...book.issued.keys()]).toContain('lease-not-granted-api-key');
  expect(book.live('not-granted')).toEqual([]);
});

test('leases of a running pod are renewed at half of their life, and the status has the new ends', async () => {
  book.ttl = 600_000;
  await submit('long-renewed');
  const before = await until('long-renewed', (run) => run?.status?.agentPhase === 'running');
  const renewals: string[] = [];
  book.before = (call) => Promise.resolve(void (call === 'renew' && renewals.push(call)));
  const leases = leasesOf(before);
  const ends = leases.map(({ expiresAt }) => Date.parse(expiresAt!));
  // Half of their life is left for 50 s still.
  time.skipToBefore(Math.min(...ends), 350);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(renewals).toEqual([]);
  time.skipToBefore(Math.max(...ends), 250);
  const after = await until('long-renewed', (run) => leasesOf(run).every(({ expiresAt }, at) => expiresAt! > leases[at].expiresAt!));
  expect(leasesOf(after).map(({ leaseID }) => leaseID)).toEqual(leases.map(({ leaseID }) => leaseID));
  expect(renewals.length).toBeGreaterThan(0);
});

test('what the broker writes to the status of a run is never lost while the operator writes', async () => {
  await submit('long-written');
  await until('long-written', (run) => run?.status?.agentPhase === 'running');
  const revokedLeases: Record<string, string> = {};
  for (let count = 0; count < 20; count += 1) {
    const id = `lease-by-broker-${count}`;
    revokedLeases[id] = '2026-11-22T10:00:00Z';
    const written = admin.call('PATCH', `${RUNS}/long-written/status`, { status: { revokedLeases: { [id]: revokedLeases[id] } } }, MERGE);
    // A change of the pod's status, which makes the operator write as well.
    await admin.call('PATCH', `/api/v1/namespaces/${TEAM}/pods/long-written-0/status`, { status: { podIPs: [{ ip: `10.0.0.${count + 10}` }], podIP: `10.0.0.${count + 10}` } }, MERGE);
    expect((await written).status).toBe(200);
  }
  const run = await until('long-written', (one) => one.status.podIPs[0] === '10.0.0.29');
  expect(run.status.revokedLeases).toEqual(revokedLeases);
});

test("the template's changes are nothing to a run that has a pod", async () => {
  await submit('long-steady');
  await until('long-steady', (run) => run?.status?.agentPhase === 'running');
  const podBefore = await admin.read<Pod>(`${PODS}/long-steady-0`);
  const { status: before } = await get('long-steady');
  must(['patch', 'harnesstemplate', 'coder', '-n', TEAM, '--type=merge', '-p', JSON.stringify({ spec: { image: 'registry.example.com/coder:2' } })]);
  await eventually(() => admin.read<Followed>(TEMPLATE), ({ status, metadata }) => status?.observedGeneration === metadata.generation);
  await submit('new-image');
  await over('new-image');
  expect((await get('long-steady')).status).toEqual(before);
  const pod = await admin.read<Pod>(`${PODS}/long-steady-0`);
  expect([pod.metadata!.uid, imageOf(pod)]).toEqual([podBefore.metadata!.uid, 'registry.example.com/coder:1']);
  expect(imageOf(await admin.read<Pod>(`${PODS}/new-image-0`))).toBe('registry.example.com/coder:2');
});

test.each<[string, () => Promise<unknown>]>([
  ['deleted', () => admin.call('DELETE', `${POLICIES}/long-fenced-egress`)],
  ['opened', () => admin.call('PATCH', `${POLICIES}/long-fenced-egress`, { spec: { egress: [{}] } }, MERGE)],
  ['turned to other pods', () => admin.call('PATCH', `${POLICIES}/long-fenced-egress`, { spec: { podSelector: { matchLabels: { app: 'none' } } } }, MERGE)],
  ['taken its label', () => admin.call('PATCH', `${POLICIES}/long-fenced-egress`, { metadata: { labels: { 'paddock.dev/run': null } }, spec: { egress: [{}] } }, MERGE)],
])('the NetworkPolicy of a running run that somebody has %s is put back', async (_what, change) => {
  if (await get('long-fenced') === undefined) await submit('long-fenced');
  const run = await until('long-fenced', (one) => one?.status?.agentPhase === 'running');
  const path = `${POLICIES}/long-fenced-egress`;
  const { spec } = runNetworkPolicy({ platform: 'runs-platform', namespace: TEAM, run: 'long-fenced', uid: run.metadata.uid });
  const before = await admin.read<NetworkPolicy>(path);
  expect(before.spec).toEqual(spec);
  await change();
  const back = (one?: NetworkPolicy) => one?.metadata?.resourceVersion !== before.metadata?.resourceVersion && equal(one?.spec, spec);
  expect((await eventually(() => admin.find<NetworkPolicy>(path), back))?.spec).toEqual(spec);
});

test('no bearer is ever in the log, an Event or the status', async () => {
  await submit('long-secret');
  await until('long-secret', (run) => run?.status?.agentPhase === 'running');
  await admin.call('DELETE', `${RUNS}/long-secret`);
  await eventually(() => get('long-secret'), (run) => run === undefined);
  await submit('plain');
  await over('plain');
  await eventsOf('plain', (events) => events.includes('Normal Succeeded'));
  const { data } = await admin.read<Secret>(`/api/v1/namespaces/${TEAM}/secrets/plain-broker-creds`);
  expect(Buffer.from(data!.API_KEY, 'base64').toString()).toContain(BEARERS.credential);
  const shown = [operator.log(), must(['get', 'events,harnessruns,workspaces,pods,networkpolicies', '-n', TEAM, '-o', 'json'])].join();
  expect(shown).toContain('plain');
  for (const bearer of Object.values(BEARERS)) expect(shown).not.toContain(bearer);
  expect(operator.log()).not.toContain('the prompt of');
});
