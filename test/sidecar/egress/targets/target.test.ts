import { isIP } from 'node:net';
import fc from 'fast-check';
import { absoluteTarget, baseUrlTarget, connectTarget, hostHeader, isSameTarget } from '../../../../sidecar/src/egress/targets/target';

const refusal = (code: string, message?: RegExp) => expect.objectContaining({ name: 'ApiError', code, ...(message === undefined ? {} : { message: expect.stringMatching(message) }) });

const name = (host: string, port: number) => ({ host, port, kind: 'name' });
const address = (host: string, port: number) => ({ host, port, kind: 'address' });

describe('the target of CONNECT', () => {
  test.each([
    ['api.example.com:443', name('api.example.com', 443)],
    ['API.Example.COM:443', name('api.example.com', 443)],
    ['api.example.com.:443', name('api.example.com', 443)],
    ['xn--bcher-kva.example:8443', name('xn--bcher-kva.example', 8443)],
    ['a:1', name('a', 1)],
    ['smtp.example.com:587', name('smtp.example.com', 587)],
    ['0x7f.example:65535', name('0x7f.example', 65535)],
    [`${'a.'.repeat(126)}b:80`, name(`${'a.'.repeat(126)}b`, 80)],
  ])('%.60s is a name', (text, target) => {
    expect(connectTarget(text)).toEqual(target);
  });

  // https://url.spec.whatwg.org/#concept-ipv4-parser and what inet_aton reads.
  test.each([
    ['127.0.0.1', '127.0.0.1'], ['127.1', '127.0.0.1'], ['127.0.1', '127.0.0.1'], ['2130706433', '127.0.0.1'], ['0x7f000001', '127.0.0.1'],
    ['0x7f.1', '127.0.0.1'], ['0X7F.0.0.1', '127.0.0.1'], ['0177.0.0.1', '127.0.0.1'], ['017700000001', '127.0.0.1'], ['127.0.0.1.', '127.0.0.1'],
    ['0', '0.0.0.0'], ['0x', '0.0.0.0'], ['00.0x.0.0', '0.0.0.0'], ['4294967295', '255.255.255.255'], ['169.254.43518', '169.254.169.254'],
    ['0xa9fea9fe', '169.254.169.254'], ['2852039166', '169.254.169.254'], ['8.8.8.8', '8.8.8.8'], ['010.8.8.8', '8.8.8.8'],
    ['[::1]', '::1'], ['[0:0:0:0:0:0:0:1]', '::1'], ['[FE80::A]', 'fe80::a'], ['[::ffff:127.0.0.1]', '::ffff:7f00:1'], ['[::ffff:7f00:1]', '::ffff:7f00:1'],
    ['[64:ff9b::169.254.169.254]', '64:ff9b::a9fe:a9fe'], ['[2001:DB8:0:0:1:0:0:1]', '2001:db8::1:0:0:1'],
  ])('%s is an address, whatever its form', (text, host) => {
    expect(connectTarget(`${text}:443`)).toEqual(address(host, 443));
  });

  test.each([
    ['', /a host name/], [':443', /a host name/], ['api.example.com', /the port must be there/], ['api.example.com:', /the port must be there/],
    ['api.example.com:0', /1 to 65535/], ['api.example.com:65536', /1 to 65535/], ['api.example.com:0443', /decimal/], ['api.example.com:+443', /decimal/],
    ['api.example.com:443:443', /decimal/], ['api.example.com:443/', /decimal/], ['api.example.com:４４３', /printable/],
    ['api.example.com..:443', /a host name/], ['.api.example.com:443', /a host name/], ['.:443', /a host name/], ['api..example.com:443', /a host name/],
    ['*.example.com:443', /a host name/], ['*:443', /a host name/], ['-a.example:443', /a host name/], ['a-.example:443', /a host name/],
    ['my_host.example.com:443', /a host name/], ['api%2eexample.com:443', /a host name/], ['bücher.example:443', /printable/], ['\u212Aube.example:443', /printable/],
    ['256.1.1.1:443', /a host name/], ['1.1.1.1.1:443', /a host name/], ['1.1.65536:443', /a host name/], ['4294967296:443', /a host name/], ['08.1.1.1:443', /a host name/],
    ['0x7g:443', /a host name/], ['1..1:443', /a host name/], ['99999999999999999999:443', /a host name/], ['a.example.1:443', /a host name/],
    ['::1:443', /decimal|a host name/], ['[::1]', /the port must be there/], ['[::1:443', /IPv6|a host name|brackets/], ['[]:443', /IPv6/], ['[fe80::1%25eth0]:443', /IPv6/], ['[fe80::1%eth0]:443', /IPv6/],
    ['[127.0.0.1]:443', /IPv6/], ['[v1.a]:443', /IPv6/], ['[::1]x:443', /a host name|brackets/], ['[1::2::3]:443', /IPv6/], ['[a.example]:443', /IPv6/],
    ['https://a.example:443', /a host name|decimal/], ['a.example:443#x', /printable/], ['a.example :443', /printable/], ['a.example\t:443', /printable/],
    ['a.example:443\r\nX: y', /printable/], ['a.example\0:443', /printable/], ['a.example\x7f:443', /printable/], ['a.example/:443', /a host name/], ['a\\b.example:443', /a host name/],
    [`${'a'.repeat(64)}.example:443`, /a host name/], [`${'a.'.repeat(127)}b:443`, /a host name/], [`${'a'.repeat(17_000)}:443`, /longer than 16384/],
  ])('%.50j is refused', (text, message) => {
    expect(() => connectTarget(text)).toThrow(refusal('BAD_TARGET', message));
  });

  test('a user name is refused, and what may be a password not repeated', () => {
    for (const text of ['u:planted@a.example:443', 'planted@a.example:443', 'a.example@planted:443']) {
      expect(() => connectTarget(text)).toThrow(refusal('BAD_TARGET', /^(?!.*planted)/));
    }
  });

  test('port 25 is refused whatever the host', () => {
    expect(() => connectTarget('mail.example.com:25')).toThrow(refusal('PORT_REFUSED', /^nobody connects to port 25$/));
    expect(() => connectTarget('127.1:25')).toThrow(refusal('PORT_REFUSED'));
  });

  test.each(['localhost', 'a.localhost', 'LOCALHOST.', 'kubernetes', 'kubernetes.default', 'broker.agents.svc', 'broker.agents.svc.cluster.local', 'cluster.local.'])('%s means the cluster', (host) => {
    expect(() => connectTarget(`${host}:443`)).toThrow(refusal('HOST_NOT_ALLOWED', /must be a host outside the cluster/));
  });
});

