import { ownedConfigMap } from '../../../sidecar/src/kube/owned-config-map';
import { PublishedConfigMap } from '../../../sidecar/src/kube/published-config-map';
import { KubeObjects, unavailable } from '../controller/keys/kube-objects';
import { capturedLog } from '../server/frame';

const NAMES = ['team-a', 'team-b'];

function world() {
  const kube = new KubeObjects();
  for (const namespace of NAMES) kube.add('configmaps', namespace, 'facts', { theirs: 'x' });
  const wanted = { entries: new Map([['one', '1'], ['two', '2']]) };
  const captured = capturedLog();
  const facts = new PublishedConfigMap({
    name: 'facts',
    objectOf: (namespace) => ownedConfigMap(kube, namespace, 'facts', 'egress'),
    entries: async () => wanted.entries,
    namespaces: () => NAMES,
    says: { published: 'told', failed: 'not told' },
    log: captured.log,
  });
  const published = (namespace: string) => Object.fromEntries(kube.entries('configmaps', namespace, 'facts'));
  return { kube, wanted, captured, facts, published };
}

test('all entries are written at once, beside those of others', async () => {
  const { facts, kube, published, captured } = world();
  await facts.publish();
  expect(NAMES.map(published)).toEqual([{ theirs: 'x', one: '1', two: '2' }, { theirs: 'x', one: '1', two: '2' }]);
  expect(kube.writes).toHaveLength(2);
  expect(captured.lines()).toMatchObject(NAMES.map((namespace) => ({ namespace, object: 'facts', msg: 'told' })));
});

test('one entry that is missing or differs is enough for a write, and none is needed otherwise', async () => {
  const { facts, kube, wanted, published } = world();
  await facts.publish();
  await facts.publish();
  expect(kube.writes).toHaveLength(2);
  wanted.entries = new Map([['one', '1'], ['two', 'other']]);
  kube.add('configmaps', 'team-b', 'facts', { theirs: 'x', two: 'other' });
  await facts.publish();
  expect(NAMES.map(published)).toEqual([{ theirs: 'x', one: '1', two: 'other' }, { theirs: 'x', one: '1', two: 'other' }]);
});

test('a round tells what was there when it was read, and which namespace could not be read', async () => {
  const { facts, kube } = world();
  kube.fault = (_, where) => where.includes('team-b') ? unavailable() : undefined;
  const round = await facts.publish();
  expect([...round.get('team-a')!.keys(), round.has('team-b'), round.get('team-b')]).toEqual(['theirs', true, undefined]);
});

test('entries that cannot be known leave all as it is, and are told with the words of their failure', async () => {
  const { facts, kube, captured, wanted } = world();
  Object.defineProperty(wanted, 'entries', { get: () => { throw new Error('no Service'); } });
  await facts.publish();
  expect(kube.writes).toEqual([]);
  expect(captured.lines()).toMatchObject(NAMES.map((namespace) => ({ namespace, level: 'error', problem: 'no Service', msg: 'not told' })));
});
