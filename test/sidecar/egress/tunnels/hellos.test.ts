import fc from 'fast-check';
import { connectTo, ESTABLISHED, HOST, TunnelWorld } from './world';
import { alpn, bytes, type Extension, hello, message, records, serverNames } from '../hello/hellos';
import { until } from '../loopback';

const HELLO = hello({ extensions: [serverNames(HOST), alpn('h2')] });
const ECH: Extension = [0xfe0d, bytes('00 0001 0001 05 0000 0000')];

let world: TunnelWorld;

beforeEach(async () => { world = await new TunnelWorld().start(); });
afterEach(() => world.close());

test.each<[string, string, Buffer, string]>([
  ['another host', `${HOST}:443`, hello({ extensions: [serverNames('other.example.com')] }), 'SERVER_NAME_MISMATCH'],
  ['a host below', `${HOST}:443`, hello({ extensions: [serverNames(`x.${HOST}`)] }), 'SERVER_NAME_MISMATCH'],
  ['a parent', `${HOST}:443`, hello({ extensions: [serverNames('example.com')] }), 'SERVER_NAME_MISMATCH'],
  ['no host', `${HOST}:443`, hello({ extensions: [alpn('h2')] }), 'SERVER_NAME_MISMATCH'],
  ['no host, without extensions', `${HOST}:443`, hello({}), 'SERVER_NAME_MISMATCH'],
  ['a host, where CONNECT names an address', '192.0.2.1:443', HELLO, 'SERVER_NAME_MISMATCH'],
  ['two hosts', `${HOST}:443`, hello({ extensions: [serverNames(HOST, 'other.example.com')] }), 'HELLO_REFUSED'],
  ['an absolute host', `${HOST}:443`, hello({ extensions: [serverNames(`${HOST}.`)] }), 'HELLO_REFUSED'],
  ['an address', '192.0.2.1:443', hello({ extensions: [serverNames('192.0.2.1')] }), 'HELLO_REFUSED'],
  ['a host behind another that is hidden', `${HOST}:443`, hello({ extensions: [serverNames(HOST), ECH] }), 'HELLO_REFUSED'],
  ['a host twice', `${HOST}:443`, hello({ extensions: [serverNames(HOST), serverNames(HOST)] }), 'HELLO_REFUSED'],
  ['SSH', `${HOST}:443`, Buffer.from('SSH-2.0-OpenSSH_9.6\r\n'), 'HELLO_REFUSED'],
  ['plain HTTP', `${HOST}:80`, Buffer.from(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`), 'HELLO_REFUSED'],
  ['a second CONNECT', `${HOST}:443`, Buffer.from(connectTo()), 'HELLO_REFUSED'],
  ['SSL 2', `${HOST}:443`, bytes('80 2e 01 0002 0015 0000 0010'), 'HELLO_REFUSED'],
  ['a record that is too long', `${HOST}:443`, bytes('16 0301 ffff'), 'HELLO_REFUSED'],
  ['another message than a hello', `${HOST}:443`, records(Buffer.concat([Buffer.of(2), message({}).subarray(1)])), 'HELLO_REFUSED'],
])('a client that asks for %s is led nowhere', async (_what, target, first, outcome) => {
  const client = await world.tunnel(connectTo(target));
  client.send(first);
  expect(await world.ended()).toEqual({ outcome });
  expect((await client.ended())).toBe(ESTABLISHED);
  await until(() => world.upstreams[0].destroyed || world.upstreams[0].bytesRead === 0);
  expect(world.upstreams[0].bytesRead).toBe(0);
  world.upstreams[0].destroy();
  await world.rest();
});

test('an address is asked for without a host name', async () => {
  const client = await world.tunnel(connectTo('192.0.2.1:443'));
  client.send(hello({ extensions: [alpn('h2')] }));
  await until(() => client.received.length > ESTABLISHED.length);
  client.socket.end();
  expect(await world.ended()).toMatchObject({ outcome: 'CLOSED' });
});

test('however a hello is cut, all of it arrives, in its order, with what is behind it', async () => {
  const wire = Buffer.concat([records(message({ extensions: [serverNames(HOST)] }), 40), Buffer.from('behind')]);
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 0, max: wire.length }), { maxLength: 5 }), async (cuts) => {
    const at = [0, ...cuts.sort((a, b) => a - b), wire.length];
    // Bytes before the first cut come with CONNECT itself.
    const client = await world.client(Buffer.concat([Buffer.from(connectTo()), wire.subarray(0, at[1])]));
    client.socket.setNoDelay(true);
    for (let turn = 2; turn < at.length; turn += 1) {
      await new Promise((next) => setTimeout(next, 2));
      client.send(wire.subarray(at[turn - 1], at[turn]));
    }
    await until(() => client.received.length === ESTABLISHED.length + wire.length, 'the echo');
    expect(client.received.subarray(ESTABLISHED.length).equals(wire)).toBe(true);
    client.socket.destroy();
  }), { numRuns: 25 });
  await world.rest();
});

test('whatever comes first, no byte of it passes unless it is a hello for the host', async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 80 }), fc.nat(HELLO.length - 1), async (rubbish, at) => {
    const before = world.upstreams.length;
    const index = world.reported.length;
    const client = await world.tunnel();
    const first = Buffer.concat([HELLO.subarray(0, at), rubbish]);
    client.send(first.subarray(0, HELLO.length - 1)).socket.end();
    const end = await world.ended(index);
    expect(['HELLO_REFUSED', 'SERVER_NAME_MISMATCH', 'CLOSED']).toContain(end.outcome);
    expect(end.sent).toBeUndefined();
    expect(world.upstreams[before].bytesRead).toBe(0);
  }), { numRuns: 25 });
  await world.rest();
});

test('a hello that does not come is not waited for', async () => {
  const client = await world.tunnel();
  await world.time.pass(9_999);
  expect(world.reported[0].end).toBeUndefined();
  await world.time.pass(1);
  expect(await world.ended()).toEqual({ outcome: 'HELLO_TIMEOUT' });
  expect(await client.ended()).toBe(ESTABLISHED);
  await world.rest();
});

test('a hello that comes byte for byte has no more time than any other', async () => {
  const client = await world.tunnel();
  for (let at = 0; at < 10 && world.reported[0].end === undefined; at += 1) {
    client.send(HELLO.subarray(at, at + 1));
    await new Promise((next) => setTimeout(next, 3));
    await world.time.pass(1_000);
  }
  expect(await world.ended()).toEqual({ outcome: 'HELLO_TIMEOUT' });
  client.socket.destroy();
  await world.rest();
});