describe('the target of a plain request', () => {
  test.each([
    ['http://a.example/x?y=1', { ...name('a.example', 80), path: '/x?y=1' }],
    ['HTTP://A.example:8080', { ...name('a.example', 8080), path: '/' }],
    ['http://a.example?q=/', { ...name('a.example', 80), path: '/?q=/' }],
    ['http://[::1]:81//x/../y', { ...address('::1', 81), path: '//x/../y' }],
    ['http://0x7f.1/%0d%0a', { ...address('127.0.0.1', 80), path: '/%0d%0a' }],
    ['http://a.example/@b.example/"{|}"', { ...name('a.example', 80), path: '/@b.example/"{|}"' }],
  ])('%s is read', (text, target) => {
    expect(absoluteTarget(text)).toEqual(target);
  });

  test.each([
    '/path', '*', 'a.example:80', '//a.example/', 'http:/a.example/', 'http://', 'http:///path', 'http://?q', 'https://a.example/', 'ftp://a.example/', 'ws://a.example/',
    'http://u:p@a.example/', 'http://a.example:80@b.example/', 'http://a.example\\@b.example/', 'http://a.example\\b/', 'http://a.example/#x', 'http://a.example/ HTTP/1.1',
    'http://a.example/\r\nHost: b', 'http://a.example/\u00e9', 'http://a.example:/', ' http://a.example/', 'http://a.example%2f@b/', 'http://%61.example/',
  ])('%j is refused', (text) => {
    expect(() => absoluteTarget(text)).toThrow(refusal('BAD_TARGET'));
  });
});

