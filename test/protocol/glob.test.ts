import * as fc from 'fast-check';
import { globMatches, isGlob, templateMatches } from '../../src/protocol/glob';

test.each([
  ['coder', 'coder'],
  ['*', 'coder'],
  ['code*', 'coder'],
  ['*der', 'coder'],
  ['c*r', 'coder'],
  ['c*d*r', 'coder'],
  ['a*b*', 'axbxb'],
  ['*ab', 'aab'],
  ['c?der', 'coder'],
  ['[a-c]oder', 'coder'],
  ['[xyc]oder', 'coder'],
  ['[^a-b]oder', 'coder'],
  ['[a\\-c]oder', '-oder'],
  ['\\*', '*'],
  ['team/*', 'team/coder'],
  ['[^x]oder', '/oder'],
  ['**', 'coder'],
])('glob %j covers %j', (glob, name) => {
  expect(globMatches(glob, name)).toBe(true);
});

test.each([
  ['coder', 'coder2'],
  ['coder', 'Coder'],
  ['code?', 'code'],
  ['c*x', 'coder'],
  ['[^c]oder', 'coder'],
  ['[z-a]oder', 'coder'],
  ['team/*', 'team/a/b'],
  ['*', 'team/coder'],
  ['team?coder', 'team/coder'],
  ['\\*', 'coder'],
  ['coder*?', 'coder'],
])('glob %j does not cover %j', (glob, name) => {
  expect(globMatches(glob, name)).toBe(false);
});

test.each(['[', '[]', '[]a]', '[^]', '[a', '[a-', '[a-]', '[-a]', '[a-b-c]', 'coder\\', '[a\\', 'c*[', '', '  '])(
  'malformed glob %j covers nothing', (glob) => {
    expect(isGlob(glob)).toBe(false);
    expect(templateMatches([glob], 'coder')).toBe(false);
    expect(templateMatches([glob], glob)).toBe(false);
  },
);

// broker-facts 8.1: checked trimmed but matched untrimmed, so such a policy silently granted nothing.
test('white space around a selector is ignored both by the check and by the match', () => {
  expect(isGlob(' coder* ')).toBe(true);
  expect(templateMatches([' coder* '], 'coder-a')).toBe(true);
});

test('a lone star covers every name, others stop at a slash', () => {
  expect(templateMatches(['*'], 'team/coder')).toBe(true);
  expect(templateMatches(['t*'], 'team/coder')).toBe(false);
});

test('no selector covers nothing', () => {
  expect(templateMatches([], 'coder')).toBe(false);
});

test('a pattern of many stars takes no exponential time', () => {
  expect(globMatches('a*'.repeat(200) + 'b', 'a'.repeat(5000))).toBe(false);
});

// Names are Kubernetes names, so the alphabet leaves out '/', where the one-pass match of path.Match differs from backtracking.
const patternPart = fc.constantFrom('*', '?', '[', ']', '^', '-', '\\', 'a', 'b', 'c');
const pattern = fc.oneof(
  fc.array(patternPart, { maxLength: 8 }).map((parts) => parts.join('')),
  fc.array(fc.constantFrom('*', '?', 'a', 'b', '[ab]', '[^a]', '[a-c]', '\\a', '\\*'), { maxLength: 8 }).map((parts) => parts.join('')),
);
const subject = fc.array(fc.constantFrom('a', 'b', 'c', '-', '*'), { maxLength: 8 }).map((parts) => parts.join(''));

test('globs agree with a backtracking reference', () => {
  fc.assert(fc.property(pattern, subject, (glob, name) => {
    const expected = glob !== '' && wellFormed(glob) && slowMatch(glob, name);
    expect(globMatches(glob, name)).toBe(expected);
  }), { numRuns: 3000 });
});

/** The grammar of https://pkg.go.dev/path#Match as a regular expression. */
function wellFormed(glob: string): boolean {
  const bound = String.raw`(?:\\.|[^\\\]-])`;
  const range = `${bound}(?:-${bound})?`;
  return new RegExp(String.raw`^(?:\\.|[^\\[]|\[\^(?:${range})+\]|\[(?!\^)(?:${range})+\])*$`, 's').test(glob);
}

/** Tries every split at every star. Expects a well-formed pattern. */
function slowMatch(glob: string, name: string): boolean {
  if (glob === '') return name === '';
  const [first] = glob;
  if (first === '*') return slowMatch(glob.slice(1), name) || (name !== '' && slowMatch(glob, name.slice(1)));
  if (name === '') return false;
  if (first === '?') return slowMatch(glob.slice(1), name.slice(1));
  if (first === '\\') return glob[1] === name[0] && slowMatch(glob.slice(2), name.slice(1));
  if (first !== '[') return first === name[0] && slowMatch(glob.slice(1), name.slice(1));
  const inside = /^\[\^?((?:\\.|[^\\\]])+)\]/s.exec(glob)!;
  const bounds = [...inside[1].matchAll(/(\\.|[^\\])(?:-(\\.|[^\\]))?/gs)].map(([, low, high]) => [low.at(-1)!, (high ?? low).at(-1)!]);
  const hit = bounds.some(([low, high]) => low <= name[0] && name[0] <= high);
  return hit !== glob.startsWith('[^') && slowMatch(glob.slice(inside[0].length), name.slice(1));
}
