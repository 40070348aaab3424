import { quantity } from '../../src/protocol/resources/common';
import { equal } from '../../src/protocol/schema/equal';
import { schema, Schema } from '../../src/protocol/schema/types';
import { problemsOf } from '../../src/protocol/schema/validate';

const text = schema({ type: 'string', maxLength: 3 });

function only(node: Schema): Schema {
  return { type: 'object', properties: { field: node } };
}

test.each<[string, Schema, unknown, string]>([
  ['an unknown field', only(text), { other: 1 }, 'at.other: is not a known field; allowed are field, got 1'],
  ['a field of an empty object', { type: 'object' }, { other: 1 }, 'at.other: is not a known field; no field is allowed here, got 1'],
  ['a missing field', { ...only(text), required: ['field'] } as Schema, {}, 'at.field: is required'],
  ['null where a field is needed', { ...only(text), required: ['field'] } as Schema, { field: null }, 'at.field: is required'],
  ['a list as object', only(text), [], 'at: must be an object, got []'],
  ['an object as list', { type: 'array', maxItems: 1, items: text }, {}, 'at: must be a list, got {}'],
  ['too few items', { type: 'array', minItems: 1, maxItems: 1, items: text }, [], 'at: must have at least 1 items, got []'],
  ['too many items', { type: 'array', maxItems: 1, items: text }, ['a', 'b'], 'at: must have at most 1 items, got ["a","b"]'],
  ['a bad item', { type: 'array', maxItems: 1, items: text }, [1], 'at[0]: must be a string, got 1'],
  ['null as item', { type: 'array', maxItems: 1, items: text }, [null], 'at[0]: must be a string, got null'],
  ['an item twice in a set', { 'type': 'array', 'maxItems': 2, 'x-kubernetes-list-type': 'set', 'items': text }, ['a', 'a'], 'at[1]: must not be listed twice, got "a"'],
  ['too long a text', text, 'abcd', 'at: must have at most 3 characters, got "abcd"'],
  ['too short a text', { type: 'string', minLength: 2 }, 'é', 'at: must have at least 2 characters, got "é"'],
  ['a pattern without words', { type: 'string', pattern: '^a$' }, 'b', 'at: must match ^a$, got "b"'],
  ['a value outside an enum', { type: 'string', enum: ['', 'a'] }, 'b', 'at: must be one of "", "a", got "b"'],
  ['a time without zone', { type: 'string', format: 'date-time' }, '2030-01-01T00:00:00', "at: must be a time such as '2030-01-31T12:00:00Z', got \"2030-01-01T00:00:00\""],
  ['a time that does not exist', { type: 'string', format: 'date-time' }, '2030-13-01T00:00:00Z', "at: must be a time such as '2030-01-31T12:00:00Z', got \"2030-13-01T00:00:00Z\""],
  ['a fraction', { type: 'integer', minimum: 0, maximum: 9 }, 1.5, 'at: must be a whole number from 0 to 9, got 1.5'],
  ['not a number', { type: 'integer', minimum: 0, maximum: 9 }, NaN, 'at: must be a whole number from 0 to 9, got null'],
  ['a quantity with a fraction that is no text', quantity, 1.5, 'at: must be a whole number or a string, got 1.5'],
  ['a quantity without end', quantity, Infinity, 'at: must be a whole number or a string, got null'],
  ['a quantity far below 0', quantity, JSON.parse('-9007199254740993'), 'at: must not be negative, got -9007199254740992'],
  ['an integer that is not exact', { type: 'integer', minimum: 0, maximum: Number.MAX_VALUE }, 2 ** 53, `at: must be a whole number from 0 to ${Number.MAX_VALUE}, got ${2 ** 53}`],
  ['text as truth', { type: 'boolean' }, 'true', 'at: must be true or false, got "true"'],
  ['too many keys', { type: 'object', maxProperties: 1, additionalProperties: text }, { a: 'x', b: 'y' }, 'at: must have at most 1 keys, got {"a":"x","b":"y"}'],
  ['a bad value of a map', { type: 'object', maxProperties: 1, additionalProperties: text }, { a: 1 }, 'at.a: must be a string, got 1'],
  ['a list as map', { type: 'object', maxProperties: 1, additionalProperties: text }, [], 'at: must be an object, got []'],
])('%s is refused', (_what, node, value, message) => {
  expect(problemsOf(node, value, 'at')).toEqual([message]);
});

