import fc from 'fast-check';
import { http1Head } from '../../../../sidecar/src/egress/listeners/http2-head';

const HEAD = [':method', 'GET', ':scheme', 'https', ':authority', 'api.example.com', ':path', '/a?b=1'];

test('a head has its host in front, and nothing of the pseudo-header fields else', () => {
  expect(http1Head([...HEAD, 'accept', '*/*', 'x-a', '1', 'x-a', '2'], false)).toEqual({
    method: 'GET', target: '/a?b=1', fields: ['host', 'api.example.com', 'accept', '*/*', 'x-a', '1', 'x-a', '2', 'content-length', '0'],
  });
});

test.each([
  ['of a length that is said', ['content-length', '5'], true, ['content-length', '5']],
  ['of a length that nobody says', [], true, ['transfer-encoding', 'chunked']],
  ['that is not there', [], false, ['content-length', '0']],
])('a body %s has one framing', (_case, more, hasBody, framing) => {
  expect(http1Head([...HEAD, ...more], hasBody).fields).toEqual(['host', 'api.example.com', ...framing]);
});

test('the pieces of a cookie are one again', () => {
  expect(http1Head([...HEAD, 'cookie', 'a=1', 'x', 'y', 'cookie', 'b=2'], false).fields).toEqual(expect.arrayContaining(['cookie', 'a=1; b=2']));
});

test('a host that says the same again is there once', () => {
  expect(http1Head([...HEAD, 'host', 'api.example.com'], false).fields.filter((field) => field === 'host')).toHaveLength(1);
});

test('a host that says something else is there too, to be refused', () => {
  expect(http1Head([...HEAD, 'host', 'other.example.com'], false).fields.slice(0, 4)).toEqual(['host', 'api.example.com', 'host', 'other.example.com']);
});

test('another scheme makes the target absolute, to be refused', () => {
  const plain = [':method', 'GET', ':scheme', 'http', ':authority', 'api.example.com', ':path', '/a'];
  expect(http1Head(plain, false).target).toBe('http://api.example.com/a');
});

test('whatever the fields are, the framing is said once, and no pseudo-header passes as a field', () => {
  const field = fc.tuple(fc.constantFrom('host', 'cookie', 'content-length', 'x-a', ':protocol', ':path'), fc.constantFrom('1', '/a', 'api.example.com'));
  fc.assert(fc.property(fc.uniqueArray(field, { selector: ([name]) => name }), fc.boolean(), (more, hasBody) => {
    const { fields } = http1Head([...HEAD, ...more.flat()], hasBody);
    const names = fields.filter((_, at) => at % 2 === 0);
    expect(names.filter((name) => ['content-length', 'transfer-encoding'].includes(name))).toHaveLength(1);
    expect(names.filter((name) => name.startsWith(':'))).toEqual([]);
  }));
});
