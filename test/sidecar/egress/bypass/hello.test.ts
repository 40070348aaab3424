import { connect as connectTls } from 'node:tls';
import { eventually } from '../../../helpers/temp-folder';
import { alpn, bytes, hello, message, records, serverNames, vector } from '../hello/hellos';
import { HOSTS } from '../world/catalog';
import type { Wire } from '../world/wire';
import { egressWorld } from '../world/world';

const world = egressWorld();

/** The groups and versions without which no server goes on. */
const VERSIONS = [43, vector(1, bytes('03040303'))] as const;
const named = (...names: string[]) => hello({ extensions: [serverNames(...names), VERSIONS] });
/** https://www.rfc-editor.org/rfc/rfc9849#section-5: an outer hello, with bytes that nobody can read. */
const ECH = [0xfe0d, bytes('0000010001aa0020'.padEnd(16, '0') + '00'.repeat(32))] as const;

async function opened(host: string): Promise<Wire> {
  const { wire, answer } = await world.one.connect(`${host}:443`);
  expect(answer.status).toBe(200);
  return wire;
}

async function expectClosed(wire: Wire, outcome: string): Promise<void> {
  expect(await wire.rest()).toBe('');
  expect(world.upstreams.text).toBe('');
  await eventually(() => ends().length > 0);
  expect(ends()).toEqual([expect.objectContaining({ outcome, host: expect.any(String), client: '127.0.0.1' })]);
}

/** Lines about what has ended since the test began. */
function ends(): Record<string, unknown>[] {
  return world.log.lines().slice(before).filter(({ msg }) => msg === 'ended');
}

let before = 0;
beforeEach(() => { before = world.log.lines().length; });

