import { coveringGrant, needsSubstitution } from '../../../../sidecar/src/broker/grants/egress-scope';
import type { EgressGrantSpec } from '../../../../src/protocol/policy';
import { BEARER_GRANT, grantOf, inContainer, policy } from '../example-grants';

const TO = { host: 'api.example.com', port: 443 };
const policies = (...egress: EgressGrantSpec[]) => [policy([], egress)];

function covers(grant: Partial<EgressGrantSpec>, line: { method?: string; path?: string }): boolean {
  return coveringGrant(policies({ host: TO.host, ...grant }), TO, line) !== undefined;
}

describe('methods', () => {
  test('a grant without methods covers each', () => {
    expect(['GET', 'POST', 'PROPFIND'].map((method) => covers({}, { method }))).toEqual([true, true, true]);
    expect(covers({ methods: [] }, {})).toBe(true);
  });

  test('a grant with methods covers those, in their own spelling', () => {
    expect(covers({ methods: ['GET'] }, { method: 'GET' })).toBe(true);
    expect(covers({ methods: ['GET'] }, { method: 'get' })).toBe(false);
    expect(covers({ methods: ['GET'] }, { method: 'HEAD' })).toBe(false);
  });

  test.each(['TRACE', 'trace', 'TRACK', 'CONNECT'])('no grant covers %s', (method) => {
    expect(covers({}, { method })).toBe(false);
  });

  test('a caller that tells no method gets nothing from a grant that depends on it', () => {
    expect(covers({ methods: ['GET'] }, {})).toBe(false);
  });
});

describe('paths', () => {
  const paths = ['/v1/models', '/repos/acme/*'];

  test.each(['/v1/models', '/v1/models?limit=1', '/v1/models?x=#/..', '/repos/acme/', '/repos/acme/web/pulls', '/repos/acme/a%20b', '/repos/acme/a.b/..c'])('%s is covered', (path) => {
    expect(covers({ paths }, { path })).toBe(true);
  });

  test.each([
    '/v1/models/', '/v1', '/V1/models', '/repos/acme', '/repos/other', 'v1/models', '', '*', 'https://api.example.com/v1/models', '/v1/%6dodels',
    '/repos/acme/../other', '/repos/acme/..', '/repos/acme/./x', '/repos/acme//x', '/repos/acme/%2e%2e/other', '/repos/acme/%2E./other', '/repos/acme/..%2fother',
    '/repos/acme/%252e%252e/other', '/repos/acme/..;/other', '/repos/acme/..;a=b/other', '/repos/acme/.;/x', '/repos/acme/..\\other', '/repos/acme/%5c..%5cother',
    '/repos/acme/%00', '/repos/acme/%', '/repos/acme/%zz', '/repos/acme/%ff', '/repos/acme/\n',
    '/v1/models#top', '/v1/models#/../../other', '/repos/acme/x#/../../../other', '/repos/acme/x HTTP/1.1', '/repos/acme/\u0085', '/repos/acme/\uff0e\uff0e/x', '/repos/acme/\ud800',
  ])('%j is not', (path) => {
    expect(covers({ paths }, { path })).toBe(false);
  });

  test('a caller that tells no path gets nothing from a grant that depends on it', () => {
    expect(covers({ paths }, { method: 'GET' })).toBe(false);
  });

  test('a grant without paths covers each, odd ones too', () => {
    expect(covers({}, { path: '/a/../b' })).toBe(true);
  });
});

test('one grant must cover method and path together', () => {
  const both = policies({ host: TO.host, methods: ['GET'], paths: ['/a'] }, { host: TO.host, methods: ['POST'], paths: ['/b'] });
  expect(coveringGrant(both, TO, { method: 'POST', path: '/b' })?.grant.paths).toEqual(['/b']);
  expect(coveringGrant(both, TO, { method: 'POST', path: '/a' })).toBeUndefined();
});

describe('whether requests have to be looked at', () => {
  const open = [{ host: TO.host }];

  test('they have where a credential is exchanged', () => {
    expect(needsSubstitution([policy([BEARER_GRANT], open)], TO)).toBe(true);
  });

  test.each(['AnthropicAPI', 'GitHubApp', 'PATPool'] as const)('they have where one of %s is (B9)', (kind) => {
    const grant = grantOf(undefined, { kind, hosts: ['*.example.com'] });
    expect(needsSubstitution([policy([grant], open)], TO)).toBe(true);
  });

  test('they have at the hosts that a built-in provider means without naming them (B9)', () => {
    const grant = grantOf(undefined, { kind: 'AnthropicAPI' });
    expect(needsSubstitution([policy([grant], [])], { host: 'api.anthropic.com', port: 443 })).toBe(true);
  });

  test('they have not at other hosts, nor for a credential in the container', () => {
    expect(needsSubstitution([policy([BEARER_GRANT, inContainer()], [{ host: 'other.example.com' }])], { host: 'other.example.com', port: 443 })).toBe(false);
  });

  test('they have where every grant is limited, not where one covers all', () => {
    expect(needsSubstitution(policies({ host: TO.host, paths: ['/a'] }), TO)).toBe(true);
    expect(needsSubstitution(policies({ host: TO.host, methods: ['GET'] }, { host: TO.host }), TO)).toBe(false);
  });

  test('they have not where nothing is granted', () => {
    expect(needsSubstitution([], TO)).toBe(false);
    expect(needsSubstitution([{ name: 'p1', spec: { appliesToTemplates: ['*'], grants: {} } }], TO)).toBe(false);
  });
});
