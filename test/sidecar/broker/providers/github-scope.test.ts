import { excess, scopeKey, scopeOf } from '../../../../sidecar/src/broker/providers/github-scope';

const LIB = { owner: 'Acme', repo: 'lib' } as const;
const APP = { owner: 'acme', repo: 'app', access: 'write' } as const;
const level = (repositories: Parameters<typeof scopeOf>[0], path?: string) => scopeOf(repositories, path).permissions.contents;

describe('a token may write', () => {
  test.each([
    '/acme/app.git/info/refs?service=git-receive-pack', '/acme/app.git/git-receive-pack', '/acme/app/git-upload-pack', '/ACME/App.git/x',
    '/repos/acme/app/pulls', '/repos/acme/app', '/api/v3/repos/acme/app/git/refs', '/api/uploads/repos/acme/app/releases/1/assets',
  ])('at %s, for that is about the repository that may be written', (path) => {
    expect(scopeOf([LIB, APP], path)).toEqual({ repositories: [APP], permissions: { contents: 'write', metadata: 'read', pull_requests: 'write' } });
  });

  test('when nothing is known of the request and all repositories may be written', () => {
    expect(level([APP])).toBe('write');
  });
});

describe('a token may only read', () => {
  test.each(['/acme/lib.git/git-receive-pack', '/acme/app2/x', '/x/acme/app', '/graphql', '/user', '/', '', '/repos/acme', '//acme/app', '/acme%2Fapp/x'])('at %s', (path) => {
    expect(scopeOf([LIB, APP], path)).toEqual({ repositories: [LIB, APP], permissions: { contents: 'read', metadata: 'read', pull_requests: 'read' } });
  });

  test('when nothing is known of the request and one repository may only be read', () => {
    expect(level([LIB, APP])).toBe('read');
  });

  test('when the policy names no repository', () => {
    expect(scopeOf([], '/acme/app.git/git-receive-pack')).toMatchObject({ repositories: [], permissions: { contents: 'read' } });
    expect(level([])).toBe('read');
  });
});

test('equal scopes have equal keys, and others have others', () => {
  expect(scopeKey(scopeOf([LIB, APP], '/'))).toBe(scopeKey(scopeOf([APP, LIB], '/')));
  expect(new Set([scopeOf([APP], '/'), scopeOf([APP], undefined), scopeOf([LIB], '/'), scopeOf([], '/')].map(scopeKey)).size).toBe(4);
});

describe('an answer', () => {
  const asked = scopeOf([LIB], '/');
  const { permissions } = asked;
  const repositories = [{ full_name: 'acme/LIB' }];

  test('with what was asked for, or less, is taken', () => {
    expect(excess(asked, permissions, repositories)).toBeUndefined();
    expect(excess(asked, { metadata: 'read' }, [])).toBeUndefined();
    expect(excess(scopeOf([], '/'), permissions, undefined)).toBeUndefined();
  });

  test.each<[string, unknown, unknown, string]>([
    ['no permissions', undefined, repositories, 'does not say what the token may do'],
    ['a list of permissions', [], repositories, 'does not say what the token may do'],
    ['a higher level', { contents: 'write' }, repositories, 'grants other permissions than were asked for'],
    ['a level that nobody knows', { contents: 'owner' }, repositories, 'grants other permissions than were asked for'],
    ['a permission that was not asked for', { ...permissions, workflows: 'read' }, repositories, 'grants other permissions than were asked for'],
    ['no repositories', permissions, undefined, 'does not say which repositories the token is for'],
    ['a repository of another owner', permissions, [...repositories, { full_name: 'globex/lib' }], 'is for other repositories than the policy names'],
    ['a repository without a name', permissions, [{}], 'is for other repositories than the policy names'],
  ])('with %s is refused', (_, given, named, problem) => {
    expect(excess(asked, given, named)).toBe(problem);
  });
});
