import { eventually } from './api-server';
import { askOne, BrokerAnswer, patOf, swapKey, swapPat } from './broker-client';
import { apiServerUrl, brokerConfig, bundleAsShipped, deployDrillPlatform, DrillRuns, fleetOf, PLANTED, readiness, SYSTEM, TEAM } from './broker-fleet';
import { kubectl, must } from './cli';
import { auditEventObject } from '../../sidecar/src/broker/audit/shipping/ship-object';
import type { BrokerProcess } from '../helpers/broker-process';
import { TcpProxy } from '../helpers/tcp-proxy';
import { tempFolder } from '../helpers/temp-folder';

/** Longer than any verdict or Secret counts as fresh, as seconds of a test are dear. */
const OUTAGE = 8_000;

const root = tempFolder();
const GITHUB = { host: 'github.com', port: 443 };
const issued: Record<string, any> = {};
let wire: TcpProxy;
let runs: DrillRuns;
let broker: BrokerProcess;
const token: Record<string, string> = {};

const ask = (endpoint: string, body: object, run = 'calm', who = token[run]): Promise<BrokerAnswer> => askOne(broker, endpoint, body, { token: who, run });
const asDeputy = (endpoint: string, body: object): Promise<BrokerAnswer> => ask(endpoint, body, 'calm', token.deputy);
/** As long as paddock's proxy waits for an answer: 5 s, of which only those count in which the broker is awake, and answers about itself. */
async function withinPatience(asking: Promise<BrokerAnswer>): Promise<BrokerAnswer> {
  let isOver = false;
  const late = async (): Promise<BrokerAnswer> => {
    for (let tenths = 0; tenths < 50 && !isOver; tenths += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await readiness(broker);
    }
    return { status: 0, code: 'no answer within 5 s', body: {} };
  };
  return Promise.race([asking, late()]).finally(() => { isOver = true; });
}
/** Whether it knows; it may not while the API server is slow, and is asked again. */
const isSaid = ({ code }: BrokerAnswer): boolean => code !== 'Unavailable' && code !== 'ProviderFailure';
const outcome = ({ status, code }: BrokerAnswer): string => (code === undefined ? `${status}` : `${status} ${code}`);

beforeAll(async () => {
  deployDrillPlatform();
  runs = new DrillRuns();
  wire = await TcpProxy.to(apiServerUrl());
  broker = await fleetOf(bundleAsShipped(root), root, brokerConfig(root, `https://127.0.0.1:${wire.port}`))('outage-0');
  token.deputy = await runs.token('deputy');
  for (const run of ['calm', 'late']) token[run] = await runs.make(run);
  token.fresh = await runs.token('calm-collector');
  for (const name of ['KEY', 'PAT', 'RAW']) issued[name] = (await ask('issue', { name })).body;
  expect(issued.RAW.value).toBe(PLANTED.raw);
  expect(outcome(await ask('substitute-auth', swapPat(issued.PAT.value)))).toBe('200');
  expect(outcome(await asDeputy('revoke', { provider: 'AnthropicAPI', leaseId: 'anth-00000000000000000000000000000000' }))).toBe('204');
}, 240_000);

afterAll(async () => {
  await broker.end('SIGKILL');
  wire.close();
  await Promise.all(['calm', 'late'].map((run) => runs.delete(run)));
  runs.close();
});

