import { createServer as createTlsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { ask, BEARER, CREDENTIAL, ECHO, exchangeBearer, forwardWorld, HOST, rawUpstream, upstream } from './forward-world';
import { makeAuthority, makeServingPair } from '../../../../sidecar/src/crypto/self-made-certificate';
import { refuse } from '../../../../sidecar/src/egress/refusals/refuse';
import { Loopback, until } from '../loopback';

const loopback = new Loopback();
afterEach(() => loopback.close());

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('a client that goes away', () => {
  test.each<[string, string, string]>([
    ['while the upstream thinks', GET, ''],
    ['in the middle of its body', 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhello', ''],
    ['in the middle of the answer', GET, 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello'],
    ['between chunks of a stream', GET, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
  ])('%s leaves nothing open', async (_when, request, answer) => {
    let isAsked = false;
    const world = await forwardWorld(loopback, await rawUpstream(loopback, (socket) => {
      isAsked = true;
      socket.write(answer);
    }));
    const client = (await loopback.client(world.port)).send(request);
    await until(() => isAsked);
    if (answer !== '') await client.until(/hello/);
    client.socket.destroy();
    await until(() => world.outcomes.length === 1 && world.upstreams.size === 0 && loopback.sockets.size === 0, 'rest');
    expect(world.outcomes[0]).toMatchObject({ cutOff: true });
  });

  test('while the upstream is dialled leaves nothing open', async () => {
    let dialled = (_socket: Socket): void => undefined;
    const port = await upstream(loopback, ECHO);
    const world = await forwardWorld(loopback, port, { leavesUpstream: true, dial: () => new Promise((resolve) => { dialled = resolve; }) });
    const client = (await loopback.client(world.port)).send(GET);
    await until(() => world.dials() === 1);
    client.socket.destroy();
    await until(() => loopback.sockets.size === 0);
    const late = connect(port, '127.0.0.1');
    late.once('connect', () => dialled(late));
    await until(() => late.destroyed && world.outcomes.length === 1, 'the end of the late connection');
    expect(world.outcomes[0]).toMatchObject({ status: 0, cutOff: true });
  });
});

describe('an upstream that resets', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['after the request', (socket) => socket.resetAndDestroy()],
    ['in the middle of the head', (socket) => socket.write('HTTP/1.1 200', () => socket.resetAndDestroy())],
  ])('%s is told to the client', async (_when, act) => {
    const world = await forwardWorld(loopback, await rawUpstream(loopback, act));
    expect(await ask(world.port, '/')).toMatchObject({ status: 502, headers: { 'x-agent-platform-code': 'UPSTREAM_FAILED' } });
    expect(world.dials()).toBe(1);
  });

  test.each<[string, string]>([
    ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello'], ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['without length', 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello'],
  ])('in the middle of an answer %s cuts the client off', async (_which, answer) => {
    let reset = (): void => undefined;
    const world = await forwardWorld(loopback, await rawUpstream(loopback, (socket) => {
      socket.write(answer);
      reset = () => void socket.resetAndDestroy();
    }));
    const client = (await loopback.client(world.port)).send(GET);
    await client.until(/hello/);
    reset();
    expect(await client.ended()).not.toMatch(/0\r\n\r\n$/);
    await until(() => world.outcomes.length === 1);
    expect(world.outcomes).toEqual([{ status: 200, sent: 0, received: 5, cutOff: true }]);
  });

  test('in the middle of a body is told to the client', async () => {
    const world = await forwardWorld(loopback, await rawUpstream(loopback, (socket) => socket.resetAndDestroy()));
    const client = (await loopback.client(world.port)).send('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhello');
    await client.until(/^HTTP\/1.1 502 /);
  });
});

