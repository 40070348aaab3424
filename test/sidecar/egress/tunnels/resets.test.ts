import type { Socket } from 'node:net';
import { connectTo, ESTABLISHED, HOST, TunnelWorld } from './world';
import { refuse } from '../../../../sidecar/src/egress/refusals/refuse';
import { hello, serverNames } from '../hello/hellos';
import { type Client, until } from '../loopback';

const HELLO = hello({ extensions: [serverNames(HOST)] });

let world: TunnelWorld;

beforeEach(async () => { world = await new TunnelWorld().start((socket) => void socket.pipe(socket)); });
afterEach(() => world.close());

/** Something that happens when the test says so. */
function held() {
  let go = (): void => undefined;
  const wait = new Promise<void>((resolve) => { go = resolve; });
  return { wait: () => wait, go };
}

type Leaving = readonly [string, (socket: Socket) => void];
const LEAVES: readonly Leaving[] = [['resets', (socket) => void socket.resetAndDestroy()], ['closes', (socket) => void socket.destroy()], ['ends', (socket) => void socket.end()]];

describe.each(LEAVES)('a client that %s', (how, leave) => {
  /** The outcome of what is cut off before there are bytes to pass on. */
  const outcome = how === 'resets' ? 'CLIENT_RESET' : 'CLOSED';

  test('in the middle of its request is not heard of', async () => {
    const client = await world.client(connectTo().slice(0, 40));
    leave(client.socket);
    await until(() => client.socket.destroyed);
    await world.rest();
    expect(world.reported).toEqual([]);
  });

  test('while the broker is asked frees everything, and is not dialled for', async () => {
    const { wait, go } = held();
    world.admitting = wait;
    const client = await world.client();
    await until(() => world.asked.length === 1);
    leave(client.socket);
    expect(await world.ended()).toEqual({ outcome });
    go();
    await world.rest();
    expect(world.upstreams).toEqual([]);
  });

  test('while the broker is asked, with bytes that nobody has read', async () => {
    const { wait, go } = held();
    world.admitting = wait;
    const client = await world.client(Buffer.concat([Buffer.from(connectTo()), HELLO]));
    await until(() => world.asked.length === 1);
    leave(client.socket);
    go();
    await world.rest();
  });

  test('while the upstream is dialled has its connection closed', async () => {
    const { wait, go } = held();
    world.dialling = wait;
    const client = await world.client();
    await until(() => world.reported[0]?.verdict !== undefined);
    leave(client.socket);
    expect(await world.ended()).toEqual({ outcome });
    go();
    await world.rest();
  });

  test('before its hello has its connection closed', async () => {
    const client = await world.tunnel();
    leave(client.socket);
    expect(await world.ended()).toEqual({ outcome });
    await world.rest();
  });

  test('in the middle of its hello', async () => {
    const client = await world.tunnel();
    client.send(HELLO.subarray(0, 20));
    await until(() => client.socket.writableLength === 0);
    leave(client.socket);
    // A reset that comes together with bytes may be read as an end.
    expect(['CLOSED', outcome]).toContain((await world.ended()).outcome);
    await world.rest();
  });

  test('with its tunnel open', async () => {
    const client = await world.tunnel();
    client.send(HELLO);
    await until(() => client.received.length === ESTABLISHED.length + HELLO.length);
    leave(client.socket);
    expect(await world.ended()).toEqual({ outcome, sent: HELLO.length, received: HELLO.length });
    await world.rest();
  });

  test('while it is refused', async () => {
    const { wait, go } = held();
    world.admitting = async () => {
      await wait();
      throw refuse('HOST_NOT_ALLOWED', 'no policy');
    };
    const client = await world.client();
    await until(() => world.asked.length === 1);
    leave(client.socket);
    go();
    await world.rest();
  });

  test('without credentials', async () => {
    const client = await world.client(connectTo(undefined, { authorization: '' }));
    leave(client.socket);
    await world.rest();
  });
});

test.each(['CONNECT x:443 HTTP/1.1\r\n', ESTABLISHED, '\u0000\u0001\u0002', '\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'])('bytes that are no CONNECT, as %j, ask nobody', async (text) => {
  const client = await world.client(text);
  client.socket.end();
  await client.ended();
  await world.rest();
  expect(world.asked).toEqual([]);
});

describe('an upstream that', () => {
  const opened = async (): Promise<Client> => {
    const client = await world.tunnel();
    client.send(HELLO);
    await until(() => client.received.length === ESTABLISHED.length + HELLO.length);
    return client;
  };

  test('resets before the hello ends the client', async () => {
    const client = await world.tunnel();
    world.upstreams[0].resetAndDestroy();
    expect(await world.ended()).toEqual({ outcome: 'UPSTREAM_RESET' });
    await client.ended();
    await world.rest();
  });

  test('resets later ends the client', async () => {
    const client = await opened();
    world.upstreams[0].resetAndDestroy();
    expect(await world.ended()).toEqual({ outcome: 'UPSTREAM_RESET', sent: HELLO.length, received: HELLO.length });
    await client.ended();
    await world.rest();
  });

  test('ends is followed by the end of the client', async () => {
    const client = await opened();
    world.upstreams[0].end('last words');
    await client.until(/last words$/);
    await client.ended();
    expect(await world.ended()).toMatchObject({ outcome: 'CLOSED' });
    await world.rest();
  });

  test('ends while the client sends does not lose what it has said', async () => {
    const client = await opened();
    world.upstreams[0].unpipe();
    world.upstreams[0].end('last words');
    for (let turn = 0; turn < 20; turn += 1) client.send(Buffer.alloc(64 * 1024));
    await client.until(/last words$/);
    client.socket.destroy();
    world.upstreams[0].destroy();
    await world.rest();
  });
});
