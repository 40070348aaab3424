import { callerNamed } from '../build-broker';
import { egressWorld, OF_RUN, SESSION } from '../egress-world';

const ISSUE = { name: 'GITHUB_TOKEN' };

describe('a deputy of sessions', () => {
  test('takes no credential of a run with its name alone', async () => {
    const { askAs, records } = egressWorld();
    expect(await askAs('controller', 'issue', ISSUE, OF_RUN)).toMatchObject({ status: 403, body: { code: 'Forbidden', message: expect.stringContaining('needs an egressToken') } });
    expect(records).toEqual([]);
  });

  test('takes none with a token of the run either, and that is recorded', async () => {
    const { askAs, runToken, records } = egressWorld();
    const egressToken = await runToken();
    for (const headers of [{}, OF_RUN]) {
      expect(await askAs('controller', 'issue', { ...ISSUE, egressToken }, headers)).toMatchObject({ status: 403, body: { code: 'Forbidden', message: 'the caller may not use issue for runs' } });
    }
    expect(records.at(-1)).toMatchObject({ decision: 'denied', kind: 'credential-denied', run: 'r1', caller: 'platform/controller' });
  });

  test('is given no token of a run', async () => {
    const { askAs } = egressWorld();
    expect(await askAs('controller', 'issue-egress', {}, OF_RUN)).toMatchObject({ status: 403, body: { code: 'Forbidden', message: 'the caller may not act for this run' } });
  });

  test('takes the credentials of a session with its token, named in the headers or not', async () => {
    const { askAs, sessionToken } = egressWorld();
    const egressToken = await sessionToken();
    for (const headers of [{}, { 'x-paddock-run': SESSION.id, 'x-paddock-run-namespace': SESSION.namespace }]) {
      expect((await askAs('controller', 'issue', { ...ISSUE, egressToken }, headers)).status).toBe(200);
    }
  });
});

describe('a deputy of runs', () => {
  test('takes the credentials of a run with its name, or with its token', async () => {
    const { askAs, runToken } = egressWorld();
    expect((await askAs('operator', 'issue', ISSUE, OF_RUN)).status).toBe(200);
    expect((await askAs('operator', 'issue', { ...ISSUE, egressToken: await runToken() })).status).toBe(200);
  });

  test('takes none of a session, whatever it names', async () => {
    const { askAs, sessionToken } = egressWorld();
    const egressToken = await sessionToken();
    for (const headers of [{}, { 'x-paddock-run': SESSION.id, 'x-paddock-run-namespace': SESSION.namespace }]) {
      expect(await askAs('operator', 'issue', { ...ISSUE, egressToken }, headers)).toMatchObject({ status: 403, body: { message: 'the caller may not use issue for sessions' } });
    }
  });

  test('is given no token of a session', async () => {
    const { askAs, records } = egressWorld();
    expect(await askAs('operator', 'issue-egress', { session: SESSION })).toMatchObject({ status: 403, body: { code: 'Forbidden', message: 'the caller may not use issue-egress for sessions' } });
    expect(records).toEqual([]);
  });
});

test('a deputy of both does both, and one of none neither', async () => {
  const { askAs, world } = egressWorld();
  const statuses = async () => [
    (await askAs('nobody', 'issue-egress', { session: SESSION })).status,
    (await askAs('nobody', 'issue-egress', {}, OF_RUN)).status,
    (await askAs('nobody', 'issue', ISSUE, OF_RUN)).status,
  ];
  const [token] = [...world.callers].find(([, { serviceAccount }]) => serviceAccount === 'default')!;
  const deputy = callerNamed('platform', 'both', ['issue', 'issue-egress']);
  world.callers.set(token, { ...deputy, subjects: new Set(['runs', 'sessions']) });
  expect(await statuses()).toEqual([200, 200, 200]);
  world.callers.set(token, { ...deputy, subjects: new Set() });
  expect(await statuses()).toEqual([403, 403, 403]);
});

test('the run itself is asked for no leave, with its own token or without', async () => {
  const { ask, runToken } = egressWorld();
  expect((await ask('issue', { ...ISSUE, egressToken: await runToken() })).status).toBe(200);
});
