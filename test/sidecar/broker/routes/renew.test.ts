import { snapshotOf } from '../../../../sidecar/src/broker/catalog/directory/directory-snapshot';
import { checkedObject } from '../../../../sidecar/src/broker/catalog/object-check';
import { brokerPolicy, harnessRun, harnessTemplate, headerGrant, secret } from '../documents';
import { egressWorld, GITHUB, OF_RUN, REST, RUN } from '../egress-world';

const NAMES = { names: ['GITHUB_TOKEN'] };
const HOUR = 3600_000;

/** A broker whose catalog knows more of the run than documents say. */
function withRun(more: object) {
  const documents = [RUN, ...REST];
  const base = snapshotOf(documents.map((value, index) => checkedObject({ file: 'test', place: `document ${index + 1}`, value: JSON.parse(JSON.stringify(value)) })));
  const snapshot = { ...base, run: (namespace: string, name: string) => ({ ...base.run(namespace, name)!, ...more }) };
  return egressWorld(documents, {
    catalog: {
      snapshot: () => snapshot,
      secret: async (namespace, name, key) => base.secret(namespace, name)?.data.get(key),
      unready: () => undefined,
      close: async () => {},
    },
  });
}

test('the operator is told until when a lease may go on, under the id that issue gave it, and that is recorded', async () => {
  const { askAs, world, records } = egressWorld();
  const { leaseId } = (await askAs('operator', 'issue', { name: 'GITHUB_TOKEN' }, OF_RUN)).body;
  world.now += HOUR / 2;
  expect(await askAs('operator', 'renew', NAMES, OF_RUN)).toMatchObject({ status: 200, body: { leases: [{ name: 'GITHUB_TOKEN', leaseId, expiresAt: '2026-05-04T10:30:00Z' }] } });
  expect(records.at(-1)).toEqual({
    decision: 'granted',
    kind: 'credential-renewed',
    namespace: 'team-a',
    run: 'r1',
    caller: 'platform/operator',
    credential: { name: 'GITHUB_TOKEN', provider: 'UserSuppliedSecret' },
    matchedPolicy: 'p1',
    reason: `lease ${leaseId} may go on until 2026-05-04T10:30:00Z`,
  });
});

test('the run may ask itself', async () => {
  expect((await egressWorld().ask('renew', NAMES)).body.leases).toHaveLength(1);
});

test('asking alone moves nothing: the lease goes on once the status says so (B15)', async () => {
  const { ask, world } = egressWorld();
  const { value } = (await ask('issue', { name: 'GITHUB_TOKEN' })).body;
  await ask('renew', NAMES);
  world.now += HOUR;
  expect(await ask('substitute-auth', { ...GITHUB, incomingXApiKey: value })).toMatchObject({ status: 403, body: { code: 'SubstituteFailed' } });
});

test('a lease whose new end is in the status goes on with the bytes that the pod has', async () => {
  const expiries = new Map<string, number>();
  const broker = withRun({ leaseExpiries: expiries });
  const { value, leaseId } = (await broker.ask('issue', { name: 'GITHUB_TOKEN' })).body;
  expiries.set(leaseId, broker.world.now + 2 * HOUR);
  broker.world.now += 2 * HOUR - 1;
  expect((await broker.ask('substitute-auth', { ...GITHUB, incomingXApiKey: value })).status).toBe(200);
  expect((await broker.askAs('egress', 'validate-egress', { ...GITHUB, egressToken: value, clientAddress: '10.0.0.7' })).status).toBe(200);
  broker.world.now += 1;
  expect((await broker.ask('substitute-auth', { ...GITHUB, incomingXApiKey: value })).body.code).toBe('SubstituteFailed');
});

test('issuing again tells the later end, and the same lease', async () => {
  const expiries = new Map<string, number>();
  const broker = withRun({ leaseExpiries: expiries });
  const first = (await broker.ask('issue', { name: 'GITHUB_TOKEN' })).body;
  expiries.set(first.leaseId, broker.world.now + 2 * HOUR);
  expect((await broker.ask('issue', { name: 'GITHUB_TOKEN' })).body).toMatchObject({ leaseId: first.leaseId, expiresAt: '2026-05-04T11:00:00Z' });
});

