import { memoryKeyring } from '../../../../sidecar/src/crypto/keyring';
import { open } from '../../../../sidecar/src/crypto/sealed-token';
import { harnessRun } from '../documents';
import { egressWorld, GITHUB, OF_RUN, REST, RUN, SESSION, UPSTREAM } from '../egress-world';

const NOW = Date.parse('2026-05-04T09:00:00Z');
const DAY = 24 * 3600_000;

describe('for a run', () => {
  test('a token says namespace, name and UID of the run, and is on record', async () => {
    const keyring = memoryKeyring(() => NOW);
    const { askAs, records } = egressWorld([harnessRun({ uid: 'uid-1' }, { phase: 'Running' }), ...REST], { keyring });
    const { status, body } = await askAs('operator', 'issue-egress', {}, OF_RUN);
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['value', 'expiresAt']);
    expect(open(keyring, body.value)).toEqual({ kind: 'egress', claims: { v: 1, namespace: 'team-a', run: 'r1', runUid: 'uid-1', notAfter: NOW + 30 * DAY } });
    expect(records).toEqual([{
      decision: 'granted', kind: 'credential-issued', namespace: 'team-a', run: 'r1', caller: 'platform/operator', credential: { name: '(egress-token)' }, reason: 'issued an egress token',
    }]);
  });

  test.each<[string, readonly object[], number, string]>([
    ['that is not there', REST, 404, 'RunNotFound'],
    ['that is over', [harnessRun({}, { phase: 'Cancelled' }), ...REST], 403, 'RunTerminated'],
  ])('%s it is refused, and that is recorded', async (_, documents, status, code) => {
    const { askAs, records } = egressWorld(documents);
    expect(await askAs('operator', 'issue-egress', {}, OF_RUN)).toMatchObject({ status, body: { code } });
    expect(records).toEqual([expect.objectContaining({ decision: 'denied', kind: 'credential-denied', reason: expect.stringContaining(code) })]);
  });

  test('it is refused to the run itself, which could show it from anywhere', async () => {
    const { ask } = egressWorld();
    expect(await ask('issue-egress', {})).toMatchObject({ status: 403, body: { code: 'Forbidden', message: 'capability issue-egress is needed' } });
  });

  test('without audit there is none', async () => {
    const { askAs, world, output } = egressWorld();
    world.auditFails = true;
    expect(await askAs('operator', 'issue-egress', {}, OF_RUN)).toMatchObject({ status: 503, body: { code: 'AuditUnavailable' } });
    expect(output.join()).not.toContain('pdk-egress');
  });

  test('without end it is limited', async () => {
    const { askAs } = egressWorld(undefined, { limits: { issueEgress: { perSecond: 0.001, burst: 1 } } });
    const statuses: number[] = [];
    const ask = async (who: 'operator' | 'controller', body: object, headers = {}) => statuses.push((await askAs(who, 'issue-egress', body, headers)).status);
    for (let i = 0; i < 2; i += 1) await ask('operator', {}, OF_RUN);
    for (let i = 0; i < 2; i += 1) await ask('controller', { session: SESSION });
    expect(statuses).toEqual([200, 429, 200, 429]);
  });
});

