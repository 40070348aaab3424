import { KubeError } from '../../../sidecar/src/kube/kube-error';
import { countedClient } from '../../../sidecar/src/operator/counted-client';
import type { OperatorDeps } from '../../../sidecar/src/operator/operator-deps';

const PODS = { group: '', version: 'v1', plural: 'pods', namespace: 'team-a' };
const OBJECT = { metadata: { name: 'p' } };

function counted(answer: () => Promise<unknown>) {
  const seen: string[] = [];
  const given: unknown[][] = [];
  const call = (...all: unknown[]) => {
    given.push(all);
    return answer();
  };
  const client = { get: call, list: call, create: call, apply: call, replace: call, delete: call } as unknown as OperatorDeps['client'];
  return { seen, given, client: countedClient(client, { called: (...all) => void seen.push(all.join(' ')) }) };
}

test('every call is counted by verb, resource and code, and passed on as it is', async () => {
  const { seen, given, client } = counted(() => Promise.resolve(OBJECT));
  expect(await client.get(PODS, 'p')).toBe(OBJECT);
  await client.list(PODS, { limit: 1 });
  await client.create(PODS, OBJECT);
  await client.apply(PODS, OBJECT, { fieldManager: 'm' });
  await client.replace(PODS, { metadata: { name: 'p' } });
  await client.delete(PODS, 'p', { uid: 'u' });
  expect(seen).toEqual(['get', 'list', 'create', 'apply', 'update', 'delete'].map((verb) => `${verb} pods ok`));
  expect(given[3]).toEqual([PODS, OBJECT, { fieldManager: 'm' }]);
});

test.each([[new KubeError('Conflict', 'no'), 'Conflict'], [new Error('leads no more'), 'Unavailable']])('a failure is counted and passed on: %s', async (failure, code) => {
  const { seen, client } = counted(() => Promise.reject(failure));
  await expect(client.create(PODS, OBJECT)).rejects.toBe(failure);
  expect(seen).toEqual([`create pods ${code}`]);
});
