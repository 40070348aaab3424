import * as fc from 'fast-check';
import { runNameOf } from '../../../../sidecar/src/broker/callers/run-headers';
import { CAPABILITIES } from '../../../../src/protocol/broker-api';
import { labelName } from '../../../../src/protocol/resources/common';
import { problemsOf } from '../../../../src/protocol/schema/validate';
import { callerNamed } from '../build-broker';
import { refusalOf } from '../example-grants';

const RUN = callerNamed('team-a', 'r1-collector');
const OPERATOR = callerNamed('platform', 'operator', CAPABILITIES);
const named = (run?: string, namespace?: string) => ({
  ...(run === undefined ? {} : { 'x-paddock-run': run }), ...(namespace === undefined ? {} : { 'x-paddock-run-namespace': namespace }),
});

test('a run is in the namespace of the caller unless the headers say another', () => {
  expect(runNameOf(named('r1'), RUN, 'issue')).toEqual({ namespace: 'team-a', name: 'r1' });
  expect(runNameOf(named('r1', 'team-a'), RUN, 'issue')).toEqual({ namespace: 'team-a', name: 'r1' });
  expect(runNameOf(named('r1', 'team-b'), OPERATOR, 'issue')).toEqual({ namespace: 'team-b', name: 'r1' });
});

test('a UID is taken as it is, to be compared', () => {
  expect(runNameOf({ ...named('r1'), 'x-paddock-run-uid': 'uid-1' }, RUN, 'issue')).toEqual({ namespace: 'team-a', name: 'r1', uid: 'uid-1' });
  expect(runNameOf({ ...named('r1'), 'x-paddock-run-uid': '' }, RUN, 'issue')).toEqual({ namespace: 'team-a', name: 'r1', uid: '' });
});

test.each(['issue', 'issue-egress', 'revoke', 'validate-egress', 'substitute-auth'] as const)('%s may leave it to the body, with the capability', (endpoint) => {
  expect(runNameOf({}, OPERATOR, endpoint)).toBeUndefined();
});

describe('headers are refused', () => {
  test.each<[string, () => unknown]>([
    ['without a run, for a caller without capability', () => runNameOf({}, RUN, 'issue')],
    ['without a run, for renewals', () => runNameOf({}, OPERATOR, 'renew')],
    ['with a namespace alone', () => runNameOf(named(undefined, 'team-a'), OPERATOR, 'issue')],
    ['with a UID alone', () => runNameOf({ 'x-paddock-run-uid': 'uid-1' }, OPERATOR, 'issue-egress')],
    ['with another namespace, for a caller without capability', () => runNameOf(named('r1', 'team-b'), RUN, 'issue')],
    ['with a capability for something else', () => runNameOf(named('r1', 'team-b'), callerNamed('platform', 'x', ['renew']), 'issue')],
    ['with a namespace that has a dot', () => runNameOf(named('r1', 'team.b'), OPERATOR, 'issue')],
    ['with a line end behind the name', () => runNameOf(named('r1\n'), RUN, 'issue')],
  ])('%s', async (_, work) => {
    expect(await refusalOf(work)).toContain('BadRequest 400');
  });
});

test('a name is taken exactly when the schema of names takes it', async () => {
  const texts = fc.oneof(fc.string({ maxLength: 70 }), fc.stringMatching(/^[a-z0-9.-]{1,66}$/), fc.string({ unit: 'grapheme' }));
  await fc.assert(fc.asyncProperty(texts, async (text) => {
    const taken = await refusalOf(() => runNameOf(named(text), RUN, 'issue')) === 'none';
    expect(taken).toBe(problemsOf(labelName, text, '').length === 0);
  }), { numRuns: 500 });
});