describe('for a session', () => {
  const proof = { clientAddress: '10.0.0.9' };

  test('a token says what no catalog knows, and ends with the session', async () => {
    const keyring = memoryKeyring(() => NOW);
    const { askAs, records } = egressWorld(undefined, { keyring });
    const { body } = await askAs('controller', 'issue-egress', { session: SESSION });
    expect(body.expiresAt).toBe('2026-05-04T12:00:00Z');
    expect(open(keyring, body.value)).toEqual({
      kind: 'egress',
      claims: {
        v: 1,
        namespace: 'team-a',
        run: SESSION.id,
        runUid: `session coders ${SESSION.id} pod-9`,
        session: { podIps: ['10.0.0.9'], template: 'coder' },
        notAfter: Date.parse(SESSION.notAfter),
      },
    });
    expect(records).toEqual([expect.objectContaining({ namespace: 'team-a', run: SESSION.id, caller: 'platform/controller' })]);
  });

  test('never lives longer than anything may', async () => {
    const { askAs } = egressWorld();
    expect((await askAs('controller', 'issue-egress', { session: { ...SESSION, notAfter: '2099-01-01T00:00:00Z' } })).body.expiresAt).toBe('2026-06-03T09:00:00Z');
  });

  test('the policies of its template apply, without a run, also when no run has that template', async () => {
    const { askAs, sessionToken } = egressWorld(REST);
    const shown = { ...GITHUB, ...proof, egressToken: await sessionToken() };
    expect((await askAs('egress', 'validate-egress', shown)).body).toMatchObject({ allowed: true, matchedPolicy: 'p1' });
    expect((await askAs('egress', 'validate-egress', { ...shown, host: 'evil.example' })).body.allowed).toBe(false);
  });

  test('the controller gets it a credential by its token, and the egress proxy exchanges that for the session only', async () => {
    const { askAs, sessionToken, records } = egressWorld();
    const egressToken = await sessionToken();
    const lease = await askAs('controller', 'issue', { name: 'GITHUB_TOKEN', egressToken });
    expect(lease).toMatchObject({ status: 200, body: { deliveryMode: 'ProxyInjected', expiresAt: SESSION.notAfter } });
    const shown = { ...GITHUB, ...proof, incomingAuthorization: `Bearer ${lease.body.value}` };
    expect((await askAs('egress', 'substitute-auth', { ...shown, egressToken })).body.setHeaders).toEqual({ Authorization: `Bearer ${UPSTREAM}` });
    expect((await askAs('egress', 'substitute-auth', { ...shown, egressToken: lease.body.value })).status).toBe(200);
    expect(records.map(({ run }) => run)).toEqual([SESSION.id, SESSION.id, SESSION.id, SESSION.id]);
    const other = await sessionToken({ ...SESSION, id: 'other' });
    expect(await askAs('egress', 'substitute-auth', { ...shown, egressToken: other })).toMatchObject({ status: 403, body: { code: 'SubstituteFailed' } });
  });

  test('a run with the id of a session as its name gets nothing by its token, nor the session by the name', async () => {
    const namesake = harnessRun({ name: SESSION.id }, { phase: 'Running' });
    const { askAs, sessionToken } = egressWorld([namesake, ...REST]);
    const run = { 'x-paddock-run': SESSION.id, 'x-paddock-run-namespace': 'team-a' };
    const bearer = (await askAs('operator', 'issue', { name: 'GITHUB_TOKEN' }, run)).body.value;
    const shown = { ...GITHUB, ...proof, egressToken: await sessionToken(), incomingAuthorization: `Bearer ${bearer}` };
    expect(await askAs('egress', 'substitute-auth', shown)).toMatchObject({ status: 403, body: { code: 'SubstituteFailed' } });
  });

  test('without a template nothing is granted', async () => {
    const { askAs, sessionToken } = egressWorld();
    const egressToken = await sessionToken({ ...SESSION, template: undefined });
    expect((await askAs('egress', 'validate-egress', { ...GITHUB, ...proof, egressToken })).body.allowed).toBe(false);
    expect(await askAs('controller', 'issue', { name: 'GITHUB_TOKEN', egressToken })).toMatchObject({ status: 404, body: { code: 'CredentialNotFound' } });
  });

  test('what it was given is good for all of its time, as nobody renews it', async () => {
    const { askAs, sessionToken, world } = egressWorld();
    const egressToken = await sessionToken();
    const { value } = (await askAs('controller', 'issue', { name: 'GITHUB_TOKEN', egressToken })).body;
    world.now = Date.parse(SESSION.notAfter) - 1000;
    const shown = { ...GITHUB, ...proof, egressToken, incomingAuthorization: `Bearer ${value}` };
    expect(await askAs('egress', 'substitute-auth', shown)).toMatchObject({ status: 200, body: { setHeaders: { Authorization: `Bearer ${UPSTREAM}` } } });
  });

  test('it ends with its time, and so does what it was given', async () => {
    const { askAs, sessionToken, world } = egressWorld();
    const egressToken = await sessionToken({ ...SESSION, notAfter: '2026-05-04T09:10:00Z' });
    const lease = (await askAs('controller', 'issue', { name: 'GITHUB_TOKEN', egressToken })).body;
    expect(lease.expiresAt).toBe('2026-05-04T09:10:00Z');
    world.now = Date.parse('2026-05-04T09:10:00Z');
    const answers = [egressToken, lease.value].map((token) => askAs('egress', 'validate-egress', { ...GITHUB, ...proof, egressToken: token }));
    for (const { status, body } of await Promise.all(answers)) expect({ status, message: body.message }).toEqual({ status: 403, message: 'the egress token has expired' });
  });

  test('once it is revoked it gets nothing, at once, though its tokens are whole', async () => {
    const { askAs, sessionToken } = egressWorld();
    const egressToken = await sessionToken();
    const revoked = { session: { namespace: 'team-a', id: SESSION.id, notAfter: SESSION.notAfter } };
    expect((await askAs('controller', 'revoke', revoked)).status).toBe(204);
    expect((await askAs('egress', 'validate-egress', { ...GITHUB, ...proof, egressToken })).body).toMatchObject({ allowed: false, reason: 'the run is over' });
    expect((await askAs('controller', 'issue', { name: 'GITHUB_TOKEN', egressToken })).body.code).toBe('RunTerminated');
    expect((await askAs('controller', 'issue-egress', { session: SESSION })).body).toMatchObject({ code: 'RunTerminated', message: 'the session is revoked' });
  });

  test('an operator renews nothing of it', async () => {
    const { askAs } = egressWorld();
    expect(await askAs('operator', 'renew', { names: ['GITHUB_TOKEN'] }, { ...OF_RUN, 'x-paddock-run': SESSION.id })).toMatchObject({ status: 404, body: { code: 'RunNotFound' } });
    expect(await askAs('operator', 'renew', { names: ['GITHUB_TOKEN'] })).toMatchObject({ status: 400, body: { code: 'BadRequest' } });
  });

  test.each<[string, object]>([
    ['no session and no run', {}],
    ['an unknown field', { session: { ...SESSION, admin: true } }],
    ['no pod UID', { session: { ...SESSION, podUID: undefined } }],
    ['a pod UID with a blank', { session: { ...SESSION, podUID: 'a b' } }],
    ['no address', { session: { ...SESSION, podIPs: [] } }],
    ['an id in capitals', { session: { ...SESSION, id: 'S1' } }],
    ['an id with a slash', { session: { ...SESSION, id: 'a/b' } }],
    ['a namespace with a dot', { session: { ...SESSION, namespace: 'a.b' } }],
    ['an end that is no time', { session: { ...SESSION, notAfter: 'tomorrow' } }],
    ['an end that no calendar has', { session: { ...SESSION, notAfter: '2026-13-40T00:00:00Z' } }],
    ['a template that is empty', { session: { ...SESSION, template: '' } }],
  ])('it is 400 with %s', async (_, body) => {
    const { askAs, records } = egressWorld();
    expect(await askAs('controller', 'issue-egress', body)).toMatchObject({ status: 400, body: { code: 'BadRequest' } });
    expect(records).toEqual([]);
  });

  test('it is 400 with a run in the headers as well, and 403 past its end', async () => {
    const { askAs } = egressWorld();
    expect(await askAs('operator', 'issue-egress', { session: SESSION }, OF_RUN)).toMatchObject({ status: 400 });
    expect(await askAs('controller', 'issue-egress', { session: { ...SESSION, notAfter: '2026-05-04T09:00:00Z' } })).toMatchObject({ status: 403, body: { code: 'RunTerminated' } });
  });
});

test('the list of what is revoked is asked, wherever it is kept', async () => {
  const { askAs, sessionToken } = egressWorld([RUN, ...REST], { revocations: { ...NOTHING_REVOKED, isSessionRevoked: (id) => id === SESSION.id } });
  expect((await askAs('controller', 'issue-egress', { session: { ...SESSION, id: 'other' } })).status).toBe(200);
  expect(await sessionToken()).toBe('undefined');
});

const NOTHING_REVOKED = { revokeLeases: async () => {}, revokeSession: async () => {}, leasesOf: () => [], isSessionRevoked: () => false };
