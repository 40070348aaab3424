import { callerNamed } from './build-broker';
import { denialFor, Endpoint, isRunItself } from '../../../sidecar/src/broker/authorize';
import type { CatalogRun } from '../../../sidecar/src/broker/catalog';

const RUN = { namespace: 'team-a', name: 'r1' };
const KNOWN: CatalogRun = { ...RUN, uid: 'u1', phase: 'Running', templateRef: { name: 'coder' }, revokedLeases: [], podUid: 'pod-1' };

describe('a caller is the run itself', () => {
  test('with the ServiceAccount of the run, whether the run exists or not', () => {
    expect(isRunItself(callerNamed('team-a', 'r1-collector'), RUN, undefined)).toBe(true);
  });

  test('from the pod of the run, whatever its ServiceAccount', () => {
    expect(isRunItself(callerNamed('team-a', 'default', [], 'pod-1'), RUN, KNOWN)).toBe(true);
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
    expect(denialFor('issue', caller, RUN, known)).toEqual({ code: 'Forbidden', message: 'the caller may not act for this run' });
  });
});

describe('a capability', () => {
  const with_ = (capability: Endpoint) => callerNamed('platform', 'operator', [capability]);

  test('lets a foreign caller issue', () => {
    expect(denialFor('issue', with_('issue'), RUN, KNOWN)).toBeUndefined();
  });

  test.each<Endpoint>(['validate-egress', 'substitute-auth'])('%s says that egress tokens are missing', (endpoint) => {
    expect(denialFor(endpoint, with_(endpoint), RUN, KNOWN)).toMatchObject({ code: 'Forbidden', message: expect.stringContaining('needs an egress token') });
    expect(denialFor(endpoint, callerNamed('team-a', 'r1-collector', [endpoint]), RUN, KNOWN)).toBeUndefined();
  });

  test('is for its own endpoint only', () => {
    expect(denialFor('issue', with_('validate-egress'), RUN, KNOWN)?.code).toBe('Forbidden');
    expect(denialFor('substitute-auth', with_('issue'), RUN, KNOWN)?.message).toBe('the caller may not act for this run');
  });
});
