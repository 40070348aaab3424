import { LeftOutObjects } from '../../../../../sidecar/src/broker/catalog/kubernetes/left-out-objects';
import type { KubeObject } from '../../../../../sidecar/src/kube/client';

function world() {
  const told: string[] = [];
  const objects = new LeftOutObjects<string>({
    replaced: (items) => told.push(`all ${[...items.keys()].join()}`),
    changed: (key, value) => told.push(`${key} ${value}`),
  }, ({ metadata: { name } }) => (name.startsWith('bad') ? undefined : name));
  const object = (name: string) => ({ metadata: { name } }) as KubeObject;
  /** As a watch does with a list, and with an event. */
  const list = (...names: string[]) => objects.replaced(new Map(names.flatMap((name) => {
    const kept = objects.keep(object(name));
    return kept === undefined ? [] : [[name, kept]];
  })));
  const put = (name: string, as = name) => objects.changed(name, objects.keep({ ...object(as), metadata: { name } } as KubeObject));
  return { objects, told, list, put, object };
}

test('those of a list are counted, and the next list counts anew', () => {
  const { objects, told, list } = world();
  list('a', 'bad-1', 'bad-2');
  expect(objects.size).toBe(2);
  list('a', 'bad-2');
  expect(objects.size).toBe(1);
  expect(told).toEqual(['all a', 'all a']);
});

test('one that changes is counted once, and not any more when it is gone', () => {
  const { objects, told, put } = world();
  put('bad-1');
  put('bad-1');
  put('a');
  expect(objects.size).toBe(1);
  objects.changed('a', undefined);
  objects.changed('bad-1', undefined);
  expect(objects.size).toBe(0);
  expect(told).toEqual(['bad-1 undefined', 'bad-1 undefined', 'a a', 'a undefined', 'bad-1 undefined']);
});

test('one that is mended is not left out any more', () => {
  const { objects, put } = world();
  put('bad-1');
  objects.changed('bad-1', 'mended');
  expect(objects.size).toBe(0);
});

test('of a list that was cut nothing is counted', () => {
  const { objects, list, object } = world();
  objects.keep(object('bad-1'));
  objects.interrupted();
  list('a');
  expect(objects.size).toBe(0);
});
