import { refuse } from '../../../../sidecar/src/broker/refuse';
import { MemoryRevocations } from '../../../../sidecar/src/broker/revocations/revocations';
import { harnessRun } from '../documents';
import { egressWorld, GITHUB, OF_RUN, REST, SESSION } from '../egress-world';

const ID = `uss-${'0'.repeat(32)}`;
const BODY = { provider: 'UserSuppliedSecret', leaseId: ID, credentialName: 'GITHUB_TOKEN' };

async function leased(more = {}) {
  const broker = egressWorld(undefined, more);
  const { value, leaseId } = (await broker.ask('issue', { name: 'GITHUB_TOKEN' })).body;
  broker.records.length = 0;
  const revoke = (body: object = {}, headers = OF_RUN) => broker.askAs('operator', 'revoke', { ...BODY, leaseId, ...body }, headers);
  return { ...broker, value, leaseId, revoke };
}

test('a revoked lease is refused at once, before any status shows it, and stays so for the rest of the run', async () => {
  const { ask, value, revoke, leaseId } = await leased();
  expect((await revoke()).status).toBe(204);
  expect(await ask('substitute-auth', { ...GITHUB, incomingXApiKey: value })).toMatchObject({ status: 403, body: { code: 'PolicyRevoked', message: `lease ${leaseId} is revoked` } });
  expect(await ask('issue', { name: 'GITHUB_TOKEN' })).toMatchObject({ status: 403, body: { code: 'PolicyRevoked' } });
  expect((await ask('renew', { names: ['GITHUB_TOKEN'] })).body.refused).toEqual([{ name: 'GITHUB_TOKEN', code: 'PolicyRevoked' }]);
});

test('the answer has no body, and the audit names lease and credential', async () => {
  const { app, records, leaseId } = await leased();
  const headers = { 'authorization': 'Bearer token-of-the-operator-00', 'content-type': 'application/json', ...OF_RUN };
  const answer = await app.inject({ method: 'POST', url: '/v1/revoke', headers, payload: JSON.stringify({ ...BODY, leaseId }) });
  expect({ status: answer.statusCode, body: answer.body }).toEqual({ status: 204, body: '' });
  expect(records).toEqual([{
    decision: 'granted',
    kind: 'credential-revoked',
    namespace: 'team-a',
    run: 'r1',
    caller: 'platform/operator',
    credential: { name: 'GITHUB_TOKEN', provider: 'UserSuppliedSecret' },
    reason: `revoked lease ${leaseId}`,
  }]);
});

test('revoking again answers the same (S19)', async () => {
  const { revoke } = await leased();
  expect([(await revoke()).status, (await revoke()).status]).toEqual([204, 204]);
});

test('the lease of another run is not touched', async () => {
  const { ask, value, revoke } = await leased();
  expect((await revoke({}, { ...OF_RUN, 'x-paddock-run': 'r2' })).status).toBe(204);
  expect((await ask('substitute-auth', { ...GITHUB, incomingXApiKey: value })).status).toBe(200);
});

test.each(['pat-0123abcd', 'anything', `uss-${'0'.repeat(31)}`, 'planted-by-mistake'])('%s, which no lease is called, is 204, kept nowhere and not repeated (S19)', async (leaseId) => {
  const revokeLeases = jest.fn();
  const { askAs, records, output } = egressWorld(undefined, { revocations: { ...new MemoryRevocations(() => 0), revokeLeases } as never });
  expect((await askAs('operator', 'revoke', { ...BODY, leaseId }, OF_RUN)).status).toBe(204);
  expect(revokeLeases).not.toHaveBeenCalled();
  expect(records).toEqual([expect.objectContaining({ kind: 'credential-revoked', reason: 'no lease has an id like that' })]);
  expect(output.join()).not.toContain(leaseId);
});

test.each([
  ['of a run that is not there', REST],
  ['of a run that is over', [harnessRun({}, { phase: 'Failed' }), ...REST]],
])('a lease %s is revoked like any other: others may not know yet', async (_, documents) => {
  const { askAs } = egressWorld(documents);
  expect((await askAs('operator', 'revoke', BODY, OF_RUN)).status).toBe(204);
});

test('a broker that does not know the present state revokes all the same', async () => {
  const { revoke, world } = await leased();
  world.catalogUnready = 'stale';
  expect((await revoke()).status).toBe(204);
});

test('the end of a session is no later than that of any token of it', async () => {
  const revokeSession = jest.fn(async () => {});
  const { askAs } = egressWorld(undefined, { revocations: { ...new MemoryRevocations(() => 0), revokeSession } as never });
  const session = { namespace: 'team-a', id: SESSION.id, notAfter: '9999-01-01T00:00:00Z' };
  expect((await askAs('operator', 'revoke', { session })).status).toBe(204);
  expect((await askAs('operator', 'revoke', { session: { ...session, notAfter: '2026-05-04T09:00:01Z' } })).status).toBe(204);
  expect(revokeSession.mock.calls).toEqual([[SESSION.id, Date.parse('2026-06-03T09:00:00Z')], [SESSION.id, Date.parse('2026-05-04T09:00:01Z')]]);
});

