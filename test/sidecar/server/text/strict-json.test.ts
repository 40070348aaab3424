import * as fc from 'fast-check';
import { JsonRefusal, parseStrictJson } from '../../../../sidecar/src/server/text/strict-json';

const POISON = ['__proto__', 'constructor', 'prototype'];

/** JSON values whose keys reach for no prototype, not nested deeply. */
const ordinary = fc.jsonValue({ maxDepth: 6 }).filter((value) => !POISON.some((name) => JSON.stringify(value).includes(name)));
const key = fc.string({ unit: 'binary' }).filter((name) => !POISON.includes(name));
const blank = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r') });

function resultOf(parse: (text: string) => unknown, text: string): unknown {
  try {
    return { value: parse(text) };
  } catch {
    return 'refused';
  }
}

describe('agrees with JSON.parse', () => {
  test('on any value, with and without blanks', () => {
    fc.assert(fc.property(ordinary, fc.constantFrom(0, 2, '\t'), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(parseStrictJson(text)).toEqual(JSON.parse(text));
    }));
  });

  test('on keys and texts full of quotes, backslashes and brackets', () => {
    const awkward = fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', 'a') });
    fc.assert(fc.property(fc.dictionary(awkward, awkward, { maxKeys: 8 }), (value) => {
      expect(parseStrictJson(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }));
  });

  test('on any text at all: what that refuses, this refuses', () => {
    const pieces = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"b"', '"\\"', '"', '\\', '1', '-', 'true', 'nul', ' ');
    fc.assert(fc.property(fc.string({ unit: pieces, maxLength: 12 }), (text) => {
      if (resultOf(JSON.parse, text) === 'refused') expect(resultOf(parseStrictJson, text)).toBe('refused');
    }), { numRuns: 2000 });
  });
});

describe('refuses a key that occurs twice', () => {
  test('whatever the key, the values and the blanks', () => {
    fc.assert(fc.property(key, ordinary, ordinary, blank, (name, first, second, gap) => {
      const quoted = JSON.stringify(name);
      const text = `{${gap}${quoted}${gap}:${JSON.stringify(first)},${gap}${quoted}:${gap}${JSON.stringify(second)}}`;
      expect(() => parseStrictJson(text)).toThrow(new JsonRefusal('the body has a key twice'));
    }));
  });

  test.each([
    ['written in another way', '{"a":1,"\\u0061":2}'],
    ['in an object inside', '{"x":[{"a":1,"b":{},"a":2}]}'],
    ['after an object that is closed', '{"a":{"b":1},"b":2,"a":3}'],
    ['the empty one', '{"":1,"":1}'],
    ['next to escaped quotes', '{"\\"":1,"a":"\\\\","\\"":2}'],
  ])('%s', (_name, text) => {
    expect(() => parseStrictJson(text)).toThrow('the body has a key twice');
  });

  test.each(['{"a":{"a":{"a":1}}}', '[{"a":1},{"a":1}]', '{"a":"a","b":["a","a"]}', '{"a":1,"A":2}'])('but not %s', (text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });
});

describe('refuses', () => {
  test.each(['{"__proto__":{}}', '{"a":{"__proto__":1}}', '{"\\u005f_proto__":{}}', '{"constructor":{"prototype":{}}}', '[{"prototype":1}]'])('a prototype in %s', (text) => {
    expect(() => parseStrictJson(text)).toThrow('the body names a prototype');
  });

  test('nesting that no body of ours has', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(parseStrictJson(nested(64))).toBeDefined();
    expect(() => parseStrictJson(nested(65))).toThrow('nested deeper than 64 levels');
    expect(() => parseStrictJson(nested(30_000))).toThrow(JsonRefusal);
  });

  test.each(['', ' ', '{', '{"a":1}{"b":2}', '{"a":1} x', "{'a':1}", '{a:1}', '[1,]', 'undefined', '\ufeff{}', 'NaN', '01'])('%j, which is not JSON', (text) => {
    expect(() => parseStrictJson(text)).toThrow(new JsonRefusal('the body is not JSON'));
  });

  test('without repeating what was sent', () => {
    expect(() => parseStrictJson('{"token": hunter2}')).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hunter2') }));
  });
});
