import fc from 'fast-check';
import { entryPointFor, originOf } from '../../../../sidecar/src/gateway/invocations/entry-point';
import { invocationTarget } from '../../../../sidecar/src/gateway/invocations/invocation-target';
import type { SessionEntryPoint } from '../../../../src/protocol/session-record';

const at = (path: string, port = 1): SessionEntryPoint => ({ path, port, protocol: 'HTTP' });
const chosen = (paths: readonly string[], path: string) => entryPointFor(paths.map((one) => at(one)), path)?.path;

test.each([
  [['/', '/api', '/api/v2'], '/api/v2/x', '/api/v2'], [['/api/v2', '/api', '/'], '/api/v2', '/api/v2'], [['/', '/api'], '/api/', '/api'],
  [['/', '/api'], '/apix', '/'], [['/', '/api/'], '/api', '/api/'], [['/', '/api'], '/API', '/'], [['/', '/api'], '/api%2Fx', '/'], [['/', '/api'], '//api', '/'],
])('of %j the path %s leads to %s', (paths, path, expected) => {
  expect(chosen(paths, path)).toBe(expected);
});

test.each([[['/api'], '/apix'], [['/api'], '/'], [[], '/'], [['/api/v2'], '/api']])('of %j the path %s leads nowhere', (paths, path) => {
  expect(chosen(paths, path)).toBeUndefined();
});

test('no order of entry points changes the choice, and no longer one fits', () => {
  const path = fc.array(fc.constantFrom('a', 'b', 'ab'), { maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
  fc.assert(fc.property(fc.uniqueArray(path, { maxLength: 6 }), path, (paths, asked) => {
    const one = chosen(paths, asked);
    expect(chosen([...paths].reverse(), asked)).toBe(one);
    const fitting = paths.filter((prefix) => prefix === '/' || `${asked}/`.startsWith(`${prefix}/`));
    expect(one?.length ?? -1).toBe(Math.max(-1, ...fitting.map(({ length }) => length)));
  }));
});

test('an address of IPv6 is in brackets', () => {
  expect(originOf({ path: '/', protocol: 'HTTPS', port: 8443 }, 'fd00::7')).toBe('https://[fd00::7]:8443');
  expect(originOf({ path: '/', protocol: 'HTTP', port: 8080 }, '10.0.0.7')).toBe('http://10.0.0.7:8080');
});

const BASE = '/v1/namespaces/team-a/code-interpreters/python/invocations';

test.each([['/x', '/x', '/x'], ['/', '/', '/'], ['/a?b=/c?d', '/a?b=/c?d', '/a'], ['/?', '/?', '/'], ['/..%2f..', '/..%2f..', '/..%2f..'], ['//', '//', '//']])(
  'behind the base %s asks for %s', (rest, pathAndQuery, path) => {
    expect(invocationTarget(`${BASE}${rest}`)).toEqual({ kind: 'code-interpreter', namespace: 'team-a', name: 'python', path, pathAndQuery });
    expect(invocationTarget(`http://other:1${BASE}${rest}`)).toMatchObject({ path, pathAndQuery });
  });

test('names are read decoded', () => {
  expect(invocationTarget('/v1/namespaces/team%2Da/agent-runtimes/a%2Fb/invocations/x')).toMatchObject({ kind: 'agent-runtime', namespace: 'team-a', name: 'a/b' });
});

test.each(['', '/', BASE, `${BASE}?x=/y`, '/v1/namespaces/a/others/b/invocations/x', '/v1/namespaces/%zz/code-interpreters/b/invocations/x', '/v1/namespaces//code-interpreters/b/invocations/', 'ftp://x/y', '*'])(
  '%j is no invocation', (url) => {
    expect(invocationTarget(url)).toBeUndefined();
  });

test('whatever follows the base is asked for as it is', () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'/.%2f?;&=a#~'.split('')) }), (rest) => {
    expect(invocationTarget(`${BASE}/${rest}`)?.pathAndQuery).toBe(`/${rest}`);
  }));
});
