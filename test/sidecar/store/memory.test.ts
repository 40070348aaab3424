import { recordOf } from './records';
import { MemorySessionStore } from '../../../sidecar/src/store/memory';
import { openStore } from '../../../sidecar/src/store/open-store';
import { USED_FOR } from '../../../sidecar/src/store/store';

test.each([[undefined, USED_FOR], [3 * USED_FOR, 3 * USED_FOR]])('the id of an ended session is free again after its time, and not before: %p', async (usedFor, time) => {
  let now = 0;
  const store = new MemorySessionStore(() => now);
  await store.put(recordOf('a'), 0);
  await store.remove('a', 1, usedFor);
  now = time - 1;
  await expect(store.put(recordOf('a'), 0)).rejects.toMatchObject({ code: 'Conflict' });
  now = time;
  await expect(store.put(recordOf('a'), 0)).resolves.toMatchObject({ version: 1 });
});

test('what a caller does with a record changes nothing in the store', async () => {
  const store = new MemorySessionStore(() => 0);
  const record = { ...recordOf('a'), metadata: { purpose: 'test' } };
  await store.put(record, 0);
  record.metadata.purpose = 'changed';
  const read = await store.get('a');
  (read!.record.metadata as Record<string, string>).purpose = 'changed too';
  expect((await store.get('a'))?.record.metadata).toEqual({ purpose: 'test' });
});

test('memory: is ready at once, and its sessions are of one process', async () => {
  const [one, other] = [1, 2].map(() => openStore({ kind: 'memory' }, { clock: () => 0 }));
  expect(one.problem()).toBeUndefined();
  await one.store.put(recordOf('a'), 0);
  await expect(other.store.get('a')).resolves.toBeUndefined();
  await one.close();
});
