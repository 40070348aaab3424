import fc from 'fast-check';
import { proxyHost } from '../../../sidecar/src/fence/proxy-host';

test.each([
  ['http://10.96.0.9:15001', '10.96.0.9'], ['http://[fd00::9]:15001', 'fd00::9'], ['http://10.96.0.9', '10.96.0.9'], ['http://10.96.0.9:15001/', '10.96.0.9'],
])('the host of %s is %s', (url, host) => {
  expect(proxyHost(url)).toBe(host);
});

test.each(['', 'nonsense', '10.96.0.9:15001', 'http://egress:15001', 'https://10.96.0.9:15001', 'file:///etc/passwd', 'http://[fd00::9'])('%j is refused', (text) => {
  expect(() => proxyHost(text)).toThrow(`proxy-url must be http:// with an IP address, got ${JSON.stringify(text)}`);
});

test('every address is read as it was written', () => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6().map((ip) => `[${ip}]`)), (host) => {
    const read = proxyHost(`http://${host}:15001`);
    expect(proxyHost(`http://${read.includes(':') ? `[${read}]` : read}:15001`)).toBe(read);
  }));
});

test('a refusal shows the beginning of what is there, and no more', () => {
  expect(() => proxyHost('x'.repeat(1000))).toThrow(/got "x{128}"$/);
});