test('the API server is gone for a while: what is known goes on, what is new waits, and nothing is refused as false', async () => {
  const seen = new Set<string>();
  const steady = async (): Promise<void> => {
    const answers = {
      validate: await ask('validate-egress', GITHUB),
      key: await ask('substitute-auth', swapKey(issued.KEY.value)),
      pat: await ask('substitute-auth', swapPat(issued.PAT.value)),
      again: await ask('issue', { name: 'KEY' }),
      // Who is new cannot be told from a stranger now.
      stranger: await ask('validate-egress', GITHUB, 'late'),
      // A slot is compared and set in the API.
      slot: await ask('issue', { name: 'PAT' }),
    };
    Object.entries(answers).forEach(([what, answer]) => seen.add(`${what} ${outcome(answer)}`));
  };
  await steady();
  expect([...seen].sort()).toEqual(['again 200', 'key 200', 'pat 200', 'slot 200', 'stranger 200', 'validate 200']);

  // Whose verdict is older than its time is asked anew, so another run has to be the new one.
  token.late = await runs.token('late-collector');
  seen.clear();
  wire.cut();
  for (const end = Date.now() + OUTAGE; Date.now() < end;) {
    await steady();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect([...seen].sort()).toEqual(['again 200', 'key 200', 'pat 200', 'slot 503 Unavailable', 'stranger 503 Unavailable', 'validate 200']);
  expect(await readiness(broker)).toBe(200);

  // It counts here at once; that it could not be kept is told, so that the operator asks again.
  const revocation = { provider: 'AnthropicAPI', leaseId: issued.KEY.leaseId, credentialName: 'KEY' };
  expect(outcome(await asDeputy('revoke', revocation))).toBe('500 ProviderFailure');
  expect(outcome(await ask('substitute-auth', swapKey(issued.KEY.value)))).toBe('403 PolicyRevoked');

  // What happened meanwhile is known once it is back.
  await runs.end('late');
  wire.mend();
  await eventually(() => ask('validate-egress', GITHUB, 'late'), ({ status, body }) => status === 200 && body.reason === 'the run is over');
  expect(outcome(await eventually(() => ask('issue', { name: 'PAT' }), isSaid))).toBe('200');
  expect(outcome(await eventually(() => asDeputy('revoke', revocation), isSaid))).toBe('204');
  expect(JSON.parse(must(['get', 'harnessrun', 'calm', '-n', TEAM, '-o', 'json'])).status.revokedLeases).toHaveProperty(issued.KEY.leaseId);
}, 180_000);

test('a network that drops every packet is the same outage, and no client runs out of patience by it', async () => {
  const swap = () => ask('substitute-auth', swapPat(issued.PAT.value));
  await Promise.all([ask('validate-egress', GITHUB), swap()]);
  const seen = new Set<string>();
  wire.silence();
  for (const end = Date.now() + OUTAGE; Date.now() < end;) {
    for (const [what, asking] of [['validate', ask('validate-egress', GITHUB)], ['swap', swap()], ['new', ask('validate-egress', GITHUB, 'calm', token.fresh)]] as const) {
      seen.add(`${what} ${outcome(await withinPatience(asking))}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect([...seen].sort()).toEqual(['new 503 Unavailable', 'swap 200', 'validate 200']);
  wire.mend();
  await eventually(() => ask('validate-egress', GITHUB, 'calm', token.fresh), ({ status }) => status === 200);
}, 180_000);

test('namespaces that take no audit events hold nobody up', async () => {
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'no-events', namespace: TEAM }, spec: { hard: { 'count/auditevents.paddock.dev': '0' } } };
  must(['apply', '-f', '-'], [quota]);
  // What its controller would write, which not every test cluster runs.
  must(['patch', 'resourcequota', 'no-events', '-n', TEAM, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status: { hard: quota.spec.hard, used: quota.spec.hard } })]);
  const event = auditEventObject(TEAM, 'one-too-many', {
    runRef: { name: 'calm' }, decision: 'granted', kind: 'egress-allow', timestamp: '2026-05-04T09:00:00Z', destination: { host: 'a.example', port: 443 },
  });
  await eventually(async () => kubectl(['create', '--dry-run=server', '-f', '-'], [event]), ({ stderr }) => stderr.includes('exceeded quota'));
  expect(outcome(await ask('issue', { name: 'RAW' }))).toBe('200');
  const moved = async () => JSON.parse(must(['get', 'auditevents', '-n', SYSTEM, '-o', 'json'])).items
    .filter(({ spec }: { spec: { kind: string; detail?: { namespace?: string } } }) => spec.kind === 'credential-issued' && spec.detail?.namespace === TEAM);
  expect((await eventually(moved, (events) => events.length > 0)).length).toBeGreaterThan(0);
  must(['delete', 'resourcequota', 'no-events', '-n', TEAM]);
}, 120_000);

test('a Secret that is deleted under way ends the exchange, and nothing of it is told', async () => {
  const pats = JSON.parse(must(['get', 'secret', 'drill-pats', '-n', TEAM, '-o', 'json']));
  must(['delete', 'secret', 'drill-pats', '-n', TEAM]);
  const gone = await eventually(() => ask('substitute-auth', swapPat(issued.PAT.value)), (answer) => answer.status !== 200 && answer.code !== 'Unavailable');
  expect(outcome(gone)).toBe('500 ProviderFailure');
  expect(JSON.stringify(gone.body)).not.toContain('planted');
  must(['create', '-f', '-'], [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'drill-pats', namespace: TEAM }, data: pats.data }]);
  const back = await eventually(() => ask('substitute-auth', swapPat(issued.PAT.value)), ({ status }) => status === 200);
  expect(PLANTED.pats).toContain(patOf(back));
}, 120_000);

test('a record of slots that cannot be read leases nothing, and ends nothing that is leased', async () => {
  const slots = must(['get', 'configmap', 'broker-slots', '-n', SYSTEM, '-o', 'jsonpath={.data.slots\\.json}']);
  must(['patch', 'configmap', 'broker-slots', '-n', SYSTEM, '--type=merge', '-p', JSON.stringify({ data: { 'slots.json': '{"broken' } })]);
  expect(outcome(await ask('issue', { name: 'PAT' }))).toBe('503 Unavailable');
  expect(outcome(await ask('substitute-auth', swapPat(issued.PAT.value)))).toBe('200');
  must(['patch', 'configmap', 'broker-slots', '-n', SYSTEM, '--type=merge', '-p', JSON.stringify({ data: { 'slots.json': slots } })]);
  expect((await eventually(() => ask('issue', { name: 'PAT' }), isSaid)).body.leaseId).toBe(issued.PAT.leaseId);
}, 120_000);

test('a run that was deleted and made again under its name is another run', async () => {
  const old = await ask('issue', { name: 'PAT' });
  await runs.delete('calm');
  token.calm = await runs.make('calm');
  // For a moment the API server knows the account of before, and the broker the run.
  await eventually(() => ask('substitute-auth', swapPat(old.body.value)), (answer) => outcome(answer) === '403 SubstituteFailed');
  const fresh = await ask('issue', { name: 'KEY' });
  expect([fresh.status, fresh.body.leaseId === issued.KEY.leaseId]).toEqual([200, false]);
}, 120_000);

test('nothing secret is in any line that it printed', () => {
  const secrets = [PLANTED.model, PLANTED.raw, ...PLANTED.pats, ...Object.values(token), ...Object.values(issued).map(({ value }) => value)];
  for (const text of secrets) expect(broker.output.includes(text)).toBe(false);
  expect(broker.output).not.toMatch(/planted-|eyJhbGciOi|PRIVATE KEY/);
  expect(broker.output).toContain('a watch was interrupted');
});
