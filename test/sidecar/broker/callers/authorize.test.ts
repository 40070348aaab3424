import { Endpoint, isRunItself, lacksCapability, leaveFor } from '../../../../sidecar/src/broker/callers/authorize';
import type { CatalogRun } from '../../../../sidecar/src/broker/catalog/catalog';
import { CAPABILITIES } from '../../../../src/protocol/broker-api';
import { callerNamed } from '../build-broker';

const RUN = { namespace: 'team-a', name: 'r1' };
const KNOWN: CatalogRun = { ...RUN, uid: 'u1', phase: 'Running', templateRef: { name: 'coder' }, revokedLeases: [], podUid: 'pod-1' };
const DEPUTIES_ONLY: readonly Endpoint[] = ['issue-egress', 'revoke'];
const OWN = CAPABILITIES.filter((endpoint) => !DEPUTIES_ONLY.includes(endpoint));

describe('a caller is the run itself', () => {
  test('with the ServiceAccount of the run, whether the run exists or not', () => {
    expect(isRunItself(callerNamed('team-a', 'r1-collector'), RUN, undefined)).toBe(true);
  });

  test('from the pod of the run, whatever its ServiceAccount', () => {
    expect(isRunItself(callerNamed('team-a', 'default', [], 'pod-1'), RUN, KNOWN)).toBe(true);
  });

  test.each(OWN)('and may %s', (endpoint) => {
    expect(leaveFor(endpoint, callerNamed('team-a', 'r1-collector'), RUN, KNOWN)).toBe('granted');
  });

  test.each(DEPUTIES_ONLY)('and may not %s', (endpoint) => {
    const run = callerNamed('team-a', 'r1-collector');
    expect(leaveFor(endpoint, run, RUN, KNOWN)).toBe('denied');
    expect(lacksCapability(endpoint, run)).toBe(true);
  });
});

describe('a caller is not the run', () => {
  test.each([
    ['with the account of another run', callerNamed('team-a', 'r2-collector'), KNOWN],
    ['with the account of the same name in another namespace', callerNamed('team-b', 'r1-collector'), KNOWN],
    ['with an account that only begins like it', callerNamed('team-a', 'r1-collector-x'), KNOWN],
    ['with any account of the namespace', callerNamed('team-a', 'default'), KNOWN],
    ['from another pod', callerNamed('team-a', 'default', [], 'pod-2'), KNOWN],
    ['from a pod of that UID in another namespace', callerNamed('team-b', 'default', [], 'pod-1'), KNOWN],
    ['from a pod while the run has none', callerNamed('team-a', 'default', [], 'pod-1'), { ...KNOWN, podUid: undefined }],
    ['from no known pod while the run has none', callerNamed('team-a', 'default'), { ...KNOWN, podUid: undefined }],
    ['while the run is not there', callerNamed('team-a', 'default', [], 'pod-1'), undefined],
  ])('%s', (_, caller, known) => {
    expect(isRunItself(caller, RUN, known)).toBe(false);
    for (const endpoint of CAPABILITIES) expect(leaveFor(endpoint, caller, RUN, known)).toBe('denied');
  });
});

describe('a capability', () => {
  const having = (capability: Endpoint) => callerNamed('platform', 'operator', [capability]);

  test.each<Endpoint>(['issue', 'issue-egress', 'renew', 'revoke'])('%s is enough for a foreign caller', (endpoint) => {
    expect(leaveFor(endpoint, having(endpoint), RUN, KNOWN)).toBe('granted');
    expect(lacksCapability(endpoint, having(endpoint))).toBe(false);
  });

  test.each<Endpoint>(['validate-egress', 'substitute-auth'])('%s needs proof of the run, but for the run itself', (endpoint) => {
    expect(leaveFor(endpoint, having(endpoint), RUN, KNOWN)).toBe('with-proof');
    expect(leaveFor(endpoint, callerNamed('team-a', 'r1-collector', [endpoint]), RUN, KNOWN)).toBe('granted');
  });

  test.each(CAPABILITIES)('for anything else than %s is none for it', (endpoint) => {
    const others = callerNamed('platform', 'operator', CAPABILITIES.filter((one) => one !== endpoint));
    expect(leaveFor(endpoint, others, RUN, KNOWN)).toBe('denied');
  });
});
