import fc from 'fast-check';
import { answerHead } from '../../../../sidecar/src/egress/requests/answer-head';
import { answerHeaders, changed, type Header, hostValue, joined, requestHeaders } from '../../../../sidecar/src/egress/requests/passed-headers';
import { passedPath } from '../../../../sidecar/src/egress/requests/passed-query';
import { substitutedHead, substitutionQuestion } from '../../../../sidecar/src/egress/requests/substitution';

describe('headers of a request', () => {
  test.each<[string, string[], string | undefined, Header[]]>([
    ['go on in their order and letters', ['X-B', '1', 'x-a', '2', 'X-B', '3'], undefined, [['X-B', '1'], ['x-a', '2'], ['X-B', '3']]],
    ['of the connection do not', ['Connection', 'close', 'Keep-Alive', 'x', 'TE', 'x', 'Trailer', 'x', 'Transfer-Encoding', 'chunked', 'Upgrade', 'h2c', 'HTTP2-Settings', 'x'], 'close', []],
    ['that Connection names do not', ['X-One', '1', 'x-two', '2'], 'X-ONE, close', [['x-two', '2']]],
    ['for proxies do not', ['Proxy-Authorization', 'x', 'PROXY-CONNECTION', 'x', 'Proxy-Anything', 'x'], undefined, []],
    ['say the host of the target', ['Host', 'other', 'host', 'another'], undefined, []],
    ['do not expect', ['Expect', '100-continue'], undefined, []],
    ['keep their length when Connection names it', ['Content-Length', '5'], 'content-length', [['Content-Length', '5']]],
  ])('%s', (_what, raw, connection, passed) => {
    expect(requestHeaders(raw, connection, 'a.example')).toEqual([['host', 'a.example'], ...passed]);
  });

  test('are joined by name, whatever it is', () => {
    expect(joined([['X-A', '1'], ['x-a', '2'], ['__proto__', 'p'], ['constructor', 'c']])).toEqual(Object.fromEntries([['x-a', '1, 2'], ['__proto__', 'p'], ['constructor', 'c']]));
  });

  test('are changed by name in any case', () => {
    expect(changed([['A', '1'], ['b', '2'], ['a', '3'], ['C', '4']], { a: 'x', c: undefined })).toEqual([['b', '2'], ['a', 'x']]);
  });
});

test.each<[string, number, boolean, string]>([
  ['api.example.com', 443, true, 'api.example.com'], ['api.example.com', 443, false, 'api.example.com:443'], ['api.example.com', 80, false, 'api.example.com'],
  ['192.0.2.1', 8443, true, '192.0.2.1:8443'], ['2001:db8::1', 443, true, '[2001:db8::1]'], ['2001:db8::1', 80, true, '[2001:db8::1]:80'],
])('the host of %s and port %d, over TLS: %p, is said as %s', (host, port, secure, said) => {
  expect(hostValue({ host, port, kind: 'name' }, secure)).toBe(said);
});

describe('headers of an answer', () => {
  test('go on but for those of the connection, those of proxies and other ways to the server', () => {
    expect(answerHeaders({
      'connection': 'close, X-Hop',
      'x-hop': '1',
      'keep-alive': 'x',
      'proxy-authenticate': 'Basic',
      'proxy-status': 'x',
      'alt-svc': 'h3=":443"',
      'upgrade': 'h2',
      'trailer': 'x',
      'set-cookie': ['a=1', 'b=2'],
      'content-length': '3',
      'strict-transport-security': 'x',
    })).toEqual([['set-cookie', 'a=1'], ['set-cookie', 'b=2'], ['content-length', '3'], ['strict-transport-security', 'x']]);
  });

  test('have no length when there is no content', () => {
    expect(answerHead(204, { 'content-length': '5', 'etag': 'x' })).toEqual([['etag', 'x']]);
    expect(answerHead(304, { 'content-length': '5' })).toEqual([['content-length', '5']]);
  });

  test.each<[string, Record<string, string | string[]>]>([
    ['two lengths', { 'content-length': ['5', '5'] }], ['length and chunks', { 'content-length': '5', 'transfer-encoding': 'chunked' }],
    ['another coding', { 'transfer-encoding': 'gzip, chunked' }], ['chunks twice', { 'transfer-encoding': ['chunked', 'chunked'] }],
  ])('are refused with %s', (_what, headers) => {
    expect(() => answerHead(200, headers)).toThrow(expect.objectContaining({ code: 'UPSTREAM_FAILED' }));
  });
});