describe.each([['blind', HOSTS.files], ['intercepted', HOSTS.api]])('in a tunnel that is %s, closed without a byte is', (_, host) => {
  test.each<[string, () => Buffer, string]>([
    ['a hello for another host', () => named(HOSTS.foreign), 'SERVER_NAME_MISMATCH'],
    ['a hello for another granted host', () => named(HOSTS.hub), 'SERVER_NAME_MISMATCH'],
    ['a hello for a host below', () => named(`x.${host}`), 'SERVER_NAME_MISMATCH'],
    ['a hello without server name', () => hello({ extensions: [VERSIONS] }), 'SERVER_NAME_MISMATCH'],
    ['a hello without extensions', () => hello({}), 'SERVER_NAME_MISMATCH'],
    ['a hello with two names', () => named(host, HOSTS.foreign), 'HELLO_REFUSED'],
    ['a hello with two extensions of names', () => hello({ extensions: [serverNames(host), serverNames(HOSTS.foreign), VERSIONS] }), 'HELLO_REFUSED'],
    ['a name with NUL in it', () => named(`${host}\0.example.test`), 'HELLO_REFUSED'],
    ['an address for a name', () => named('127.0.0.1'), 'HELLO_REFUSED'],
    ['SSL 2', () => bytes('802e0100020015000000100100800200800300800400800500800600400700c0'), 'HELLO_REFUSED'],
    ['SSL 3', () => Buffer.concat([bytes('160300'), vector(2, message({ version: 0x0300 }))]), 'HELLO_REFUSED'],
    ['an alert', () => bytes('15030300020228'), 'HELLO_REFUSED'],
    ['application data', () => bytes('1703030010'.padEnd(42, '0')), 'HELLO_REFUSED'],
    ['plain HTTP', () => Buffer.from(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`), 'HELLO_REFUSED'],
    ['SSH', () => Buffer.from('SSH-2.0-OpenSSH_9.9\r\n'), 'HELLO_REFUSED'],
    ['a WebSocket without TLS', () => Buffer.from(`GET / HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`), 'HELLO_REFUSED'],
    ['the preface of HTTP/2', () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), 'HELLO_REFUSED'],
    ['another CONNECT', () => Buffer.from(`CONNECT ${HOSTS.foreign}:443 HTTP/1.1\r\n\r\n`), 'HELLO_REFUSED'],
    ['a hello that is too long', () => hello({ extensions: [serverNames(host), VERSIONS, [21, Buffer.alloc(17_000)]] }), 'HELLO_REFUSED'],
    ['an empty record', () => Buffer.concat([bytes('1603010000'), named(host)]), 'HELLO_REFUSED'],
  ])('%s', async (_name, data, outcome) => {
    const wire = await opened(host);
    wire.send(data());
    await expectClosed(wire, outcome);
  });

  test('half a hello and the end', async () => {
    const wire = await opened(host);
    wire.send(named(host).subarray(0, 40));
    wire.socket.end();
    await expectClosed(wire, 'CLOSED');
  });

  test('a hello that comes byte by byte and never ends', async () => {
    const wire = await opened(host);
    const data = named(host);
    let at = 0;
    const timer = setInterval(() => wire.send(data.subarray(at, at += 1)), 1_000);
    await wire.until(() => wire.isClosed).finally(() => clearInterval(timer));
    await expectClosed(wire, 'HELLO_TIMEOUT');
  });
});

describe('a hello with ECH', () => {
  const withEch = (host: string) => hello({ extensions: [serverNames(host), VERSIONS, ECH] });

  test('is closed in a blind tunnel: nobody can read whereto it leads', async () => {
    const wire = await opened(HOSTS.files);
    wire.send(withEch(HOSTS.files));
    await expectClosed(wire, 'HELLO_REFUSED');
  });

  test('is of no use where TLS ends here: it is answered by us, for the host of the tunnel', async () => {
    const wire = await opened(HOSTS.api);
    wire.send(withEch(HOSTS.api));
    // There is no key share to go on with.
    await wire.until(() => wire.received.length > 0);
    expect(wire.received.charCodeAt(0)).toBe(0x15);
    expect(world.upstreams.dialled).toEqual([]);
  });
});

test('a hello in many records and chunks passes as one', async () => {
  const { wire } = await world.one.connect(`${HOSTS.files}:443`);
  const data = records(message({ extensions: [serverNames(HOSTS.files), alpn('http/1.1'), VERSIONS] }), 20);
  for (const byte of data) wire.send(Buffer.of(byte));
  // The server has no key share to go on with, and says so: it has read the hello.
  await wire.until(() => wire.received.length > 0);
  expect(wire.received.charCodeAt(0)).toBe(0x15);
});

test('bytes that come behind CONNECT in the same segment are the beginning of the tunnel', async () => {
  const wire = await world.one.dial();
  wire.send(Buffer.concat([Buffer.from(`CONNECT ${HOSTS.files}:443 HTTP/1.1\r\nHost: x\r\n${world.one.proxyAuthorization}\r\n\r\n`), named(HOSTS.foreign)]));
  expect((await wire.answer('CONNECT')).status).toBe(200);
  await expectClosed(wire, 'SERVER_NAME_MISMATCH');
});

test.each([HOSTS.files, HOSTS.api])('TLS 1.0 with %s comes to nothing', async (host) => {
  const { wire } = await world.one.connect(`${host}:443`);
  const socket = connectTls({ socket: wire.release(), servername: host, ca: world.place.bundle, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
  const problem = await new Promise((resolve) => socket.once('error', resolve).once('close', resolve).once('secureConnect', () => resolve('secure')));
  expect(problem).not.toBe('secure');
  expect(world.upstreams.text).toBe('');
});

test('tunnels that are asked for and left alone end, and their places with them', async () => {
  const wires = await Promise.all(Array.from({ length: 20 }, () => opened(HOSTS.files)));
  expect(world.upstreams.dialled).toHaveLength(20);
  wires.forEach(({ socket }) => socket.end());
  await Promise.all(wires.map((wire) => wire.until(() => wire.isClosed)));
});
