import fc from 'fast-check';
import { nearNames } from '../../../../../sidecar/src/operator/runs/steps/near-names';

describe('names that may have been meant', () => {
  test.each([
    ['codr', ['coder', 'reviewer'], ['coder']],
    ['codre', ['coder'], []],
    ['reviwer', ['viewer', 'review', 'reviewer'], ['reviewer', 'review']],
    ['coder', ['reviewer', 'tester'], []],
    ['a', ['b', 'ab', 'abc'], ['ab', 'b']],
    ['coder', [], []],
  ])('for %p among %p are %p', (name, names, near) => {
    expect(nearNames(name, names)).toEqual(near);
  });

  test('are three at most, the nearest first', () => {
    expect(nearNames('template', ['template-2', 'templates', 'emplate', 'tmplate', 'template'])).toEqual(['template', 'emplate', 'templates']);
  });

  test('are looked for among so many only that the operator is not held up', () => {
    const many = Array.from({ length: 100_000 }, (_, index) => `template-with-a-long-name-${index}`);
    expect(nearNames('coder', ['coders', ...many])).toEqual(['coders']);
    expect(nearNames('coder', [...many, 'coders'])).toEqual([]);
  });

  test('are found whatever their order is, and never made up', () => {
    fc.assert(fc.property(fc.stringMatching(/^[a-c]{1,6}$/), fc.uniqueArray(fc.stringMatching(/^[a-c]{1,6}$/)), (name, names) => {
      const near = nearNames(name, names);
      expect(nearNames(name, [...names].reverse())).toEqual(near);
      expect(near.every((one) => names.includes(one))).toBe(true);
      expect(near.includes(name)).toBe(names.includes(name));
    }));
  });
});
