import * as fc from 'fast-check';
import type { CatalogRun, Snapshot } from '../../../../sidecar/src/broker/catalog/catalog';
import { issueLease } from '../../../../sidecar/src/broker/grants/issuing';
import { admit, applyingPolicies, Attempt, presentRun } from '../../../../sidecar/src/broker/grants/opening';
import type { LeaseClaims } from '../../../../sidecar/src/broker/leases/lease';
import { userSuppliedSecret } from '../../../../sidecar/src/broker/providers/user-supplied-secret';
import { memoryKeyring } from '../../../../sidecar/src/crypto/keyring';
import { open } from '../../../../sidecar/src/crypto/sealed-token';
import { ALONE, BEARER_GRANT, grantOf, HOUR, LEASE, policy, proxied, refusalOf, RUN, secrets, T0 } from '../example-grants';

const EGRESS = [{ host: 'api.example.com', ports: [443] }];

function attempt(more: Partial<Attempt> = {}, lease: Partial<LeaseClaims> = {}): Attempt {
  return {
    opened: { kind: 'usersecret', claims: { ...LEASE, ...lease } },
    run: RUN,
    known: RUN,
    policies: [policy([BEARER_GRANT], EGRESS)],
    destination: { host: 'api.example.com', port: 443 },
    line: { method: 'GET', path: '/v1/models' },
    now: T0,
    ...more,
  };
}

const refusal = (more: Partial<Attempt> = {}, lease: Partial<LeaseClaims> = {}) => refusalOf(() => admit(attempt(more, lease)));

test('a bearer is admitted by a credential grant and an egress grant', () => {
  expect(admit(attempt())).toEqual({
    lease: LEASE,
    run: RUN,
    credential: { policy: 'p1', grant: BEARER_GRANT },
    egress: { policy: 'p1', grant: EGRESS[0] },
  });
});

describe('seal', () => {
  test.each(['NotOurs', 'TooLong', 'UnknownKind', 'UnknownKey', 'BadSeal'] as const)('%s is refused, and not told apart', async (failure) => {
    expect(await refusal({ opened: { failure } })).toBe('BearerUnknown 404 the bearer is not one of this broker');
  });

  test('a token of another kind is ours, and refused (S2)', async () => {
    expect(await refusal({ opened: { kind: 'egress', claims: { notAfter: T0 + HOUR } } })).toContain('BearerUnknown 404');
  });
});

describe('time', () => {
  test('a lease is good to its last millisecond, not longer', async () => {
    expect(await refusal({ now: T0 + HOUR - 1 })).toBe('none');
    expect(await refusal({ now: T0 + HOUR })).toBe('SubstituteFailed 403 the lease has expired');
  });

  test('a renewed lease outlives its TTL with the bytes that the pod has (B15)', async () => {
    const renewals = new Map([[LEASE.leaseId, T0 + 3 * HOUR]]);
    expect(await refusal({ now: T0 + 2 * HOUR, renewals })).toBe('none');
    expect(await refusal({ now: T0 + 3 * HOUR, renewals })).toContain('SubstituteFailed 403');
  });

  test('the renewal of another lease renews nothing', async () => {
    expect(await refusal({ now: T0 + HOUR, renewals: new Map([['uss-other', T0 + 3 * HOUR]]) })).toContain('SubstituteFailed 403');
  });

  test('nothing outlives the end of its bearer', async () => {
    const renewals = new Map([[LEASE.leaseId, Infinity]]);
    expect(await refusal({ now: LEASE.notAfter, renewals })).toContain('SubstituteFailed 403');
  });
});

describe('binding', () => {
  const foreign = 'SubstituteFailed 403 the bearer belongs to another run';

  test('another run of the namespace cannot spend it, whatever it is granted itself (B12)', async () => {
    const other = { ...RUN, name: 'r2', uid: 'uid-2' };
    expect(await refusal({ run: other, known: other })).toBe(foreign);
  });

  test('a run of that name in another namespace cannot spend it', async () => {
    const other = { ...RUN, namespace: 'team-b' };
    expect(await refusal({ run: other, known: other })).toBe(foreign);
  });

  test('a later run of the same name cannot spend it', async () => {
    expect(await refusal({ known: { ...RUN, uid: 'uid-2' } })).toBe(foreign);
  });

  test('a run that is gone spends nothing (S4)', async () => {
    expect(await refusal({ known: undefined })).toBe('RunTerminated 404 there is no such run');
    expect(() => presentRun(undefined)).toThrow('there is no such run');
  });

  test('a foreign bearer learns nothing of whether the run exists', async () => {
    expect(await refusal({ run: { namespace: 'team-a', name: 'r9' }, known: undefined })).toBe(foreign);
  });

  test('a bearer of run A never opens for run B', async () => {
    const keyring = memoryKeyring(() => T0);
    const part = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
    const identity = fc.record({ namespace: part, name: part, uid: part });
    await fc.assert(fc.asyncProperty(identity, identity, async (a, b) => {
      const [runA, runB] = [{ ...RUN, ...a }, { ...RUN, ...b }];
      const { value } = await issueLease({ keyring, provider: userSuppliedSecret, run: runA, grant: BEARER_GRANT, secrets: secrets('x'), ...ALONE, now: T0 });
      const opened = await open(keyring, value);
      const isSame = a.namespace === b.namespace && a.name === b.name && a.uid === b.uid;
      return await refusal({ opened, run: runA, known: runA }) === 'none' && (await refusal({ opened, run: runB, known: runB }) === 'none') === isSame;
    }), { numRuns: 100 });
  });
});

