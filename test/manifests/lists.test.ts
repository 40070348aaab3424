import { changed, unpacked } from '../../src/manifests/lists';

const pod = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name } });

test('an object that is no list is alone', () => {
  expect(unpacked(pod('a'))).toEqual([pod('a')]);
});

test('lists within lists are unpacked', () => {
  const inner = { apiVersion: 'v1', kind: 'List', items: [pod('b')] };
  expect(unpacked({ apiVersion: 'v1', kind: 'List', items: [pod('a'), inner] })).toEqual([pod('a'), pod('b')]);
});

test('items without type have that of the list', () => {
  const { metadata } = pod('a');
  expect(unpacked({ apiVersion: 'v1', kind: 'PodList', items: [{ metadata }] })).toEqual([pod('a')]);
});

test('whatever has items is a list, whatever its kind is called', () => {
  expect(unpacked({ apiVersion: 'v1', kind: 'ConfigMap', items: [pod('a')] })).toEqual([pod('a')]);
});

test.each([null, undefined, 'text', 7, ['x']])('an item that is %j is none', (item) => {
  expect(unpacked({ apiVersion: 'v1', kind: 'List', items: [item] })).toEqual([]);
});

test.each([null, undefined, 'text', 7])('%j is no list', (object) => {
  expect(unpacked(object)).toEqual([object]);
});

test('a change reaches every object of a list, with its type, and nothing else', () => {
  const { metadata } = pod('a');
  const seen = changed({ apiVersion: 'v1', kind: 'PodList', items: [{ metadata }, null] }, (one) => ({ ...one, spec: one.kind }));
  expect(seen).toEqual({ apiVersion: 'v1', kind: 'PodList', items: [{ ...pod('a'), spec: 'Pod' }, null] });
});