test.each<[string, Schema, unknown]>([
  ['text of any length where there is no limit', { type: 'string' }, 'x'.repeat(9999)],
  ['an optional field that is null', only(text), { field: null }],
  ['an optional field that is undefined', only(text), { field: undefined }],
  ['equal items of a list that is no set', { type: 'array', maxItems: 2, items: text }, ['a', 'a']],
  ['a quantity as a number that is not exact here', quantity, JSON.parse('9007199254740993')],
  ['the largest quantity that is a number of 64 bits', quantity, JSON.parse('9223372036854775807')],
  ['a quantity that is written as 1e+21', quantity, 1e21],
  ['a leap day', { type: 'string', format: 'date-time' }, '2028-02-29T00:00:00Z'],
])('%s is accepted', (_what, node, value) => {
  expect(problemsOf(node, value, 'at')).toEqual([]);
});

test('an instance of a class is no object', () => {
  expect(problemsOf(only(text), new Date(0), 'at')).toEqual(['at: must be an object, got "1970-01-01T00:00:00.000Z"']);
});

test('every problem is found, not only the first', () => {
  expect(problemsOf(only(text), { field: 1, a: 1, b: 2 }, 'at')).toHaveLength(3);
});

test('a long value is cut', () => {
  const [problem] = problemsOf(text, 'x'.repeat(500), 'at');
  expect(problem).toMatch(/^at: must have at most 3 characters, got "x{79}…$/);
});

test('the password of a URL is not repeated', () => {
  expect(problemsOf(text, 'https://me:secret@host/x', 'at')).toEqual(['at: must have at most 3 characters, got "https://…@host/x"']);
});

test('fields named like members of every object are fields like others', () => {
  const fields = JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3}');
  expect(problemsOf(only(text), fields, 'at').map((problem) => problem.split(':')[0])).toEqual(['at.__proto__', 'at.constructor', 'at.toString']);
});

describe('a rule', () => {
  const ruled = (holds: (self: any, old?: any) => boolean, rule = 'self.field'): Schema => ({
    ...only(text), 'x-kubernetes-validations': [{ rule, message: 'must hold', fieldPath: '.field', holds }],
  } as Schema);

  test('that does not hold is a problem of its field', () => {
    expect(problemsOf(ruled(() => false), {}, 'at')).toEqual(['at.field: must hold, got {}']);
  });

  test('that throws is a problem', () => {
    expect(problemsOf(ruled((self) => self.field.length > 0), {}, 'at')).toEqual(['at.field: must hold, got {}']);
  });

  test('sees only what the user wrote', () => {
    expect(problemsOf(ruled((self) => self.constructor === undefined && self.toString === undefined), {}, 'at')).toEqual([]);
  });

  test('is not asked about what has the wrong structure', () => {
    const holds = jest.fn(() => true);
    expect(problemsOf(ruled(holds), { field: 1 }, 'at')).toHaveLength(1);
    expect(holds).not.toHaveBeenCalled();
  });

  test('is asked although an unknown field is there', () => {
    expect(problemsOf(ruled(() => false), { other: 1 }, 'at')).toHaveLength(2);
  });

  test('on updates is silent on creation', () => {
    expect(problemsOf(ruled(() => false, 'self == oldSelf'), {}, 'at')).toEqual([]);
  });

  test('on updates sees what was there', () => {
    const holds = (self: any, old: any) => self.field === old.field;
    expect(problemsOf(ruled(holds, 'self == oldSelf'), { field: 'b' }, 'at', { field: 'a' })).toEqual(['at.field: must hold, got {"field":"b"}']);
  });

  test('on updates finds its item of a keyed list, and none in an unkeyed one', () => {
    const items = ruled((self, old) => self.field === old.field, 'self == oldSelf');
    const keyed: Schema = {
      'type': 'array',
      'maxItems': 2,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['id'],
      'items': { ...items, properties: { id: text, field: text } } as Schema,
    };
    const [before, after] = [[{ id: '1', field: 'a' }, { id: '2', field: 'b' }], [{ id: '2', field: 'a' }, { id: '1', field: 'a' }]];
    expect(problemsOf(keyed, after, 'at', before)).toEqual(['at[0].field: must hold, got {"id":"2","field":"a"}']);
    const { 'x-kubernetes-list-map-keys': _keys, 'x-kubernetes-list-type': _type, ...unkeyed } = keyed as any;
    expect(problemsOf(unkeyed, after, 'at', before)).toEqual([]);
  });
});

describe('two JSON values', () => {
  test('are equal whatever the order of their keys', () => {
    expect(equal({ a: [1, { b: null }], c: 'x' }, { c: 'x', a: [1, { b: null }] })).toBe(true);
  });

  test.each([
    [[1, 2], [2, 1]],
    [[1], { 0: 1 }],
    [{ a: 1 }, { a: 1, b: 1 }],
    [{ a: undefined }, { b: undefined }],
    [null, {}],
    [{}, null],
    ['1', 1],
  ])('%j and %j differ', (a, b) => {
    expect(equal(a, b)).toBe(false);
  });
});
