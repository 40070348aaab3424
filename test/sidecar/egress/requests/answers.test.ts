import type { ServerResponse } from 'node:http';
import { ask, BEARER, CREDENTIAL, exchangeBearer, forwardWorld, rawUpstream, upstream } from './forward-world';
import { SEARCHED_ANSWER } from '../../../../src/protocol/egress-api';
import { Loopback, until } from '../loopback';

const loopback = new Loopback();
afterEach(() => loopback.close());

const bearing = { headers: { authorization: `Bearer ${BEARER}` } };

/** A client's view of what an upstream writes to it. */
async function answered(answer: string, { request = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', end = true } = {}) {
  const port = await rawUpstream(loopback, (socket) => {
    socket.write(answer, 'latin1');
    if (end) socket.end();
  });
  const world = await forwardWorld(loopback, port);
  const client = (await loopback.client(world.port)).send(request);
  const text = await client.ended();
  await until(() => world.outcomes.length === 1, 'the end of the call');
  return { text, outcome: world.outcomes[0], headers: text.split('\r\n\r\n')[0].split('\r\n').slice(1) };
}

describe('an answer goes on', () => {
  test('with its headers letter for letter, several of a name as several', async () => {
    const { headers } = await answered('HTTP/1.1 201 Made\r\nSet-Cookie: a=1\r\nX-Bytes: caf\xe9\r\nSet-Cookie: b=2\r\nDate: x\r\nContent-Length: 0\r\nAlt-Svc: h3\r\nProxy-Status: x\r\n\r\n');
    expect(headers).toEqual(['set-cookie: a=1', 'set-cookie: b=2', 'x-bytes: caf\xe9', 'date: x', 'content-length: 0', 'Connection: close']);
  });

  test.each<[string, string, string, string]>([
    ['of HEAD', 'HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 1000\r\n\r\n', 'content-length: 1000'],
    ['with 304', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'HTTP/1.1 304 N\r\nDate: x\r\nETag: "a"\r\nContent-Length: 7\r\n\r\n', 'content-length: 7'],
    ['with 204 and a length', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'HTTP/1.1 204 N\r\nDate: x\r\nETag: "a"\r\nContent-Length: 5\r\n\r\n', 'etag: "a"'],
    ['with 204', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'HTTP/1.1 204 N\r\nDate: x\r\nETag: "a"\r\n\r\n', 'etag: "a"'],
  ])('without a body %s', async (_what, request, answer, header) => {
    const { text, outcome } = await answered(answer, { request });
    expect(text).toContain(`${header}\r\n`);
    expect(text).toMatch(/\r\n\r\n$/);
    expect(text).not.toMatch(/transfer-encoding/i);
    expect(outcome).toMatchObject({ cutOff: false, received: 0 });
  });

  test('whole when only the end of the connection ends it', async () => {
    const { text, outcome } = await answered('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello');
    expect(text).toMatch(/\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/);
    expect(outcome).toMatchObject({ cutOff: false, received: 5 });
  });

  test('without what came before it', async () => {
    const { text } = await answered('HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(text).not.toContain('103');
  });

  test('as a redirect that nobody follows', async () => {
    const { text } = await answered('HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1.1 302 Found\r\nlocation: http:\/\/169.254.169.254\/\r\n/);
  });

  test('without trailers', async () => {
    const { text } = await answered('HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n');
    expect(text).toMatch(/\r\n2\r\nok\r\n0\r\n\r\n$/);
    expect(text).not.toMatch(/x-sum/i);
  });
});

describe('the client is told of', () => {
  test.each<[string, string]>([
    ['garbage', 'SSH-2.0-OpenSSH_9\r\n'],
    ['an answer with length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['an answer with two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'],
    ['a change of protocols that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['100 without being asked', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['a header that is no text', 'HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n'],
    ['more headers than anybody reads', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(70_000)}\r\n\r\n`],
  ])('%s', async (_what, answer) => {
    const { text, outcome } = await answered(answer);
    expect(text).toMatch(/^HTTP\/1.1 502 /);
    expect(outcome).toMatchObject({ code: 'UPSTREAM_FAILED' });
  });

  test.each<[string, string]>([
    ['fewer bytes than it says', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello'],
    ['no last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['a chunk that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n'],
  ])('an answer with %s by an end that is none', async (_what, answer) => {
    const { text, outcome } = await answered(answer);
    expect(text).not.toMatch(/0\r\n\r\n$/);
    if (text.startsWith('HTTP/1.1 200')) expect(outcome).toMatchObject({ cutOff: true });
    else expect(outcome).toMatchObject({ code: 'UPSTREAM_FAILED' });
  });

  test('an answer that ends early by a reset when its protocol knows no other sign', async () => {
    const port = await rawUpstream(loopback, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
      setTimeout(() => socket.destroy(), 20);
    });
    const world = await forwardWorld(loopback, port);
    const client = (await loopback.client(world.port)).send('GET / HTTP/1.0\r\n\r\n');
    await until(() => client.failure !== undefined || client.hasEnd);
    expect([client.failure, client.hasEnd]).toEqual(['ECONNRESET', false]);
  });
});

describe('a credential in the answer', () => {
  const credentials = (write: (answer: ServerResponse) => void) => upstream(loopback, (_asked, answer) => write(answer))
    .then((port) => forwardWorld(loopback, port, { substitute: exchangeBearer }));

  test.each<[string, (answer: ServerResponse) => void]>([
    ['a header', (answer) => answer.setHeader('x-seen', `Bearer ${CREDENTIAL}`).end('ok')],
    ['the body', (answer) => answer.end(`{"authorization":"Bearer ${CREDENTIAL}"}`)],
  ])('is refused when it is in %s', async (_where, write) => {
    const world = await credentials(write);
    const answer = await ask(world.port, '/', bearing);
    expect(answer).toMatchObject({ status: 502, headers: { 'x-agent-platform-code': 'CREDENTIAL_IN_ANSWER' } });
    expect(JSON.stringify([answer, world.outcomes])).not.toContain(CREDENTIAL);
    await until(() => world.upstreams.size === 0, 'the end of the upstream');
  });

  test('is refused once, and its connection serves on', async () => {
    let body = `it is ${CREDENTIAL}`;
    const world = await credentials((answer) => void answer.end(body));
    const request = `GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${BEARER}\r\n\r\n`;
    const client = (await loopback.client(world.port)).send(request);
    await client.until(/^HTTP\/1.1 502 [^]*}$/);
    body = 'fine';
    await client.send(request).until(/HTTP\/1.1 200 [^]*fine/);
  });

  test('ends an answer that has begun, and not a letter of it passes', async () => {
    let upstreamAnswer: ServerResponse | undefined;
    const world = await credentials((answer) => { (upstreamAnswer = answer).write('data: one\n\n'); });
    const client = (await loopback.client(world.port)).send(`GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${BEARER}\r\n\r\n`);
    // Each piece has arrived before the next is sent: of what comes at once, nothing needs to pass.
    await client.until(/data: one\n\n\r\n$/);
    upstreamAnswer!.write(`data: ${CREDENTIAL.slice(0, 20)}`);
    await client.until(/\r\ndata: \r\n$/);
    upstreamAnswer!.end(CREDENTIAL.slice(20));
    expect(await client.ended()).toMatch(/data: one\n\n\r\n6\r\ndata: \r\n$/);
    await until(() => world.outcomes.length === 1);
    expect(world.outcomes).toEqual([{ status: 200, sent: 0, received: 17, cutOff: true, code: 'CREDENTIAL_IN_ANSWER', auditId: 'audit-1' }]);
    await until(() => world.upstreams.size === 0, 'the end of the upstream');
  });

  test('passes behind the bytes that are searched', async () => {
    const world = await credentials((answer) => {
      answer.write('x'.repeat(SEARCHED_ANSWER));
      setTimeout(() => answer.end(CREDENTIAL), 20);
    });
    expect((await ask(world.port, '/', bearing)).text.endsWith(CREDENTIAL)).toBe(true);
  });
});