describe('revocation and phase', () => {
  test('a revoked lease is refused', async () => {
    expect(await refusal({ known: { ...RUN, revokedLeases: [LEASE.leaseId] } })).toBe(`PolicyRevoked 403 lease ${LEASE.leaseId} is revoked`);
  });

  test('the revocation of another lease changes nothing', async () => {
    expect(await refusal({ known: { ...RUN, revokedLeases: ['uss-other'] } })).toBe('none');
  });

  test.each(['Succeeded', 'Failed', 'Cancelled'] as const)('a run that has %s spends nothing, whether anybody revoked it or not (S3, S18)', async (phase) => {
    expect(await refusal({ known: { ...RUN, phase } })).toBe(`RunTerminated 403 the run is over: ${phase}`);
  });

  test.each(['Pending', 'Running', 'Idle'] as const)('a run that is %s spends its bearers', async (phase) => {
    expect(await refusal({ known: { ...RUN, phase } })).toBe('none');
  });
});

describe('grants (S3)', () => {
  test('a credential that nobody grants any more is refused', async () => {
    expect(await refusal({ policies: [policy([], EGRESS)] })).toBe('PolicyRevoked 403 no policy grants credential API_KEY any more');
  });

  test('a credential of another provider is refused', async () => {
    const changed = grantOf(undefined, { kind: 'AnthropicAPI', hosts: ['api.example.com'] });
    expect(await refusal({ policies: [policy([changed], EGRESS)] })).toBe('PolicyRevoked 403 credential API_KEY has another provider now');
  });

  test('of two policies that grant one name, the first by name decides, in whatever order they come (B14)', async () => {
    const other = policy([grantOf(undefined, { kind: 'AnthropicAPI', hosts: ['api.example.com'] })], EGRESS, 'p2');
    const policies = [policy([BEARER_GRANT], EGRESS, 'p1'), other];
    expect(await refusal({ policies })).toBe('none');
    expect(await refusal({ policies: [...policies].reverse() })).toBe('none');
  });

  test.each([
    ['is gone', [], 443],
    ['is for another port', EGRESS, 8443],
    ['is for the names below the host only (S6)', [{ host: '*.api.example.com' }], 443],
  ])('a host whose egress grant %s is refused', async (_, egress, port) => {
    expect(await refusal({ policies: [policy([BEARER_GRANT], egress)], destination: { host: 'api.example.com', port } }))
      .toBe(`EgressRevoked 403 no egress grant covers this request to api.example.com:${port}`);
  });

  test('a method or path outside the egress grants is refused', async () => {
    const policies = [policy([BEARER_GRANT], [{ host: 'api.example.com', methods: ['GET'], paths: ['/v1/*'] }])];
    expect(await refusal({ policies })).toBe('none');
    expect(await refusal({ policies, line: { method: 'DELETE', path: '/v1/models' } })).toContain('EgressRevoked 403');
    expect(await refusal({ policies, line: { method: 'GET', path: '/admin' } })).toContain('EgressRevoked 403');
    expect(await refusal({ policies, line: {} })).toContain('EgressRevoked 403');
  });

  test('TRACE is refused: it would echo the credential', async () => {
    expect(await refusal({ line: { method: 'TRACE', path: '/' } })).toContain('EgressRevoked 403');
  });
});

