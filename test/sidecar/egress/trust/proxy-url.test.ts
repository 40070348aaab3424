import { isIPv6 } from 'node:net';
import { proxyUrlOf } from '../../../../sidecar/src/egress/trust/proxy-url';

const service = (spec: unknown) => ({ metadata: { name: 'egress' }, spec });

test.each([
  ['10.96.0.17', 'http://10.96.0.17:15001'],
  ['fd00:10:96::11', 'http://[fd00:10:96::11]:15001'],
])('a Service at %s is reached as %s', (clusterIP, url) => {
  expect(proxyUrlOf(service({ clusterIP }))).toBe(url);
  expect(isIPv6(clusterIP)).toBe(new URL(url).hostname.startsWith('['));
});

test.each<[string, unknown]>([
  ['is headless', { clusterIP: 'None' }],
  ['has no address yet', { clusterIP: '' }],
  ['is a name for another host', { type: 'ExternalName', externalName: 'proxy.example.com' }],
  ['has a name in place of its address', { clusterIP: 'egress.agents.svc' }],
  ['has a zone in its address', { clusterIP: 'fe80::1%eth0/../x' }],
  ['has a port in its address', { clusterIP: '10.96.0.17:80' }],
  ['has a list', { clusterIP: ['10.96.0.17'] }],
  ['has nothing', undefined],
])('a Service that %s is refused', (_, spec) => {
  expect(() => proxyUrlOf(service(spec))).toThrow(/^Service egress has no cluster IP, got /);
});
