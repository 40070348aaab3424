import { KubeError } from '../../../sidecar/src/kube/kube-error';
import { leaderClient, NotLeading } from '../../../sidecar/src/operator/leader-client';
import type { OperatorDeps } from '../../../sidecar/src/operator/operator-deps';

type Client = OperatorDeps['client'];

const PODS = { group: '', version: 'v1', plural: 'pods', namespace: 'team-a' };
const OBJECT = { metadata: { name: 'p' } };

const CALLS: readonly (readonly [keyof Client, (client: Client) => Promise<unknown>, readonly unknown[]])[] = [
  ['get', (client) => client.get(PODS, 'p'), [PODS, 'p']],
  ['list', (client) => client.list(PODS, { limit: 1 }), [PODS, { limit: 1 }]],
  ['apply', (client) => client.apply(PODS, OBJECT, { fieldManager: 'm' }), [PODS, OBJECT, { fieldManager: 'm' }]],
  ['create', (client) => client.create(PODS, OBJECT, { repeatable: true }), [PODS, OBJECT, { repeatable: true }]],
  ['jsonPatch', (client) => client.jsonPatch(PODS, 'p', []), [PODS, 'p', []]],
  ['replace', (client) => client.replace(PODS, OBJECT, { fieldManager: 'm' }), [PODS, OBJECT, { fieldManager: 'm' }]],
  ['delete', (client) => client.delete(PODS, 'p', { uid: 'u' }), [PODS, 'p', { uid: 'u' }]],
];

function replica(leads: () => boolean, answer: () => Promise<unknown> = () => Promise.resolve(OBJECT)) {
  const given: unknown[][] = [];
  const call = (verb: string) => (...all: unknown[]) => {
    given.push([verb, ...all]);
    return answer();
  };
  const client = Object.fromEntries(CALLS.map(([verb]) => [verb, call(verb)])) as unknown as Client;
  return { given, client: leaderClient(client, leads) };
}

test.each(CALLS)('%s is refused without a request once the replica leads no more', async (_, call) => {
  const { given, client } = replica(() => false);
  await expect(call(client)).rejects.toBeInstanceOf(NotLeading);
  expect(given).toEqual([]);
});

test.each(CALLS)('%s is passed on as it is while the replica leads', async (verb, call, all) => {
  const { given, client } = replica(() => true);
  expect(await call(client)).toBe(OBJECT);
  expect(given).toEqual([[verb, ...all]]);
});

test('no call is left out', () => {
  expect(Object.keys(replica(() => true).client).sort()).toEqual(CALLS.map(([verb]) => verb).sort());
});

test('whether it leads is asked for anew before each call', async () => {
  let leads = true;
  const { given, client } = replica(() => leads);
  await client.get(PODS, 'p');
  leads = false;
  await expect(client.get(PODS, 'p')).rejects.toThrow('another replica may lead by now');
  leads = true;
  await client.get(PODS, 'p');
  expect(given).toHaveLength(2);
});

test('the failure of a call is that of the API server', async () => {
  const failure = new KubeError('Conflict', 'no');
  await expect(replica(() => true, () => Promise.reject(failure)).client.get(PODS, 'p')).rejects.toBe(failure);
});
