import { snapshotOf } from '../../../../sidecar/src/broker/catalog/directory/directory-snapshot';
import { checkedObject } from '../../../../sidecar/src/broker/catalog/object-check';
import { egressWorld, GITHUB, OF_RUN, REST, RUN, SESSION } from '../egress-world';

const view = (documents: readonly object[]) =>
  snapshotOf(documents.map((value, index) => checkedObject({ file: 'test', place: `document ${index + 1}`, value: JSON.parse(JSON.stringify(value)) })));

/** A broker whose snapshot lags behind until somebody looks. */
function lagging(before: readonly object[], after: readonly object[]) {
  let snapshot = view(before);
  const confirm = jest.fn(async () => { snapshot = view(after); });
  const catalog = {
    snapshot: () => snapshot,
    secret: async (namespace: string, name: string, key: string) => snapshot.secret(namespace, name)?.data.get(key),
    unready: () => undefined,
    close: async () => {},
    confirm,
  };
  return { confirm, ...egressWorld([], { catalog }) };
}

const WITHOUT_POLICY = [RUN, REST[0], REST[2]];

describe('a refusal that rests on what is not there yet is decided once more', () => {
  test.each<[string, readonly object[]]>([['the run', REST], ['the template', [RUN, ...REST.slice(1)]], ['the policy', WITHOUT_POLICY]])('%s', async (_, before) => {
    const { ask, confirm, records } = lagging(before, [RUN, ...REST]);
    expect((await ask('issue', { name: 'GITHUB_TOKEN' })).status).toBe(200);
    expect(confirm).toHaveBeenCalledTimes(1);
    expect(records.map(({ decision }) => decision)).toEqual(['granted']);
  });

  test('for egress, where a refusal is an answer, and nothing of the first decision is recorded', async () => {
    const { ask, records } = lagging(WITHOUT_POLICY, [RUN, ...REST]);
    expect((await ask('validate-egress', GITHUB)).body.allowed).toBe(true);
    expect(records).toEqual([expect.objectContaining({ decision: 'granted', kind: 'egress-allow' })]);
    expect(records[0].reason).toBeUndefined();
  });

  test('for renewals, for egress tokens and for exchanges', async () => {
    expect((await lagging(REST, [RUN, ...REST]).askAs('operator', 'issue-egress', {}, OF_RUN)).status).toBe(200);
    expect((await lagging(REST, [RUN, ...REST]).ask('renew', { names: ['GITHUB_TOKEN'] })).status).toBe(200);
    const { ask } = lagging(REST, [RUN, ...REST]);
    expect((await ask('substitute-auth', { ...GITHUB, method: 'GET', headers: {} })).status).toBe(200);
  });
});

test('a refusal that stands is told and recorded once', async () => {
  const { ask, confirm, records } = lagging(REST, REST);
  expect(await ask('issue', { name: 'GITHUB_TOKEN' })).toMatchObject({ status: 404, body: { code: 'RunNotFound' } });
  expect(confirm).toHaveBeenCalledTimes(1);
  expect(records).toHaveLength(1);
});

test('what is granted is not looked at again, and neither is what strangers ask', async () => {
  const { ask, askAs, confirm } = lagging([RUN, ...REST], [RUN, ...REST]);
  expect((await ask('issue', { name: 'GITHUB_TOKEN' })).status).toBe(200);
  await askAs('nobody', 'issue', { name: 'GITHUB_TOKEN' }, { 'x-paddock-run': 'r1' });
  expect(confirm).not.toHaveBeenCalled();
});

test('a session is in no catalog, so there is nothing to look for', async () => {
  const { askAs, sessionToken, confirm } = lagging([RUN], [RUN, ...REST]);
  const shown = { ...GITHUB, egressToken: await sessionToken(SESSION), clientAddress: '10.0.0.9' };
  expect((await askAs('egress', 'validate-egress', shown)).body.allowed).toBe(false);
  expect(confirm).not.toHaveBeenCalled();
});
