import { fieldsOf } from '../../../../sidecar/src/server/text/fields';

test('a JSON object is its fields', () => {
  expect(fieldsOf(' {"a":1,"b":null} ')).toEqual({ a: 1, b: null });
});

test.each(['', 'null', '1', '"text"', '[{"a":1}]', '{"a":1', '{"a":1} x', '<html>'])('%j is none', (text) => {
  expect(fieldsOf(text)).toBeUndefined();
});
