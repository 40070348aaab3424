import { reachProblems } from '../../src/manifests/reach-proof';
import { judged, mutantsOf, namespaces, policies, SHARES, without } from '../helpers/policy-mutants';
import { full } from '../helpers/topology';

test('the policies themselves have no problem', () => {
  expect(reachProblems(policies, full)).toEqual([]);
});

test('the mutants are many', () => {
  expect(policies.flatMap(mutantsOf).length).toBeGreaterThanOrEqual(4_756);
});

describe.each(SHARES.flat())('%s', (_, policy) => {
  test('is missed when it is gone', () => {
    expect(reachProblems(without(policy), full, namespaces)).not.toEqual([]);
  });

  test('is refused when it is there twice', () => {
    expect(reachProblems([...policies, policy], full)).toEqual([expect.stringContaining('is there twice')]);
  });
});

test.each(SHARES[0])('%s has no mutant that passes, besides those that mean the same', (_, policy) => {
  const { all, unexplained } = judged(policy);
  expect(all).toBeGreaterThan(30);
  expect(unexplained).toEqual([]);
});
