import { once } from 'node:events';
import { connect, createSecureContext, TLSSocket } from 'node:tls';
import { connectTo, HOST, TunnelWorld } from './world';
import type { CertifiedKey } from '../../../../sidecar/src/crypto/certificate-facts';
import { makeAuthority, makeServingPair } from '../../../../sidecar/src/crypto/self-made-certificate';
import { hello, serverNames } from '../hello/hellos';
import { until } from '../loopback';

const HELLO = hello({ extensions: [serverNames(HOST)] });

let world: TunnelWorld;

beforeEach(async () => { world = await new TunnelWorld().start(); });
afterEach(() => world.close());

describe('where credentials are substituted', () => {
  beforeEach(() => { world.verdict = { ...world.verdict, substituteAuth: true }; });

  test('the client is handed over with its hello, and nobody is dialled', async () => {
    const client = await world.client(Buffer.concat([Buffer.from(connectTo()), HELLO.subarray(0, 9)]));
    await client.until(/200 Connection established/);
    client.send(HELLO.subarray(9));
    await until(() => world.terminated.length === 1);
    const { socket, leave, run, report } = world.terminated[0];
    expect(run).toBe('run-1');
    expect(leave.question).toEqual(world.asked[0]);
    expect(world.upstreams).toEqual([]);
    expect(world.reported[0]).toMatchObject({ mode: 'intercepted', ends: 0 });
    let read = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => { read = Buffer.concat([read, chunk]); });
    await until(() => read.length === HELLO.length);
    expect(read.equals(HELLO)).toBe(true);
    expect([world.caps.size, world.open.size, world.time.waiting]).toEqual([1, 0, 0]);
    client.socket.destroy();
    socket.destroy();
    report.end({ outcome: 'CLOSED' });
    await world.rest();
  });

  test('a hidden hello hides nothing from whoever ends the TLS', async () => {
    const client = await world.tunnel();
    client.send(hello({ extensions: [serverNames(HOST), [0xfe0d, Buffer.alloc(9)]] }));
    await until(() => world.terminated.length === 1);
    world.terminated[0].report.end({ outcome: 'CLOSED' });
    world.terminated[0].socket.destroy();
    await client.ended();
    await world.rest();
  });

  test('another name is refused all the same', async () => {
    const client = await world.tunnel();
    client.send(hello({ extensions: [serverNames('other.example.com')] }));
    expect(await world.ended()).toEqual({ outcome: 'SERVER_NAME_MISMATCH' });
    expect(world.terminated).toEqual([]);
    await client.ended();
    await world.rest();
  });
});

test('with inspection of all, every tunnel is handed over', async () => {
  await world.close();
  world = await new TunnelWorld({ inspectAll: true }).start();
  const client = await world.tunnel();
  client.send(HELLO);
  await until(() => world.terminated.length === 1);
  expect(world.upstreams).toEqual([]);
  world.terminated[0].report.end({ outcome: 'CLOSED' });
  client.socket.destroy();
  world.terminated[0].socket.destroy();
  await world.rest();
});

describe('the TLS of a client', () => {
  let authority: CertifiedKey;
  let pair: CertifiedKey;
  beforeAll(async () => {
    const validity = { now: Date.now(), notAfter: Date.now() + 86_400_000 };
    authority = await makeAuthority('platform', validity);
    pair = await makeServingPair(authority, [HOST], validity);
  });

  test('ends here, with the hello that was read before', async () => {
    world.verdict = { ...world.verdict, substituteAuth: true };
    const { socket } = await world.tunnel();
    socket.removeAllListeners('data');
    const tls = connect({ socket, servername: HOST, ca: authority.cert });
    await until(() => world.terminated.length === 1);
    const server = new TLSSocket(world.terminated[0].socket, { isServer: true, secureContext: createSecureContext(pair) });
    server.on('data', (chunk: Buffer) => server.write(chunk)).on('end', () => server.end());
    await once(tls, 'secureConnect');
    tls.write('there and back');
    const [back] = await once(tls, 'data') as [Buffer];
    expect(back.toString()).toBe('there and back');
    tls.end();
    await until(() => server.destroyed);
    world.terminated[0].report.end({ outcome: 'CLOSED' });
    await world.rest();
  });
});
