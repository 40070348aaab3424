import { LeaseBroker, startLeaseBroker } from './lease-broker';
import { CODER, conditionOf, HOUR, LeaseWorld, SECOND, timeText } from './lease-world';
import { issueCredentials } from '../../../../../sidecar/src/operator/runs/leases/credentials';
import { issueEgressToken } from '../../../../../sidecar/src/operator/runs/leases/egress-token';
import { renewLeases } from '../../../../../sidecar/src/operator/runs/leases/renewal';
import { revokeLeases } from '../../../../../sidecar/src/operator/runs/leases/revocation';
import { harnessRunStatus } from '../../../../../src/protocol/resources/harness-run-status';
import { problemsOf } from '../../../../../src/protocol/schema/validate';
import { eventually, tempFolder } from '../../../../helpers/temp-folder';
import { brokerPolicy, harnessRun, harnessTemplate, headerGrant, secret } from '../../../broker/documents';

const UPSTREAM = 'hunter2-planted-upstream';
const SURROGATES = Array.from({ length: 13 }, (_, at) => `TOKEN_${at}`);
const REQUIRED = [...SURROGATES, 'POOLED', 'RAW', 'WITHOUT_SECRET'];
const NAMES = [...SURROGATES, 'POOLED', 'RAW'];

const provider = { kind: 'UserSuppliedSecret', secretRef: { name: 'upstream', key: 'token' } };
const GRANTS = [
  ...SURROGATES.map((name) => headerGrant(name)),
  { name: 'POOLED', provider: { kind: 'PATPool', secretRef: { name: 'upstream', key: 'pool' }, hosts: ['api.github.com'] } },
  { name: 'RAW', provider: { ...provider, deliveryMode: { inContainer: { accepted: true, reason: 'the tool cannot use a proxy at all' } } } },
  headerGrant('WITHOUT_SECRET', ['api.github.com'], 'nowhere'),
];
const documents = (phase: string) => [
  harnessRun({ uid: 'uid-1' }, { phase }),
  harnessTemplate({}, REQUIRED),
  brokerPolicy({}, { grants: { credentials: GRANTS, egress: [{ host: 'api.github.com' }] } }),
  secret({ token: UPSTREAM, pool: `${UPSTREAM}-pool\n` }),
];

const folder = tempFolder();
let broker: LeaseBroker;
let world: LeaseWorld;

beforeAll(async () => {
  const clock = { world: undefined as LeaseWorld | undefined };
  broker = await startLeaseBroker({ folder, clock: () => clock.world?.now ?? Date.now(), documents: documents('Pending') });
  world = new LeaseWorld(broker.client, { podUID: 'pod-1' });
  world.now = Math.floor(Date.now() / SECOND) * SECOND;
  clock.world = world;
});
afterAll(() => broker.close());

const issue = (names: readonly string[] = NAMES) => world.look((work) => issueCredentials(world.deps, work, names, CODER));
const ids = () => world.committed.issuedLeases?.map(({ leaseID }) => leaseID);

test('a run gets all that its template requires, and more of it than a broker gives at once', async () => {
  const issued = await issue();
  expect(issued).toEqual({ kind: 'wait', reason: 'InProgress', message: '10 of 15 credentials issued; the broker gives no more at once', againAfter: SECOND });
  expect(conditionOf(world.committed, 'BrokerReady')).toBeUndefined();
  world.now += SECOND;
  const rest = await issue();
  expect(rest.kind === 'done' ? Object.keys(rest.value) : rest).toEqual([...NAMES].sort());
  expect(rest).toMatchObject({ value: { TOKEN_0: expect.stringMatching(/^pdk-usersecret-/), RAW: UPSTREAM } });
  expect(conditionOf(world.committed, 'BrokerCredentialsReady')).toBe('True AllIssued: 15 credentials issued: 14 proxy-injected, 1 in-container');
  expect(problemsOf(harnessRunStatus, world.committed, 'status')).toEqual([]);
  expect(world.committed.issuedLeases).toContainEqual(expect.objectContaining({ credentialName: 'POOLED', poolRef: { secretRef: { name: 'upstream', key: 'pool' }, slotIndex: 0 } }));
});

test('asking again after a restart gets the same leases', async () => {
  const before = ids();
  world.now += 30 * SECOND;
  expect((await issue()).kind).toBe('wait');
  world.now += SECOND;
  expect((await issue()).kind).toBe('done');
  expect(ids()).toEqual(before);
});

test('leases go on at half life, and only those that can', async () => {
  world.now += HOUR / 2;
  const work = world.work();
  expect(await renewLeases(world.deps, work)).toBe(HOUR / 2);
  await work.commit();
  const renewed = world.committed.issuedLeases!.filter(({ expiresAt }) => expiresAt === timeText(world.now + HOUR));
  expect(renewed.map(({ credentialName }) => credentialName)).toEqual([...SURROGATES, 'POOLED'].sort());
  expect(world.events).toEqual([]);
});

