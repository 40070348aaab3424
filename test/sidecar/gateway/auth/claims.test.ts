import * as fc from 'fast-check';
import { judge } from '../../../../sidecar/src/gateway/auth/claims';
import type { IssuerEntry } from '../../../../src/protocol/session-pools';

const OIDC: IssuerEntry = { issuer: 'https://id.example.com', audience: 'gateway', kind: 'oidc' };
const CLUSTER: IssuerEntry = { issuer: 'https://kubernetes.default.svc', audience: 'gateway', kind: 'kubernetes' };
const WITH_ROLES: IssuerEntry = { ...OIDC, roleClaim: 'realm_access.roles', requiredRole: 'user', adminRole: 'boss' };

test('a user is the owner `<issuer>#<sub>`, without more rights than that', () => {
  const owner = 'https://id.example.com#alice';
  expect(judge(OIDC, { sub: 'alice', roles: ['admin'] })).toEqual({ owner, admin: false, key: owner });
});

test('a ServiceAccount is the owner that Kubernetes names', () => {
  expect(judge(CLUSTER, { sub: 'system:serviceaccount:team-a:builder' })).toMatchObject({ owner: 'system:serviceaccount:team-a:builder', admin: false });
});

test.each([undefined, null, 1, '', ['alice'], 'a\nb', 'a\u0000', '\ud800', 'x'.repeat(1024)])('a user with the subject %j is nobody', (sub) => {
  expect(judge(OIDC, { sub })).toBe('nobody');
});

test.each([
  'alice', 'system:serviceaccount:team-a', 'system:serviceaccount:team-a:', 'system:serviceaccount::builder', 'system:serviceaccount:team-a:builder:x',
  'system:serviceaccount:Team:builder', ' system:serviceaccount:team-a:builder', 'system:serviceaccount:team-a:builder\n', 'api-key:ci', 'system:node:n1',
])('with a cluster as issuer the subject %j is nobody', (sub) => {
  expect(judge(CLUSTER, { sub })).toBe('nobody');
});

test('no user of a provider is a ServiceAccount, the owner of an API key, or a user of another provider', () => {
  const other: IssuerEntry = { ...OIDC, issuer: 'https://id.example.com/realm' };
  const subject = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('system:serviceaccount:a:b', 'api-key:ci', '/realm#alice', '#alice'));
  fc.assert(fc.property(subject, subject, (one, two) => {
    const [first, second] = [judge(OIDC, { sub: one }), judge(other, { sub: two })];
    if (typeof first === 'string' || typeof second === 'string') return;
    expect(first.owner).toMatch(/^https:/);
    expect(first.owner).not.toBe(second.owner);
  }));
});

describe('roles', () => {
  test.each<[string, object, unknown]>([
    ['a list at the end of a path', { realm_access: { roles: ['user'] } }, { admin: false }],
    ['a text at the end of a path', { realm_access: { roles: 'user' } }, { admin: false }],
    ['a claim whose name has dots', { 'realm_access.roles': ['user', 'boss'] }, { admin: true }],
    ['the admin role beside the required one', { realm_access: { roles: ['boss', 'user'] } }, { admin: true }],
  ])('come from %s', (_, claims, expected) => {
    expect(judge(WITH_ROLES, { sub: 'alice', ...claims })).toMatchObject(expected as object);
  });

  test.each<[string, object]>([
    ['a claim that is not there', {}],
    ['another role', { realm_access: { roles: ['users'] } }],
    ['the admin role alone', { realm_access: { roles: ['boss'] } }],
    ['roles in one text', { realm_access: { roles: 'user boss' } }],
    ['a list within a list', { realm_access: { roles: [['user']] } }],
    ['an object with the role as key', { realm_access: { roles: { user: true } } }],
    ['a flat claim with no role, which wins over the path', { 'realm_access.roles': [], 'realm_access': { roles: ['user'] } }],
    ['a path through a text', { realm_access: 'roles' }],
    ['a path through a list', { realm_access: [{ roles: ['user'] }] }],
  ])('are missing with %s', (_, claims) => {
    expect(judge(WITH_ROLES, { sub: 'alice', ...claims })).toBe('role-missing');
  });

  test('are never taken from what every object has', () => {
    for (const roleClaim of ['constructor.name', 'toString', '__proto__.x']) {
      expect(judge({ ...WITH_ROLES, roleClaim, requiredRole: 'Object' }, { sub: 'alice' })).toBe('role-missing');
    }
  });

  test('of nobody are not looked at', () => {
    expect(judge(WITH_ROLES, { realm_access: { roles: ['user'] } })).toBe('nobody');
  });
});