describe('the query', () => {
  test.each<[string, Parameters<typeof passedPath>[1], string]>([
    ['/p?a=1&b=%7e+x&a=2', { allowedQueryParams: ['a', 'b'] }, '/p?a=1&b=%7e+x&a=2'],
    ['/p?a=1&&b', { allowedQueryParams: ['a', 'b'] }, '/p?a=1&&b'],
    ['/p?', {}, '/p?'],
    ['/p', {}, '/p'],
    ['/p?a=1&key=x&b=%20', { allowedQueryParams: ['a', 'b'] }, '/p?a=1&b=%20'],
    ['/p?key=x', {}, '/p'],
    ['/p?%6bey=x&b=1', { allowedQueryParams: ['b'] }, '/p?b=1'],
    ['/p?a+b=1', { allowedQueryParams: ['a b'] }, '/p?a+b=1'],
    ['/p?key=old&a=1&key=older', { allowedQueryParams: ['a', 'key'], setQueryParams: { key: 'a/b&c' } }, '/p?a=1&key=a%2Fb%26c'],
    ['/p', { setQueryParams: { 'k y': 'v' } }, '/p?k%20y=v'],
    ['/p?a=1?b=2', { allowedQueryParams: ['a'] }, '/p?a=1?b=2'],
    ['/p??a=1', { allowedQueryParams: ['a'] }, '/p'],
    ['/p?__proto__=1&toString=2', { allowedQueryParams: [], setQueryParams: {} }, '/p'],
  ])('%s with %j is %s', (path, rules, passed) => {
    expect(passedPath(path, rules)).toBe(passed);
  });

  test('has no parameter that is not allowed, as servers read it', () => {
    const query = fc.array(fc.constantFrom('a', 'b', 'key', '=', '&', '%6b', '+', '%', '?', ';', '%26'), { maxLength: 20 }).map((parts) => parts.join(''));
    fc.assert(fc.property(query, fc.subarray(['a', 'b', 'a b', '']), (text, allowed) => {
      const [, passed = ''] = passedPath(`/p?${text}`, { allowedQueryParams: allowed }).split(/\?(.*)/s);
      expect([...new URLSearchParams(`&${passed}`)]).toEqual([...new URLSearchParams(`&${text}`)].filter(([name]) => allowed.includes(name)));
    }), { numRuns: 2000 });
  });
});

describe('a head that is exchanged', () => {
  const head = { method: 'POST', path: '/p?a=1&key=pdk', headers: [['host', 'h'], ['Content-Length', '5'], ['Content-Type', 'x'], ['X-Api-Key', 'pdk'], ['Accept', 'y'], ['sec-websocket-key', 'z']] as Header[] };

  test('is told to the broker whole', () => {
    expect(substitutionQuestion({ token: 't', clientAddress: '10.0.0.1', host: 'h', port: 443 }, head)).toEqual({
      egressToken: 't',
      clientAddress: '10.0.0.1',
      host: 'h',
      port: 443,
      method: 'POST',
      path: '/p',
      query: 'a=1&key=pdk',
      headers: { 'host': 'h', 'content-length': '5', 'content-type': 'x', 'x-api-key': 'pdk', 'accept': 'y', 'sec-websocket-key': 'z' },
    });
  });

  test('keeps what it needs and what is allowed, in any case', () => {
    const answer = { setHeaders: { 'x-API-key': 'real' }, removeHeaders: ['ACCEPT', 'Content-Length', 'Host'], allowedHeaders: ['Accept'], allowedQueryParams: ['a'] };
    expect(substitutedHead(head, answer)).toEqual({
      method: 'POST', path: '/p?a=1', headers: [['host', 'h'], ['Content-Length', '5'], ['Content-Type', 'x'], ['sec-websocket-key', 'z'], ['x-API-key', 'real']],
    });
  });

  test('loses everything else to an empty answer', () => {
    expect(substitutedHead(head, {})).toMatchObject({ path: '/p', headers: [['host', 'h'], ['Content-Length', '5'], ['Content-Type', 'x'], ['sec-websocket-key', 'z']] });
  });

  test.each(['HOST', 'content-length', 'Transfer-Encoding', 'connection', 'upgrade', 'Expect', 'proxy-authorization'])('is refused when the broker sets %s', (name) => {
    expect(() => substitutedHead(head, { setHeaders: { [name]: '1' } })).toThrow(expect.objectContaining({ code: 'BROKER_FAILED' }));
  });
});
