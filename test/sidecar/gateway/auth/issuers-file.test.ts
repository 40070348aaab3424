import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issuersIn, readIssuers } from '../../../../sidecar/src/gateway/auth/issuers-file';
import { tempFolder } from '../../../helpers/temp-folder';

const ENTRY = { issuer: 'https://id.example.com/realm', audience: 'gateway', kind: 'oidc' };
const fileOf = (...issuers: readonly unknown[]): string => JSON.stringify({ issuers });
const root = tempFolder();

test('issuers are read as they stand', async () => {
  const whole = { ...ENTRY, jwksFile: '/etc/jwks.json', caFile: '/etc/ca.pem', roleClaim: 'realm_access.roles', requiredRole: 'user', adminRole: 'admin' };
  const cluster = { issuer: 'https://kubernetes.default.svc', audience: 'gateway', kind: 'kubernetes' };
  const file = join(root, 'issuers.json');
  writeFileSync(file, fileOf(whole, cluster));
  expect(await readIssuers(file)).toEqual([whole, cluster]);
});

test('a file that is not there stops the start', async () => {
  await expect(readIssuers(join(root, 'nowhere'))).rejects.toThrow(/ENOENT/);
});

test.each<[string, string, RegExp]>([
  ['no JSON', '{', /issuers.json: is not JSON/],
  ['a list', '[]', /must be an object/],
  ['nobody', fileOf(), /issuers: must have at least 1/],
  ['too many', fileOf(...Array.from({ length: 33 }, (_, i) => ({ ...ENTRY, issuer: `https://${i}.example.com` }))), /at most 32 items/],
  ['an unknown field', fileOf({ ...ENTRY, audiences: ['x'] }), /issuers\[0\].audiences: is not a known field/],
  ['no audience, with which every token of the provider would do', fileOf({ ...ENTRY, audience: undefined }), /issuers\[0\].audience: is required/],
  ['an empty audience', fileOf({ ...ENTRY, audience: '' }), /audience: must have at least 1/],
  ['two clusters, whose accounts would be the same owners', fileOf({ ...ENTRY, kind: 'kubernetes' }, { ...ENTRY, issuer: 'https://other.example.com', kind: 'kubernetes' }), /at most one of kind kubernetes/],
  ['an unknown kind', fileOf({ ...ENTRY, kind: 'saml' }), /kind: must be one of "oidc", "kubernetes"/],
  ['an issuer over plain HTTP', fileOf({ ...ENTRY, issuer: 'http://id.example.com' }), /issuers\[0\].issuer: must be an https URL/],
  ['an issuer that is no URL', fileOf({ ...ENTRY, issuer: 'system:serviceaccount:a:b' }), /must be an https URL/],
  ['an issuer with a fragment, which would move the border of owners', fileOf({ ...ENTRY, issuer: 'https://id.example.com/#a' }), /without user, query and fragment/],
  ['an issuer with a query', fileOf({ ...ENTRY, issuer: 'https://id.example.com/?a=b' }), /without user, query and fragment/],
  ['an issuer with a user', fileOf({ ...ENTRY, issuer: 'https://a:b@id.example.com/' }), /without user, query and fragment/],
  ['an issuer twice', fileOf(ENTRY, { ...ENTRY, audience: 'other' }), /issuers\[1\].issuer: is there twice/],
  ['a required role that is looked for nowhere', fileOf({ ...ENTRY, requiredRole: 'user' }), /roleClaim: is required by/],
  ['an admin role that is looked for nowhere', fileOf({ ...ENTRY, adminRole: 'admin' }), /roleClaim: is required by/],
  ['an empty role, which everybody might have', fileOf({ ...ENTRY, roleClaim: 'roles', requiredRole: '' }), /requiredRole: must have at least 1/],
  ['a relative path', fileOf({ ...ENTRY, jwksFile: 'jwks.json' }), /jwksFile: must be an absolute path/],
])('a file with %s is refused', (_, text, problem) => {
  expect(() => issuersIn('issuers.json', text)).toThrow(problem);
});
