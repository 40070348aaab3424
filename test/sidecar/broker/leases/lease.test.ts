import * as fc from 'fast-check';
import { DEFAULT_TTL, expiryText, isRevoked, leaseExpiry, leaseId, leaseOf, leaseTtl, notAfterOf, valueLeaseId } from '../../../../sidecar/src/broker/leases/lease';
import { LONGEST_LIFETIME } from '../../../../sidecar/src/crypto/key-schedule';
import { memoryKeyring } from '../../../../sidecar/src/crypto/keyring';
import { MAX_DURATION, parseDuration } from '../../../../src/protocol/duration';
import { HOUR, LEASE, T0 } from '../example-grants';

const { idKey } = memoryKeyring(() => T0);

describe('the id of a lease', () => {
  test('is the same for the same run and credential (B15)', () => {
    expect(leaseId(idKey, 'uss', 'uid-1', 'API_KEY')).toBe(leaseId(idKey, 'uss', 'uid-1', 'API_KEY'));
    expect(leaseId(idKey, 'uss', 'uid-1', 'API_KEY')).toMatch(/^uss-[0-9a-f]{32}$/);
  });

  test('is another one for another run, credential, provider or keyring', () => {
    const ids = [
      leaseId(idKey, 'uss', 'uid-1', 'API_KEY'),
      leaseId(idKey, 'uss', 'uid-2', 'API_KEY'),
      leaseId(idKey, 'uss', 'uid-1', 'API_KEY2'),
      leaseId(idKey, 'pat', 'uid-1', 'API_KEY'),
      leaseId(memoryKeyring(() => T0).idKey, 'uss', 'uid-1', 'API_KEY'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('never mixes up where the run ends and the credential begins', () => {
    fc.assert(fc.property(fc.string(), fc.string(), fc.string(), (a, b, c) => b === ''
      || leaseId(idKey, 'uss', a + b, c) !== leaseId(idKey, 'uss', a, b + c)));
  });
});

describe('the id of a lease on a value (S46)', () => {
  test('is the same for the same value and another one for another value', () => {
    const id = (value: string) => valueLeaseId(idKey, 'uss', 'uid-1', 'API_KEY', value);
    expect(id('one')).toBe(id('one'));
    expect(id('one')).not.toBe(id('two'));
    expect(id('one')).toMatch(/^uss-[0-9a-f]{32}-[0-9a-f]{16}$/);
  });

  test('cannot be computed without the key: nobody can try out values', () => {
    const [, , tail] = valueLeaseId(idKey, 'uss', 'uid-1', 'API_KEY', 'hunter2').split('-');
    const [, , other] = valueLeaseId(memoryKeyring(() => T0).idKey, 'uss', 'uid-1', 'API_KEY', 'hunter2').split('-');
    expect(tail).not.toBe(other);
  });

  test('says nothing across runs: two runs with one value do not show it', () => {
    const [, , one] = valueLeaseId(idKey, 'uss', 'uid-1', 'API_KEY', 'same').split('-');
    const [, , other] = valueLeaseId(idKey, 'uss', 'uid-2', 'API_KEY', 'same').split('-');
    expect(one).not.toBe(other);
  });

  test('is revoked with every other value of the credential: an edited Secret does not bring it back', () => {
    const revoked = [valueLeaseId(idKey, 'uss', 'uid-1', 'API_KEY', 'old')];
    expect(isRevoked(revoked, valueLeaseId(idKey, 'uss', 'uid-1', 'API_KEY', 'new'))).toBe(true);
    expect(isRevoked(revoked, leaseId(idKey, 'uss', 'uid-1', 'API_KEY'))).toBe(true);
    expect(isRevoked(revoked, leaseId(idKey, 'uss', 'uid-1', 'OTHER'))).toBe(false);
    expect(isRevoked([], leaseId(idKey, 'uss', 'uid-1', 'API_KEY'))).toBe(false);
  });
});

describe('times', () => {
  test('a lease lives for an hour, or for the rotationSeconds of its grant', () => {
    expect(leaseTtl(undefined)).toBe(DEFAULT_TTL);
    expect(DEFAULT_TTL).toBe(HOUR);
    expect(leaseTtl(60)).toBe(60_000);
  });

  test('a renewal moves the end of a lease, and never to an earlier time', () => {
    expect(leaseExpiry(LEASE)).toBe(T0 + HOUR);
    expect(leaseExpiry(LEASE, T0 + 2 * HOUR)).toBe(T0 + 2 * HOUR);
    expect(leaseExpiry(LEASE, T0)).toBe(T0 + HOUR);
  });

  test('no renewal moves a lease past the end of its bearer', () => {
    expect(leaseExpiry(LEASE, T0 + 100 * HOUR)).toBe(LEASE.notAfter);
    expect(leaseExpiry({ ...LEASE, ttl: 100 * HOUR })).toBe(LEASE.notAfter);
  });

  test('a bearer ends at the deadline of its run, and never later than anything may live', () => {
    expect(notAfterOf(T0, T0 + HOUR)).toBe(T0 + HOUR);
    expect(notAfterOf(T0, undefined)).toBe(T0 + LONGEST_LIFETIME);
    expect(notAfterOf(T0, T0 + 2 * LONGEST_LIFETIME)).toBe(T0 + LONGEST_LIFETIME);
  });

  test('no run lasts longer than what it was given at its start', () => {
    const deadline = T0 + parseDuration(MAX_DURATION)!;
    expect(notAfterOf(T0, deadline)).toBe(deadline);
  });

  test('a lease without an end is told as the zero time of Go (S52)', () => {
    expect(expiryText(undefined)).toBe('0001-01-01T00:00:00Z');
  });

  test('an end is told in whole seconds, never later than it is', () => {
    expect(expiryText(Date.UTC(2026, 4, 4, 10) + 999)).toBe('2026-05-04T10:00:00Z');
  });
});

describe('the claims of an opened bearer', () => {
  test('are those of a lease of the bearer\'s kind', () => {
    expect(leaseOf({ kind: 'usersecret', claims: { ...LEASE } })).toEqual(LEASE);
  });

  test.each(['anthropic', 'github', 'patpool', 'egress'] as const)('are refused under kind %s', (kind) => {
    expect(leaseOf({ kind, claims: { ...LEASE } })).toBeUndefined();
  });

  test.each(['NotOurs', 'TooLong', 'UnknownKind', 'UnknownKey', 'BadSeal'] as const)('are not there when the bearer is %s', (failure) => {
    expect(leaseOf({ failure })).toBeUndefined();
  });

  test.each([
    ['another form', { v: 2 }],
    ['no lease id', { leaseId: '' }],
    ['no run UID', { runUid: undefined }],
    ['a namespace that is a number', { namespace: 1 }],
    ['an unknown provider', { provider: 'Static' }],
    ['a provider of an object\'s inheritance', { provider: 'constructor' }],
    ['hosts that are one text', { hosts: 'api.example.com' }],
    ['a host that is a number', { hosts: [1] }],
    ['no end', { notAfter: undefined }],
    ['an endless TTL', { ttl: null }],
  ])('are refused with %s', (_, change) => {
    const claims = { ...LEASE, ...change } as unknown as typeof LEASE;
    expect(leaseOf({ kind: 'usersecret', claims: { ...claims } })).toBeUndefined();
  });
});
