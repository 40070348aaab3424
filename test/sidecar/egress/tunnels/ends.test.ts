import { ESTABLISHED, HOST, TunnelWorld } from './world';
import { hello, serverNames } from '../hello/hellos';
import { type Client, until } from '../loopback';

const HELLO = hello({ extensions: [serverNames(HOST)] });

let world: TunnelWorld;

beforeEach(async () => { world = await new TunnelWorld().start(); });
afterEach(() => world.close());

async function joined(text?: string): Promise<Client> {
  const client = await world.tunnel(text);
  client.send(HELLO);
  await until(() => client.received.length === ESTABLISHED.length + HELLO.length);
  return client;
}

/** An upstream closes when it sees that it is alone. */
const upstreamsEnd = (): void => world.upstreams.forEach((socket) => socket.destroy());

describe('the broker is asked again', () => {
  test('for as long as the tunnel is open, and no longer', async () => {
    world.verdict = { ...world.verdict, until: 5_000 };
    const client = await joined();
    world.revalidation = { outcome: 'allowed', verdict: { ...world.verdict, until: 15_000 } };
    await world.time.pass(14_999);
    expect(world.revalidated).toEqual([world.asked[0]]);
    client.socket.end();
    await world.rest();
    await world.time.pass(60_000);
    expect(world.revalidated).toHaveLength(1);
  });

  test.each<[string, () => void, string]>([
    ['a refusal', () => { world.revalidation = { outcome: 'refused' }; }, 'REVOKED'],
    ['no answer', () => { world.revalidation = { outcome: 'unanswered' }; }, 'NOT_REVALIDATED'],
    ['that credentials are substituted now', () => { world.revalidation = { outcome: 'allowed', verdict: { ...world.verdict, substituteAuth: true, until: 99_000 } }; }, 'REVOKED'],
  ])('and %s ends it at once, on both sides', async (_what, arrange, outcome) => {
    const client = await joined();
    arrange();
    await world.time.pass(10_000);
    expect(await world.ended()).toEqual({ outcome, sent: HELLO.length, received: HELLO.length });
    await client.ended();
    await until(() => world.upstreams[0].readableEnded || world.upstreams[0].destroyed);
    upstreamsEnd();
    await world.rest();
  });

  test('also when the client does not read', async () => {
    const client = await joined();
    client.socket.pause();
    world.upstreams[0].write(Buffer.alloc(8 * 1024 * 1024));
    world.revalidation = { outcome: 'refused' };
    await world.time.pass(10_000);
    expect(await world.ended()).toMatchObject({ outcome: 'REVOKED' });
    client.socket.destroy();
    upstreamsEnd();
    await world.rest();
  });
});

describe('silence', () => {
  beforeEach(() => { world.verdict = { ...world.verdict, until: Number.MAX_SAFE_INTEGER }; });

  test('ends a tunnel', async () => {
    const client = await joined();
    await world.time.pass(299_999);
    expect(world.reported[0].end).toBeUndefined();
    await world.time.pass(60_001);
    expect(await world.ended()).toMatchObject({ outcome: 'IDLE' });
    await client.ended();
    upstreamsEnd();
    await world.rest();
  });

  test.each<[string, (client: Client) => void]>([['the client', (client) => void client.send('x')], ['the upstream', () => void world.upstreams[0].write('x')]])(
    'is broken by a byte of %s', async (_what, say) => {
      const client = await joined();
      for (let turn = 1; turn <= 4; turn += 1) {
        await world.time.pass(200_000);
        const before = client.received.length;
        say(client);
        await until(() => client.received.length > before);
      }
      expect(world.reported[0].end).toBeUndefined();
      client.socket.destroy();
      upstreamsEnd();
      await world.rest();
    },
  );
});

describe('when the process stops', () => {
  test.each<[string, () => Promise<Client>]>([
    ['that waits for the broker', async () => {
      world.admitting = () => new Promise(() => undefined);
      const client = await world.client();
      await until(() => world.asked.length === 1);
      return client;
    }],
    ['that waits for its hello', () => world.tunnel()],
    ['that is open', () => joined()],
  ])('a tunnel %s ends with SHUTDOWN', async (_what, begin) => {
    const client = await begin();
    expect(world.open.size).toBe(1);
    world.open.endAll();
    expect(await world.ended()).toMatchObject({ outcome: 'SHUTDOWN' });
    await client.ended();
    upstreamsEnd();
    await world.rest();
  });

  test('with a thousand tunnels, nothing is left', async () => {
    await world.close();
    world = await new TunnelWorld({}, { connections: 1_000 }).start();
    const clients = await Promise.all(Array.from({ length: 200 }, () => joined()));
    expect([world.open.size, world.caps.size]).toEqual([200, 1]);
    world.open.endAll();
    await Promise.all(clients.map((client) => client.ended()));
    upstreamsEnd();
    await world.rest();
  });
});

test('a hello that comes after the tunnel was revoked leads nowhere', async () => {
  world.verdict = { ...world.verdict, until: 2_000 };
  world.revalidation = { outcome: 'refused' };
  const client = await world.tunnel();
  await world.time.pass(2_000);
  expect(await world.ended()).toEqual({ outcome: 'REVOKED' });
  client.send(HELLO);
  await client.ended();
  expect(world.upstreams[0].bytesRead).toBe(0);
  upstreamsEnd();
  await world.rest();
});