test('there is no limit: a lease that goes on would be the worse', async () => {
  const { revoke } = await leased();
  for (let i = 0; i < 30; i += 1) expect((await revoke()).status).toBe(204);
});

describe('revoke is refused', () => {
  test('to whoever has not the capability, the run itself too, before its headers are looked at', async () => {
    const { ask, askAs } = await leased();
    expect(await ask('revoke', BODY)).toMatchObject({ status: 403, body: { code: 'Forbidden' } });
    expect(await ask('revoke', BODY, { 'x-paddock-run': 'R1' })).toMatchObject({ status: 403, body: { code: 'Forbidden' } });
    expect(await askAs('egress', 'revoke', BODY, OF_RUN)).toMatchObject({ status: 403, body: { code: 'Forbidden' } });
  });

  test.each<[string, object]>([
    ['without a provider', { provider: '' }], ['without a lease', { leaseId: '' }], ['with an unknown provider', { provider: 'Static' }],
    ['with the provider of an object\'s inheritance', { provider: 'constructor' }], ['with an unknown field', { all: true }], ['with an id that is a number', { leaseId: 1 }],
  ])('%s', async (_, more) => {
    const { askAs, records } = egressWorld();
    expect(await askAs('operator', 'revoke', { ...BODY, ...more }, OF_RUN)).toMatchObject({ status: 400, body: { code: 'BadRequest' } });
    expect(records).toEqual([]);
  });

  test('without a run, and with a run and a session', async () => {
    const { askAs } = egressWorld();
    const session = { namespace: 'team-a', id: SESSION.id, notAfter: SESSION.notAfter };
    expect(await askAs('operator', 'revoke', BODY)).toMatchObject({ status: 400 });
    expect(await askAs('operator', 'revoke', { session }, OF_RUN)).toMatchObject({ status: 400 });
    expect(await askAs('operator', 'revoke', { session: { ...session, id: '' } })).toMatchObject({ status: 400 });
    expect(await askAs('operator', 'revoke', { session: { ...session, notAfter: '2026-02-31T25:00:00Z' } })).toMatchObject({ status: 400 });
  });

  test.each(['2026-05-04T09:00:00Z', '2026-05-04T08:59:59Z', '1970-01-01T00:00:00Z'])('for a session until %s, which is not in the future: it would revoke nothing', async (notAfter) => {
    const { askAs, records } = egressWorld();
    const answer = await askAs('operator', 'revoke', { session: { namespace: 'team-a', id: SESSION.id, notAfter } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'BadRequest', message: expect.stringContaining('session.notAfter must be in the future') } });
    expect(answer.body.message).toContain(notAfter);
    expect(records).toEqual([]);
  });

  test('with the reason of whoever keeps revocations', async () => {
    const revokeLeases = async () => { throw refuse('BadRequest', 'namespace team-a is not one whose runs this broker serves'); };
    const { askAs, records } = egressWorld(undefined, { revocations: { ...new MemoryRevocations(() => 0), revokeLeases } as never });
    expect(await askAs('operator', 'revoke', BODY, OF_RUN)).toMatchObject({ status: 400, body: { code: 'BadRequest', message: expect.stringContaining('namespace team-a') } });
    expect(records).toEqual([expect.objectContaining({ decision: 'denied', kind: 'credential-denied' })]);
  });

  test('when it cannot be kept: the lease counts as revoked here, and the client is to ask again', async () => {
    const memory = new MemoryRevocations(() => Date.parse('2026-05-04T09:00:00Z'));
    const revocations = {
      leasesOf: memory.leasesOf.bind(memory),
      isSessionRevoked: memory.isSessionRevoked.bind(memory),
      revokeLeases: async (...args: Parameters<typeof memory.revokeLeases>) => {
        await memory.revokeLeases(...args);
        throw new Error('planted: the disk is full');
      },
      revokeSession: async () => Promise.reject(new Error('planted: the disk is full')),
    };
    const { ask, askAs, value, revoke, records } = await leased({ revocations });
    const answer = await revoke();
    expect(answer).toMatchObject({ status: 500, body: { code: 'ProviderFailure', message: expect.stringContaining('revoke failed') } });
    expect(answer.body.message).not.toContain('planted');
    expect(records).toEqual([expect.objectContaining({ decision: 'denied', kind: 'credential-denied', reason: expect.stringContaining('revoke failed') })]);
    expect((await ask('substitute-auth', { ...GITHUB, incomingXApiKey: value })).body.code).toBe('PolicyRevoked');
    const session = { namespace: 'team-a', id: SESSION.id, notAfter: SESSION.notAfter };
    expect(await askAs('controller', 'revoke', { session })).toMatchObject({ status: 500, body: { code: 'ProviderFailure' } });
  });

  test('when it cannot be recorded, and it counts all the same', async () => {
    const { ask, revoke, value, world } = await leased();
    world.auditFails = true;
    expect(await revoke()).toMatchObject({ status: 503, body: { code: 'AuditUnavailable' } });
    world.auditFails = false;
    expect((await ask('substitute-auth', { ...GITHUB, incomingXApiKey: value })).body.code).toBe('PolicyRevoked');
  });
});
