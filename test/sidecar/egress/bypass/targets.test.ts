import type { EgressCode } from '../../../../src/protocol/egress-api';
import { head } from '../world/agent';
import { HOSTS, ODD_PORT } from '../world/catalog';
import { egressWorld } from '../world/world';

const world = egressWorld();

/** Forms of addresses that some program somewhere takes for one of ours. */
const ADDRESSES = [
  '93.184.216.34', '127.0.0.1', '127.1', '127.0.1', '0', '0.0.0.0', '2130706433', '0x7f000001', '0x7f.0.0.1', '0177.0.0.1', '0177.1', '017700000001',
  '10.0.0.1', '100.64.0.1', '192.168.1.1', '169.254.169.254', '2852039166', '0xa9fea9fe', '169.254.43518', '255.255.255.255',
  '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '[fd00:ec2::254]', '[fe80::1]',
];

/** Names that nobody granted, or that mean the pod or the cluster. */
const NAMES = [
  HOSTS.foreign, 'wild.example.test', 'evilwild.example.test', 'example.test', `${HOSTS.api}.foreign.example.test`, 'xapi.example.test',
  'localhost', 'LOCALHOST', 'a.localhost', 'kubernetes', 'kubernetes.default', 'broker.platform.svc', 'broker.platform.svc.cluster.local',
  'metadata.google.internal', 'instance-data.ec2.internal', 'xn--bcher-kva.example.test',
  'dns.google', 'cloudflare-dns.com', 'one.one.one.one', 'dns.quad9.net', 'doh.opendns.com',
];

/** What is no target. */
const MALFORMED = [
  'api_.example.test', '_api.example.test', '-api.example.test', 'api..example.test', `${HOSTS.api}..`, `.${HOSTS.api}`, '*.wild.example.test',
  'api%2eexample.test', '127.0.0.1%00', `user@${HOSTS.api}`, `user:pw@${HOSTS.api}`, `${HOSTS.api}@${HOSTS.foreign}`,
  '[::1%lo]', '[::1', '::1', '1.2.3.4.5', '256.1.1.1', '0x1ffffffff', '127.0.0.08', 'a'.repeat(64), `${'a.'.repeat(130)}test`, '',
];

/** What the parser takes for no request line. */
const UNREADABLE = ['b\xfccher.example.test:443', `${HOSTS.foreign}\\@${HOSTS.api}:443`, `${HOSTS.api}:443#`, `${HOSTS.api}:443 x`, '\x7f:443', `${HOSTS.api}\t:443`];

const PORTS: [string, EgressCode][] = [
  ['', 'BAD_TARGET'], [':', 'BAD_TARGET'], [':0', 'BAD_TARGET'], [':65536', 'BAD_TARGET'], [':0443', 'BAD_TARGET'], [':+443', 'BAD_TARGET'], [':443:443', 'BAD_TARGET'], [':443/', 'BAD_TARGET'],
  [':4_43', 'BAD_TARGET'], [':-1', 'BAD_TARGET'], [':0x1bb', 'BAD_TARGET'], [':25', 'PORT_REFUSED'],
];

describe('by CONNECT, refused before anything is looked up is', () => {
  test.each(ADDRESSES)('the address %s', async (address) => {
    world.expectRefusal((await world.one.connect(`${address}:443`)).answer, 'HOST_NOT_ALLOWED');
    world.expectUntouched();
  });

  test.each(NAMES)('the name %s', async (name) => {
    world.expectRefusal((await world.one.connect(`${name}:443`)).answer, 'HOST_NOT_ALLOWED');
    world.expectUntouched();
  });

  test.each(MALFORMED)('%j', async (text) => {
    world.expectRefusal((await world.one.connect(`${text}:443`)).answer, 'BAD_TARGET');
    world.expectUntouched();
  });

  test.each(UNREADABLE)('%j, as no request', async (text) => {
    world.expectRefusal((await world.one.connect(text)).answer, 'BAD_REQUEST');
    world.expectUntouched();
  });

  test.each(PORTS)('the port %j with %s', async (port, code) => {
    world.expectRefusal((await world.one.connect(`${HOSTS.api}${port}`)).answer, code);
    world.expectUntouched();
  });

  test.each([[HOSTS.odd, 443], [HOSTS.odd, ODD_PORT + 1]])('another port of a grant: %s:%d', async (host, port) => {
    world.expectRefusal((await world.one.connect(`${host}:${port}`)).answer, 'HOST_NOT_ALLOWED');
    world.expectUntouched();
  });
});

