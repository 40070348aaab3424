import { forwardWorld, rawUpstream, upstream } from './forward-world';
import { IDLE_TIMEOUT } from '../../../../src/protocol/egress-api';
import { atRest, Loopback, until } from '../loopback';
import { PassingTime } from '../passing-time';

const loopback = new Loopback();
afterEach(() => loopback.close());

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('silence', () => {
  const silent = async (request: string, answer: string) => {
    const time = new PassingTime();
    let asked = '';
    const world = await forwardWorld(loopback, await loopback.serve((socket) => {
      socket.on('data', (chunk: Buffer) => {
        if (asked === '') socket.write(answer);
        asked += chunk.toString();
      });
    }), { after: time.after });
    const client = (await loopback.client(world.port)).send(request);
    await until(() => asked !== '' && time.waiting > 0);
    return { time, world, client, asked: () => asked };
  };

  test('of the upstream is told to the client, at the latest when as much time has passed again', async () => {
    const { time, world, client } = await silent(GET, '');
    await time.pass(2 * IDLE_TIMEOUT);
    await client.until(/^HTTP\/1.1 504 /);
    await until(() => world.upstreams.size === 0);
    expect(world.outcomes[0]).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
  });

  test('of the upstream has it dialled for the next request only', async () => {
    const time = new PassingTime();
    let answer = '';
    const world = await forwardWorld(loopback, await rawUpstream(loopback, (socket) => socket.write(answer)), { after: time.after });
    const client = (await loopback.client(world.port)).send(GET);
    await until(() => time.waiting > 0);
    await time.pass(IDLE_TIMEOUT);
    await client.until(/^HTTP\/1.1 504 /);
    await until(() => world.upstreams.size === 0);
    expect(world.dials()).toBe(1);
    answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    await client.send(GET).until(/HTTP\/1.1 200 OK[^]*ok$/);
    expect(world.dials()).toBe(2);
  });

  test('of a client in the middle of its body is told to it', async () => {
    const { time, client } = await silent('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhello', '');
    await time.pass(2 * IDLE_TIMEOUT);
    await client.until(/^HTTP\/1.1 408 /);
  });

  test('in the middle of an answer ends it', async () => {
    const { time, world, client } = await silent(GET, 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello');
    await client.until(/hello/);
    await time.pass(2 * IDLE_TIMEOUT);
    await client.ended();
    await until(() => world.upstreams.size === 0 && world.outcomes.length === 1);
    expect(world.outcomes).toEqual([{ status: 200, sent: 0, received: 5, cutOff: true, code: 'UPSTREAM_TIMEOUT' }]);
  });

  test('of a client that does not read ends its answer', async () => {
    const time = new PassingTime();
    const port = await upstream(loopback, (_asked, answer) => void answer.write(Buffer.alloc(50_000_000)));
    const world = await forwardWorld(loopback, port, { after: time.after });
    const client = (await loopback.client(world.port)).send(GET);
    client.socket.pause();
    await until(() => world.upstreams.size === 1 && time.waiting > 0);
    // Buffers take some of it first.
    const [socket] = world.upstreams;
    await until(() => socket.bytesRead > 0);
    await atRest(() => socket.bytesRead);
    await time.pass(2 * IDLE_TIMEOUT);
    await until(() => world.outcomes.length === 1 && world.upstreams.size === 0);
    expect(world.outcomes).toEqual([{ status: 200, sent: 0, received: expect.any(Number), cutOff: true }]);
  });

  test('is none as long as bytes move', async () => {
    const { time, world, client, asked } = await silent('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhello', '');
    for (let round = 1; round <= 5; round += 1) {
      client.send('more.');
      await until(() => asked().endsWith('more.'.repeat(round)));
      await time.pass(IDLE_TIMEOUT);
    }
    expect([client.text, world.outcomes]).toEqual(['', []]);
  });
});
