import * as fc from 'fast-check';
import { componentsOf, PathRefused } from '../../../sidecar/src/session/workspace-path';

test.each([
  ['', []],
  ['/', []],
  ['a/b', ['a', 'b']],
  ['/a//b/', ['a', 'b']],
  ['a/./b', ['a', 'b']],
  ['a/../b', ['b']],
  ['a/b/../../c', ['c']],
  ['..foo/...', ['..foo', '...']],
  ['a\\..\\b', ['a\\..\\b']],
])('%j is %j', (path, names) => {
  expect(componentsOf(path)).toEqual(names);
});

test.each(['..', '/..', 'a/../..', 'a/../../a', './..', 'a\0', '\0'])('%j is refused', (path) => {
  expect(() => componentsOf(path)).toThrow(PathRefused);
});

test('a refusal names the path', () => {
  expect(() => componentsOf('../x')).toThrow('"../x" leads out of the workspace');
});

test('whatever the path, names are single names and none leads up', () => {
  const part = fc.constantFrom('a', '..', '.', '', '...', 'b');
  fc.assert(fc.property(fc.array(part), (parts) => {
    let names: readonly string[] = [];
    try {
      names = componentsOf(parts.join('/'));
    } catch (error) {
      expect(error).toBeInstanceOf(PathRefused);
    }
    expect(names.filter((name) => name === '' || name === '.' || name === '..' || name.includes('/'))).toEqual([]);
  }));
});