test('a run gets a token for its way out', async () => {
  expect(await issueEgressToken(world.deps, world.work())).toMatchObject({ kind: 'done', value: expect.stringMatching(/^pdk-egress-/) });
});

test('a Secret that is missing is waited for, with the policy that names it; the others are leased', async () => {
  world.now += 60 * SECOND;
  const before = ids();
  const secretRef = { name: 'upstream', key: 'nowhere' };
  const grants = { credentials: [{ name: 'WITHOUT_SECRET', provider: { kind: 'UserSuppliedSecret' as const, secretRef } }] };
  world.policies.push({ name: 'p1', spec: { appliesToTemplates: ['*'], grants } });
  const message = expect.stringMatching(/WITHOUT_SECRET: ProviderFailure \(the Secret that its BrokerPolicy names is missing.*BrokerPolicy p1 from Secret 'upstream', key 'nowhere'\)$/);
  expect(await issue(REQUIRED)).toMatchObject({ kind: 'wait', reason: 'ProviderFailure', message });
  expect(conditionOf(world.committed, 'BrokerReady')).toMatch(/^False ProviderFailure: the broker does not give the credential WITHOUT_SECRET: /);
  expect(ids()).toEqual(before);
});

test('a credential that the template does not require is not given', async () => {
  world.now += 60 * SECOND;
  expect((await issue(['OTHER'])).kind).toBe('wait');
  world.now += 60 * SECOND;
  expect(await issue(['OTHER'])).toMatchObject({ kind: 'fail', message: expect.stringContaining('OTHER: CredentialNotFound') });
});

test('a broker that sees another template than the operator gives nothing', async () => {
  world.committed = { ...world.committed, conditions: [] };
  world.now += 60 * SECOND;
  const pinned = { ...CODER, imageDigest: `sha256:${'a'.repeat(64)}` };
  expect(await issueCredentials(world.deps, world.work(), ['TOKEN_1'], pinned)).toMatchObject({ kind: 'wait', message: expect.stringContaining('TOKEN_1: CredentialNotFound') });
});

test('what is revoked is revoked for the rest of the run', async () => {
  world.now += 60 * SECOND;
  expect((await revokeLeases(world.deps, world.work(), { since: world.now })).kind).toBe('done');
  for (const name of ['TOKEN_0', 'POOLED', 'RAW']) {
    world.now += 10 * SECOND;
    expect(await issue([name])).toMatchObject({ kind: 'fail', reason: 'BrokerDenied', message: expect.stringContaining(`${name}: PolicyRevoked`) });
  }
  expect((await revokeLeases(world.deps, world.work(), { since: world.now })).kind).toBe('done');
});

test('a run of which the broker has not heard is waited for', async () => {
  world.committed = { ...world.committed, conditions: [] };
  expect(await issueCredentials(world.deps, world.work({ name: 'r2' }), ['TOKEN_1'], CODER)).toMatchObject({ kind: 'wait', message: expect.stringContaining('TOKEN_1: RunNotFound') });
});

test('a run whose name another one has by now is given nothing of that one, and leases of it can be revoked', async () => {
  const work = () => world.work({ uid: 'uid-0' });
  world.committed = { ...world.committed, conditions: [] };
  world.now += 10 * SECOND;
  expect(await issueCredentials(world.deps, work(), ['TOKEN_1'], CODER)).toMatchObject({ kind: 'wait', message: expect.stringContaining('TOKEN_1: RunNotFound') });
  expect(await issueEgressToken(world.deps, work())).toMatchObject({ kind: 'wait', message: expect.stringContaining('RunNotFound') });
  await expect(broker.client.renew(work().run, ['TOKEN_1'])).rejects.toMatchObject({ answered: 'RunNotFound' });
  const lease = { provider: 'UserSuppliedSecret', leaseId: `uss-${'0'.repeat(32)}`, credentialName: 'TOKEN_1' };
  for (const _ of ['once', 'again']) await expect(broker.client.revoke(work().run, lease)).resolves.toBeUndefined();
});

test('a run that is over gets nothing, and leases of it can be revoked', async () => {
  broker.write(documents('Succeeded'));
  await eventually(() => broker.phase() === 'Succeeded');
  world.now += 60 * SECOND;
  expect(await issue(['TOKEN_1'])).toMatchObject({ kind: 'wait', message: expect.stringContaining('TOKEN_1: RunTerminated') });
  expect((await revokeLeases(world.deps, world.work(), { since: world.now })).kind).toBe('done');
});

test('of no value anything is in the log of either, in the status or in an Event', () => {
  expect(`${world.visible()} ${broker.logged()}`).not.toContain(UPSTREAM);
  expect(`${world.visible()} ${broker.logged()}`).not.toMatch(/pdk-(usersecret|egress|pat)-\w/);
});