describe('the same holds', () => {
  test.each([...ADDRESSES, ...NAMES])('in absolute-form for %s', async (host) => {
    const wire = await world.one.dial();
    world.expectRefusal(await wire.send(head(`GET http://${host}/latest/meta-data/ HTTP/1.1`, `Host: ${HOSTS.files}`, world.one.proxyAuthorization)).answer(), 'HOST_NOT_ALLOWED');
    world.expectUntouched();
  });

  test.each([...ADDRESSES, ...NAMES])('of base URLs for %s', async (host) => {
    const wire = await world.one.dial('baseUrl');
    world.expectRefusal(await wire.send(head(`GET /${host}/ HTTP/1.1`, `Host: ${HOSTS.api}`, `Authorization: Bearer ${world.one.bearers.api}`)).answer(), 'HOST_NOT_ALLOWED');
    world.expectUntouched();
  });

  test.each([
    ['https', `https://${HOSTS.api}/`], ['ftp', `ftp://${HOSTS.files}/`], ['file', 'file:///etc/passwd'], ['a path', '/'], ['another host behind an @', `http://${HOSTS.files}@${HOSTS.foreign}/`],
    ['a fragment', `http://${HOSTS.files}/#x`], ['port 25', `http://${HOSTS.files}:25/`],
  ])('in absolute-form for %s', async (name, target) => {
    const wire = await world.one.dial();
    world.expectRefusal(await wire.send(head(`GET ${target} HTTP/1.1`, `Host: ${HOSTS.files}`, world.one.proxyAuthorization)).answer(), name === 'port 25' ? 'PORT_REFUSED' : 'BAD_TARGET');
    world.expectUntouched();
  });

  test.each([
    [`/${HOSTS.api}:25/`, 'PORT_REFUSED'], ['/', 'BAD_TARGET'], ['//', 'BAD_TARGET'], [`//${HOSTS.api}/`, 'BAD_TARGET'], [`http://${HOSTS.api}/`, 'BAD_TARGET'], ['/%61pi.example.test/', 'BAD_TARGET'],
    [`/${HOSTS.api}@${HOSTS.foreign}/`, 'BAD_TARGET'], [`/..%2f${HOSTS.api}/`, 'BAD_TARGET'],
  ] as [string, EgressCode][])('of base URLs: %s is answered with %s', async (target, code) => {
    const wire = await world.one.dial('baseUrl');
    world.expectRefusal(await wire.send(head(`GET ${target} HTTP/1.1`, 'Host: proxy', `Authorization: Bearer ${world.one.bearers.api}`)).answer(), code);
    world.expectUntouched();
  });
});

describe('a line break in a target', () => {
  test.each([
    ['CONNECT with a line feed', `CONNECT ${HOSTS.api}:443\nHost: x HTTP/1.1`, 505], ['CONNECT with NUL', `CONNECT ${HOSTS.api}\0:443 HTTP/1.1`, 400],
    ['GET with CR alone', `GET http://${HOSTS.files}/a\rb HTTP/1.1`, 400], ['GET with NUL', `GET http://${HOSTS.files}/\0 HTTP/1.1`, 400],
    // What is in front of the break is a request line of HTTP/0.9.
    ['CONNECT', `CONNECT ${HOSTS.api}:443\r\nX-Smuggled: 1 HTTP/1.1`, 505], ['GET', `GET http://${HOSTS.files}/a\r\nX: 1 HTTP/1.1`, 505],
  ])('of %s is no request', async (_, line, status) => {
    const wire = await world.one.dial();
    world.expectRefusal(await wire.send(head(line, `Host: ${HOSTS.files}`, world.one.proxyAuthorization)).answer(), 'BAD_REQUEST', status);
    world.expectUntouched();
  });
});

describe('one spelling stands for all:', () => {
  test.each([`${HOSTS.api}.:443`, 'API.Example.TEST:443'])('%s is the host that is granted', async (authority) => {
    expect((await world.one.connect(authority)).answer.status).toBe(200);
    expect(world.upstreams.asked.every((host) => host === HOSTS.api)).toBe(true);
  });
});
