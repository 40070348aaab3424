import { isSubject, runSubject, sessionRun, sessionSubject } from '../../../../sidecar/src/broker/callers/subject';
import { proofOf } from '../../../../sidecar/src/broker/egress-proofs/egress-token';
import { HOUR, LEASE, T0 } from '../example-grants';

const CLAIMS = { v: 1, namespace: 'team-a', run: 'r1', runUid: 'uid-1', notAfter: T0 + HOUR } as const;
const SESSION = { podIps: ['10.0.0.9'], template: 'coder' };
const WIRE = { namespace: 'team-a', pool: 'p', id: 's1', podUID: 'pod-1', podIPs: ['10.0.0.9'], template: 'coder', notAfter: '2026-05-04T10:00:00Z' };
const proof = (claims: object, kind: 'egress' | 'usersecret' = 'egress', renewals?: ReadonlyMap<string, number>) =>
  proofOf({ kind, claims: claims as typeof CLAIMS }, () => renewals);

describe('what a token proves', () => {
  test('is its run until its end', () => {
    expect(proof(CLAIMS)).toMatchObject({ subject: { namespace: 'team-a', run: 'r1', runUid: 'uid-1' }, until: T0 + HOUR, notAfter: T0 + HOUR });
  });

  test('is its session, with what it is bound to', () => {
    expect(proof({ ...CLAIMS, session: SESSION })?.subject.session).toEqual(SESSION);
    expect(proof({ ...CLAIMS, session: { podIps: [] } })?.subject.session).toEqual({ podIps: [] });
  });

  test('of a bearer is the run of the lease, as long as the lease goes on', () => {
    expect(proof(LEASE, 'usersecret')).toMatchObject({ until: T0 + HOUR, notAfter: T0 + 24 * HOUR, leaseId: LEASE.leaseId });
    expect(proof(LEASE, 'usersecret', new Map([[LEASE.leaseId, T0 + 3 * HOUR]]))?.until).toBe(T0 + 3 * HOUR);
    expect(proof(LEASE, 'usersecret', new Map([['uss-other', T0 + 3 * HOUR]]))?.until).toBe(T0 + HOUR);
  });
});

describe('nothing is proven by', () => {
  test.each(['NotOurs', 'TooLong', 'UnknownKind', 'UnknownKey', 'BadSeal'] as const)('a token that is %s', (failure) => {
    expect(proofOf({ failure }, () => undefined)).toBeUndefined();
  });

  test('the claims of a lease under the kind of an egress token without its form, and the other way round', () => {
    expect(proof({ ...LEASE, v: 2 })).toBeUndefined();
    expect(proof(CLAIMS, 'usersecret')).toBeUndefined();
  });

  test.each<[string, object]>([
    ['another form', { v: 2 }], ['no namespace', { namespace: '' }], ['a run that is a number', { run: 1 }], ['no UID', { runUid: undefined }], ['no end', { notAfter: undefined }],
    ['an endless end', { notAfter: null }], ['a session that is a text', { session: 'x' }], ['a session that is null', { session: null }],
    ['a session without addresses', { session: {} }], ['addresses that are one text', { session: { podIps: '10.0.0.1' } }],
    ['a template that is a number', { session: { podIps: [], template: 1 } }],
  ])('claims with %s', (_, change) => {
    expect(proof({ ...CLAIMS, ...change })).toBeUndefined();
  });
});

describe('subjects', () => {
  test('of a session have a UID that no run can have: it has blanks', () => {
    expect(sessionSubject(WIRE).runUid).toBe('session p s1 pod-1');
    expect(isSubject(sessionSubject(WIRE))).toBe(true);
  });

  test('differ when anything that a session is bound to differs', () => {
    const uids = [WIRE, { ...WIRE, pool: 'q' }, { ...WIRE, id: 's2' }, { ...WIRE, podUID: 'pod-2' }].map((one) => sessionSubject(one).runUid);
    expect(new Set(uids).size).toBe(4);
  });

  test('of a session stand for themselves, and without a template under the name that no template has', () => {
    const { template, ...without } = WIRE;
    expect(template).toBe('coder');
    const subject = sessionSubject(without);
    expect(sessionRun(subject, subject.session!, T0)).toMatchObject({ name: 's1', phase: 'Running', templateRef: { name: '' }, deadline: T0, revokedLeases: [] });
  });

  test('of a run have no session', () => {
    expect(runSubject({ namespace: 'a', name: 'r', uid: 'u', phase: 'Running', templateRef: { name: 't' }, revokedLeases: [] })).toEqual({ namespace: 'a', run: 'r', runUid: 'u' });
  });
});
