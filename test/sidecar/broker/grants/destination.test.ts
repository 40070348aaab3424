import * as fc from 'fast-check';
import { destinationOf } from '../../../../sidecar/src/broker/grants/destination';
import { hostProblem } from '../../../../src/protocol/hosts';

test.each([
  ['api.example.com', 'api.example.com'],
  ['API.Example.COM', 'api.example.com'],
  ['api.example.com.', 'api.example.com'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['XN--BCHER-KVA.example.', 'xn--bcher-kva.example'],
])('%s is %s', (host, spelling) => {
  expect(destinationOf(host, 443)).toEqual({ host: spelling, port: 443 });
});

test.each([
  ['a port inside', 'api.example.com:443'],
  ['a user inside', 'user@api.example.com'],
  ['a path inside', 'api.example.com/x'],
  ['a scheme', 'https://api.example.com'],
  ['a blank', ' api.example.com'],
  ['a line end', 'api.example.com\n'],
  ['a NUL byte', 'api.example.com\0.evil.net'],
  ['two dots at the end', 'api.example.com..'],
  ['a dot alone', '.'],
  ['an empty label', 'api..example.com'],
  ['a leading dot', '.example.com'],
  ['a wildcard', '*.example.com'],
  ['a bare wildcard', '*'],
  ['letters outside ASCII', 'bücher.example'],
  ['the Kelvin sign, which becomes a k', '\u212a8s.example.com'],
  ['a full-width letter', '\uff41pi.example.com'],
  ['an ideographic full stop', 'api\u3002example\u3002com'],
  ['percent escapes', 'api%2eexample.com'],
  ['an underscore', 'api_1.example.com'],
  ['an IPv4 address', '127.0.0.1'],
  ['an IPv4 address with a dot at the end', '127.0.0.1.'],
  ['a short IPv4 address', '127.1'],
  ['a decimal IPv4 address', '2130706433'],
  ['a hexadecimal IPv4 address', '0x7f000001'],
  ['an octal IPv4 address', '0177.0.0.1'],
  ['a name that ends in a number', 'api.example.1'],
  ['an IPv6 address', '::1'],
  ['an IPv6 address in brackets', '[2001:db8::1]'],
  ['an IPv6 zone', 'fe80::1%eth0'],
  ['the pod itself', 'localhost'],
  ['the pod itself, with a dot', 'LOCALHOST.'],
  ['a name of the pod', 'api.localhost'],
  ['the API server', 'kubernetes.default.svc'],
  ['a Service', 'broker.agents.svc.cluster.local.'],
  ['nothing', ''],
  ['too long a name', `${'a.'.repeat(127)}com`],
  ['too long a label', `${'a'.repeat(64)}.com`],
])('a host with %s is no destination', (_, host) => {
  expect(destinationOf(host, 443)).toBeUndefined();
});

test.each([0, -1, 65536, 1.5, NaN, Infinity])('port %s is no destination', (port) => {
  expect(destinationOf('api.example.com', port)).toBeUndefined();
});

test('every destination is in the one spelling that grants have, and is its own destination', () => {
  const spelling = fc.oneof(fc.domain(), fc.string(), fc.webAuthority(), fc.ipV4(), fc.ipV6(), fc.domain().map((name) => `${name.toUpperCase()}.`));
  fc.assert(fc.property(spelling, (host) => {
    const found = destinationOf(host, 443);
    if (found === undefined) return;
    expect(hostProblem(found.host)).toBeUndefined();
    expect(destinationOf(found.host, 443)).toEqual(found);
  }));
});