describe('the path of a request to the base-URL listener', () => {
  test.each([
    ['/api.example.com/v1/messages?beta=true', { ...name('api.example.com', 443), path: '/v1/messages?beta=true' }],
    ['/API.example.com', { ...name('api.example.com', 443), path: '/' }],
    ['/api.example.com?x', { ...name('api.example.com', 443), path: '/?x' }],
    ['/api.example.com:8443//x', { ...name('api.example.com', 8443), path: '//x' }],
    ['/0x7f000001/', { ...address('127.0.0.1', 443), path: '/' }],
  ])('%s begins with the host', (text, target) => {
    expect(baseUrlTarget(text)).toEqual(target);
  });

  test.each(['', '/', '//api.example.com/', '/../api.example.com', '/%61pi.example.com/', '/u@api.example.com/', '/api.example.com:25a/', 'http://api.example.com/x', '/v1/ x', '/a.example/#', '/?a.example'])('%j is refused', (text) => {
    expect(() => baseUrlTarget(text)).toThrow(refusal('BAD_TARGET'));
  });
});

test('a Host header is the target of its connection when it spells the same host and port', () => {
  const target = connectTarget('api.example.com:443');
  expect(['api.example.com', 'API.example.com.', 'api.example.com:443'].map((text) => isSameTarget(hostHeader(text, 443), target))).toEqual([true, true, true]);
  expect(['api.example.com:80', 'example.com', 'www.api.example.com'].map((text) => isSameTarget(hostHeader(text, 443), target))).toEqual([false, false, false]);
});

describe('whatever the text', () => {
  const odd = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-z0-9.\[\]:%@\\/?#x_-]{0,40}$/), fc.webUrl({ withQueryParameters: true }), fc.ipV4Extended(), fc.ipV6(), fc.domain());

  test('a target is well formed or a coded refusal', () => {
    fc.assert(fc.property(odd, fc.constantFrom(connectTarget, absoluteTarget, baseUrlTarget), fc.constantFrom('', ':443', '/x'), fc.constantFrom('', '/', 'http://'), (text, read, end, start) => {
      let target;
      try {
        target = read(start + text + end);
      } catch (error) {
        expect(error).toMatchObject({ name: 'ApiError', status: expect.any(Number) });
        return;
      }
      expect(target.host).toMatch(target.kind === 'name' ? /^[a-z0-9.-]{1,253}$/ : /^[0-9a-f.:]+$/);
      expect(target.port).toBeGreaterThan(0);
      expect(target.port).toBeLessThan(65536);
      // What is read once is read the same again: there is one spelling.
      const host = target.host.includes(':') ? `[${target.host}]` : target.host;
      expect(connectTarget(`${host}:${target.port}`)).toEqual({ host: target.host, port: target.port, kind: target.kind });
    }), { numRuns: 2000 });
  });

  test('an address is what the URL standard reads as one, and is read as the same', () => {
    const forms = fc.oneof(fc.ipV4Extended(), fc.stringMatching(/^(0x)?[0-9a-f]{1,9}(\.(0x)?[0-9a-f]{1,4}){0,3}\.?$/), fc.ipV6().map((text) => `[${text}]`));
    fc.assert(fc.property(forms, (text) => {
      const hostname = URL.canParse(`http://${text}/`) ? new URL(`http://${text}/`).hostname.replace(/^\[|\]$/g, '') : '';
      expect(addressIn(text)).toBe(isIP(hostname) === 0 ? undefined : hostname);
    }), { numRuns: 2000 });
  });
});

function addressIn(text: string): string | undefined {
  try {
    const { kind, host } = connectTarget(`${text}:443`);
    return kind === 'address' ? host : undefined;
  } catch {
    return undefined;
  }
}