describe('hosts', () => {
  const wide = [{ host: 'api.example.com' }, { host: 'evil.example.net' }, { host: 'sub.api.example.com' }];

  test.each(['evil.example.net', 'sub.api.example.com'])('%s is outside the lease', async (host) => {
    expect(await refusal({ policies: [policy([BEARER_GRANT], wide)], destination: { host, port: 443 } }))
      .toBe(`HostNotAllowed 403 the lease on credential API_KEY is not for ${host}`);
  });

  test('a host that was taken from the grant since is refused, though the lease remembers it', async () => {
    const narrowed = proxied({ header: { name: 'Authorization' } }, ['other.example.com']);
    expect(await refusal({ policies: [policy([narrowed], wide)] })).toBe('PolicyRevoked 403 credential API_KEY is not for api.example.com any more');
  });

  test('a host that was added to the grant since needs a new bearer', async () => {
    const widened = proxied({ header: { name: 'Authorization' } }, ['api.example.com', 'evil.example.net']);
    expect(await refusal({ policies: [policy([widened], wide)], destination: { host: 'evil.example.net', port: 443 } })).toContain('HostNotAllowed 403');
  });
});

describe('the order of the checks', () => {
  /** Each row breaks one thing; with all rows from the i-th on broken, the i-th is what is told. */
  const breaks: readonly [string, (attempt: Attempt) => Attempt][] = [
    ['BearerUnknown 404', (one) => ({ ...one, opened: { failure: 'BadSeal' } })],
    ['SubstituteFailed 403 the lease has expired', (one) => ({ ...one, now: T0 + 2 * HOUR })],
    ['SubstituteFailed 403 the bearer belongs to another run', (one) => ({ ...one, run: { ...one.run, namespace: 'team-b' } })],
    ['PolicyRevoked 403 lease', (one) => ({ ...one, known: { ...one.known!, revokedLeases: [LEASE.leaseId] } })],
    ['RunTerminated 403', (one) => ({ ...one, known: { ...one.known!, phase: 'Failed' } })],
    ['PolicyRevoked 403 no policy grants', (one) => ({ ...one, policies: one.policies.map(({ name, spec }) => policy([], spec.grants.egress ?? [], name)) })],
    ['EgressRevoked 403', (one) => ({ ...one, policies: one.policies.map(({ name, spec }) => policy(spec.grants.credentials ?? [], [], name)) })],
    ['HostNotAllowed 403', (one) => ({ ...one, destination: { host: 'evil.example.net', port: 443 } })],
  ];

  test.each(breaks.map(([told], index) => [told, index] as const))('%s comes before what follows it', async (told, index) => {
    // The host stays in the egress grant, so that only the row for egress breaks it.
    const whole = attempt({ policies: [policy([BEARER_GRANT], [...EGRESS, { host: 'evil.example.net' }])] });
    const broken = breaks.slice(index).reduce((one, [, change]) => change(one), whole);
    expect(await refusalOf(() => admit(broken))).toContain(told);
  });
});

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('the policies of a run', () => {
  const snapshot = (template: boolean): Snapshot => ({
    run: () => RUN,
    template: () => (template ? { identity: { name: 'coder', kind: 'HarnessTemplate' }, spec: { image: 'coder:1' } as never } : undefined),
    policies: () => [policy([], [], 'p2'), { name: 'p1', spec: { ...policy([], []).spec, appliesToTemplates: ['reviewer'] } }],
  });

  test('are those that apply to its template', () => {
    expect(applyingPolicies(snapshot(true), RUN).map(({ name }) => name)).toEqual(['p2']);
  });

  describe('that has a pod', () => {
    const made = (identity: CatalogRun['template']): CatalogRun => ({ ...RUN, template: identity });
    const names = (there: boolean, run: CatalogRun) => applyingPolicies(snapshot(there), run).map(({ name }) => name);

    test.each([true, false])('are those of what the pod was made of, whether the template is there (%p)', (there) => {
      expect(names(there, made({ name: 'coder', kind: 'HarnessTemplate' }))).toEqual(['p2']);
      expect(names(there, made({ name: 'reviewer', kind: 'HarnessTemplate' }))).toEqual(['p1', 'p2']);
    });

    test('are none that its template would get now, and its pod did not', () => {
      const pinned = { ...policy([], [], 'p3'), spec: { ...policy([], []).spec, imageDigests: [DIGEST] } };
      const now: Snapshot = { ...snapshot(true), template: () => ({ identity: { name: 'coder', kind: 'HarnessTemplate', imageDigest: DIGEST }, spec: {} }), policies: () => [pinned] };
      expect(applyingPolicies(now, RUN)).toEqual([pinned]);
      expect(applyingPolicies(now, made({ name: 'coder', kind: 'HarnessTemplate' }))).toEqual([]);
      expect(applyingPolicies(now, made({ name: 'coder', kind: 'HarnessTemplate', imageDigest: `sha256:${'0'.repeat(64)}` }))).toEqual([]);
    });
  });

  test('are none when its template is gone', () => {
    expect(applyingPolicies(snapshot(false), RUN)).toEqual([]);
  });
});
