import type { BrokerDeps } from '../../../../sidecar/src/broker/broker-deps';
import { snapshotOf } from '../../../../sidecar/src/broker/catalog/directory/directory-snapshot';
import { checkedObject } from '../../../../sidecar/src/broker/catalog/object-check';
import { RUN_UID_HEADER } from '../../../../src/protocol/broker-api';
import { RUN_TOKEN } from '../build-broker';
import { harnessRun } from '../documents';
import { egressWorld, GITHUB, OF_RUN, POD_IP, REST } from '../egress-world';

const run = (uid: string) => harnessRun({ uid }, { phase: 'Running', podIPs: [POD_IP] });
const as = (uid: string) => ({ ...OF_RUN, [RUN_UID_HEADER]: uid });
const OF_ITS_OWN = { ...OF_RUN, authorization: `Bearer ${RUN_TOKEN}` };

/** What is told by the name of a run, and how. */
const ASKED: readonly [string, object][] = [['issue', { name: 'GITHUB_TOKEN' }], ['issue-egress', {}], ['renew', { names: ['GITHUB_TOKEN'] }]];

/** A broker whose catalog shows the second documents once it has looked again. */
function laggingWorld(first: object[], then: object[]) {
  let documents = first;
  const snapshot = () => snapshotOf(documents.map((value, at) => checkedObject({ file: 'test', place: `document ${at}`, value: JSON.parse(JSON.stringify(value)) })));
  const catalog: BrokerDeps['catalog'] = {
    snapshot,
    secret: async (namespace, name, key) => snapshot().secret(namespace, name)?.data.get(key),
    confirm: async () => { documents = then; },
    unready: () => undefined,
    close: async () => undefined,
  };
  return { ...egressWorld(first, { catalog }), show: (next: object[]) => { documents = next; } };
}

test.each(ASKED)('%s is for the run of the UID that the headers name', async (endpoint, body) => {
  const { askAs } = egressWorld([run('uid-1'), ...REST]);
  expect((await askAs('operator', endpoint, body, as('uid-1'))).status).toBe(200);
});

test.each(ASKED)('%s for a run whose name another one has by now is answered as if there were none, and recorded so', async (endpoint, body) => {
  const { askAs, records } = egressWorld([run('uid-2'), ...REST]);
  for (const uid of ['uid-1', '', 'uid-2, uid-2']) {
    expect(await askAs('operator', endpoint, body, as(uid))).toMatchObject({ status: 404, body: { code: 'RunNotFound', message: 'there is no run team-a/r1' } });
  }
  expect(records.filter(({ decision }) => decision === 'granted')).toEqual([]);
});

test.each(ASKED)('%s for a run that was made this moment in place of another one is answered after a look', async (endpoint, body) => {
  const { askAs } = laggingWorld([run('uid-1'), ...REST], [run('uid-2'), ...REST]);
  expect((await askAs('operator', endpoint, body, as('uid-2'))).status).toBe(200);
});

test('a lease is revoked whatever the UID: its id is that of no other run', async () => {
  const { askAs, ask, world } = egressWorld([run('uid-1'), ...REST]);
  const { leaseId, provider, value } = (await askAs('operator', 'issue', { name: 'GITHUB_TOKEN' }, as('uid-1'))).body;
  world.documents = [run('uid-2'), ...REST];
  const other = (await askAs('operator', 'issue', { name: 'GITHUB_TOKEN' }, as('uid-2'))).body;
  for (const _ of ['once', 'again']) expect((await askAs('operator', 'revoke', { leaseId, provider }, as('uid-1'))).status).toBe(204);
  const swap = (bearer: string) => ask('substitute-auth', { ...GITHUB, incomingAuthorization: `Bearer ${bearer}` }, OF_ITS_OWN);
  expect((await swap(other.value)).status).toBe(200);
  world.documents = [run('uid-1'), ...REST];
  expect(await swap(value)).toMatchObject({ status: 403, body: { code: 'PolicyRevoked' } });
});

describe('a token of a run', () => {
  test('is not for the run of a UID that it was not given to', async () => {
    const broker = egressWorld([run('uid-1'), ...REST]);
    const egressToken = await broker.runToken();
    const validate = (uid: string) => broker.askAs('egress', 'validate-egress', { ...GITHUB, egressToken, clientAddress: POD_IP }, as(uid));
    expect((await validate('uid-1')).status).toBe(200);
    expect(await validate('uid-2')).toMatchObject({ status: 403, body: { code: 'Forbidden', message: 'the headers name another run than the egress token' } });
  });

  test.each<[string, object, unknown]>([
    ['validate-egress', GITHUB, { status: 200, body: { allowed: false } }],
    ['issue', { name: 'GITHUB_TOKEN' }, { status: 404, body: { code: 'RunNotFound' } }],
  ])('says nothing to %s for a later run of its name that a second look finds', async (endpoint, body, refused) => {
    const broker = laggingWorld([run('uid-1'), ...REST], [run('uid-2'), ...REST]);
    const egressToken = await broker.runToken();
    broker.show(REST);
    const who = endpoint === 'issue' ? 'operator' : 'egress';
    expect(await broker.askAs(who, endpoint, { ...body, egressToken, ...(who === 'egress' && { clientAddress: POD_IP }) })).toMatchObject(refused as object);
  });
});