describe('a kept connection that turns out dead', () => {
  const dying = () => {
    let count = 0;
    return rawUpstream(loopback, (socket, text) => {
      count += 1;
      if (count === 2) socket.destroy();
      else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
    });
  };
  const twice = async (second: string) => {
    const world = await forwardWorld(loopback, await dying());
    const client = (await loopback.client(world.port)).send(GET);
    await client.until(/\r\n\r\n$/);
    client.received = Buffer.alloc(0);
    return { world, text: await client.send(second).until(/HTTP\/1.1 (502|200)/) };
  };

  test('is replaced, and the request sent once more', async () => {
    const { world, text } = await twice(GET);
    expect([text.slice(0, 12), world.dials()]).toEqual(['HTTP/1.1 200', 2]);
  });

  test('is replaced once', async () => {
    let count = 0;
    const world = await forwardWorld(loopback, await rawUpstream(loopback, (socket) => {
      count += 1;
      if (count > 1) socket.destroy();
      else socket.write(OK);
    }));
    const client = (await loopback.client(world.port)).send(GET);
    await client.until(/ok$/);
    await client.send(GET).until(/HTTP\/1.1 502/);
    expect([count, world.dials()]).toEqual([3, 2]);
  });

  test.each(['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n', 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi'])('is told to the client of %j, which is sent once', async (second) => {
    const { world, text } = await twice(second);
    expect([text.slice(0, 12), world.dials()]).toEqual(['HTTP/1.1 502', 1]);
  });
});

test('what a dial is refused with is told as it is', async () => {
  const world = await forwardWorld(loopback, 1, { dial: async () => { throw refuse('UPSTREAM_UNTRUSTED', 'the certificate of api.example.com is not trusted'); } });
  expect(await ask(world.port, '/', { method: 'POST', body: 'x'.repeat(50_000) })).toMatchObject({ status: 502, headers: { 'x-agent-platform-code': 'UPSTREAM_UNTRUSTED' } });
});

test('requests that come at once are answered in their order, one at a time', async () => {
  let open = 0;
  let most = 0;
  const world = await forwardWorld(loopback, await upstream(loopback, (asked, answer) => {
    open += 1;
    most = Math.max(most, open);
    setTimeout(() => {
      open -= 1;
      answer.end(`<${asked.url}>`);
    }, 5);
  }));
  const paths = Array.from({ length: 15 }, (_, index) => `/${index}`);
  const client = (await loopback.client(world.port)).send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
  await client.until(/<\/14>/);
  expect(client.text.match(/<[^>]+>/g)).toEqual(paths.map((path) => `<${path}>`));
  expect([most, world.dials()]).toEqual([1, 1]);
});

test('clients that leave requests behind unanswered leave nothing open', async () => {
  const world = await forwardWorld(loopback, await upstream(loopback, () => undefined));
  const client = (await loopback.client(world.port)).send(GET.repeat(5));
  await until(() => world.upstreams.size === 1);
  client.socket.destroy();
  await until(() => world.outcomes.length === 5 && world.upstreams.size === 0 && loopback.sockets.size === 0, 'rest');
});

test('from now on answers end their connections, while the proxy stops', async () => {
  const world = await forwardWorld(loopback, await rawUpstream(loopback, (socket) => socket.write(OK)), { draining: () => true });
  const client = (await loopback.client(world.port)).send(GET);
  expect(await client.ended()).toMatch(/\r\nconnection: close\r\n/i);
});

test('over TLS the upstream gets the credential, and the client its answer', async () => {
  const validity = { now: Date.now(), notAfter: Date.now() + 86_400_000 };
  const authority = await makeAuthority('upstreams', validity);
  const { cert, key } = await makeServingPair(authority, [HOST], validity);
  const port = await loopback.listen(createTlsServer({ cert, key }, (asked, answer) => {
    answer.end(String(asked.headers.authorization === `Bearer ${CREDENTIAL}`));
  }));
  const world = await forwardWorld(loopback, port, { substitute: exchangeBearer, ca: authority.cert });
  expect(await ask(world.port, '/', { headers: { authorization: `Bearer ${BEARER}` } })).toMatchObject({ status: 200, text: 'true' });
});
