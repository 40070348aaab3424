import { judged, SHARES } from '../helpers/policy-mutants';

// `reach-mutations.test.ts` has the first share.
test.each(SHARES[1])('%s has no mutant that passes, besides those that mean the same', (_, policy) => {
  const { all, unexplained } = judged(policy);
  expect(all).toBeGreaterThan(30);
  expect(unexplained).toEqual([]);
});