test('nothing goes on past the deadline of the run, whatever the status says', async () => {
  const { ask, askAs, world } = withRun({ deadline: Date.parse('2026-05-04T09:20:00Z'), leaseExpiries: new Map() });
  const { value, expiresAt } = (await ask('issue', { name: 'GITHUB_TOKEN' })).body;
  expect(expiresAt).toBe('2026-05-04T09:20:00Z');
  expect((await ask('renew', NAMES)).body.leases[0].expiresAt).toBe('2026-05-04T09:20:00Z');
  expect((await askAs('operator', 'issue-egress', {}, OF_RUN)).body.expiresAt).toBe('2026-05-04T09:20:00Z');
  world.now = Date.parse('2026-05-04T09:20:00Z');
  expect((await ask('renew', NAMES)).body).toEqual({ leases: [], refused: [{ name: 'GITHUB_TOKEN', code: 'RunTerminated' }] });
  expect((await ask('issue', { name: 'GITHUB_TOKEN' })).body.code).toBe('RunTerminated');
  expect((await ask('substitute-auth', { ...GITHUB, incomingXApiKey: value })).body.code).toBe('SubstituteFailed');
});

describe('one lease that may not go on does not stop the others:', () => {
  const OTHER = headerGrant('OTHER_TOKEN');
  const both = (credentials: readonly object[]) =>
    [RUN, harnessTemplate({}, ['GITHUB_TOKEN', 'OTHER_TOKEN']), brokerPolicy({}, { grants: { credentials, egress: [{ host: 'api.github.com' }] } }), secret({ token: 'x' })];

  test('its grant is gone', async () => {
    const { ask, records } = egressWorld(both([OTHER]));
    const { body } = await ask('renew', { names: ['GITHUB_TOKEN', 'OTHER_TOKEN'] });
    expect(body).toEqual({ leases: [expect.objectContaining({ name: 'OTHER_TOKEN' })], refused: [{ name: 'GITHUB_TOKEN', code: 'PolicyMissing' }] });
    expect(records.map(({ decision, kind }) => [decision, kind])).toEqual([['denied', 'credential-renewal-failed'], ['granted', 'credential-renewed']]);
  });

  test('it is revoked', async () => {
    const { ask, askAs } = egressWorld(both([headerGrant(), OTHER]));
    const { leaseId } = (await ask('issue', { name: 'GITHUB_TOKEN' })).body;
    await askAs('operator', 'revoke', { provider: 'UserSuppliedSecret', leaseId, credentialName: 'GITHUB_TOKEN' }, OF_RUN);
    const { body } = await ask('renew', { names: ['GITHUB_TOKEN', 'OTHER_TOKEN'] });
    expect(body).toMatchObject({ leases: [{ name: 'OTHER_TOKEN' }], refused: [{ name: 'GITHUB_TOKEN', code: 'PolicyRevoked' }] });
  });

  test('the credential itself is in the container, where nothing can be renewed', async () => {
    const inside = { name: 'GITHUB_TOKEN', provider: { ...headerGrant().provider, deliveryMode: { inContainer: { accepted: true, reason: 'the tool cannot use a proxy at all' } } } };
    const { ask, records } = egressWorld(both([inside, OTHER]));
    expect((await ask('renew', { names: ['GITHUB_TOKEN', 'OTHER_TOKEN'] })).body).toEqual({ leases: [expect.objectContaining({ name: 'OTHER_TOKEN' })] });
    expect(records).toHaveLength(1);
  });
});

describe('renew is refused', () => {
  test.each<[string, readonly object[], number, string]>([
    ['for a run that is not there', REST, 404, 'RunNotFound'],
    ['for a run that is over', [harnessRun({}, { phase: 'Succeeded' }), ...REST], 403, 'RunTerminated'],
  ])('%s', async (_, documents, status, code) => {
    expect(await egressWorld(documents).ask('renew', NAMES)).toMatchObject({ status, body: { code } });
  });

  test.each([{}, { names: [] }, { names: 'GITHUB_TOKEN' }, { names: [''] }, { names: ['A', 'A'] }, { names: Array.from({ length: 33 }, (_, i) => `N${i}`) }, { names: ['A'], all: true }])('for %j', async (body) => {
    expect(await egressWorld().ask('renew', body)).toMatchObject({ status: 400, body: { code: 'BadRequest' } });
  });

  test('without audit, and nothing is told', async () => {
    const { ask, world } = egressWorld();
    world.auditFails = true;
    expect(await ask('renew', NAMES)).toMatchObject({ status: 503, body: { code: 'AuditUnavailable' } });
  });

  test('for a name that could name nothing, which is not recorded', async () => {
    const { ask, records } = egressWorld();
    expect((await ask('renew', { names: ['planted by mistake'] })).body.refused).toHaveLength(1);
    expect(JSON.stringify(records)).not.toContain('planted');
  });
});
