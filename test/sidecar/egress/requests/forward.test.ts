import { ask, BEARER, CREDENTIAL, ECHO, exchangeBearer, forwardWorld, HOST, RUN_TOKEN, upstream } from './forward-world';
import { BrokerFailure } from '../../../../sidecar/src/egress/broker/broker-failure';
import { Loopback, until } from '../loopback';

const loopback = new Loopback();
afterEach(() => loopback.close());

const bearing = { headers: { 'authorization': `Bearer ${BEARER}`, 'x-agent-notes': 'hello', 'accept': 'text/plain' } };

describe('a request to a host of credentials', () => {
  test('goes on with the credential in place of the bearer, and with what may pass', async () => {
    const world = await forwardWorld(loopback, await upstream(loopback, (asked, answer) => {
      expect(asked.headers).toEqual({
        'host': HOST, 'authorization': `Bearer ${CREDENTIAL}`, 'accept': 'text/plain', 'accept-encoding': 'identity', 'connection': 'keep-alive',
      });
      answer.end(asked.url);
    }), { substitute: exchangeBearer });
    expect(await ask(world.port, '/v1/things?page=2', bearing)).toMatchObject({ status: 200, text: '/v1/things?page=2' });
    expect(world.asked).toEqual([{
      host: HOST,
      port: 443,
      method: 'GET',
      path: '/v1/things',
      query: 'page=2',
      egressToken: RUN_TOKEN,
      clientAddress: '127.0.0.1',
      headers: { 'host': HOST, 'authorization': `Bearer ${BEARER}`, 'x-agent-notes': 'hello', 'accept': 'text/plain', 'accept-encoding': 'identity' },
    }]);
    await until(() => world.outcomes.length === 1);
    expect(world.outcomes).toEqual([{ status: 200, sent: 0, received: 17, cutOff: false, auditId: 'audit-1' }]);
  });

  test('goes on without credentials when the broker sets none', async () => {
    const world = await forwardWorld(loopback, await upstream(loopback, ECHO), { substitute: async () => ({ allowedHeaders: ['Git-Protocol'] }) });
    const { text } = await ask(world.port, '/info/refs', { headers: { 'git-protocol': 'version=2', 'authorization': 'Basic bWU6aGk=' } });
    expect(JSON.parse(text).headers).toEqual({ 'host': HOST, 'git-protocol': 'version=2', 'accept-encoding': 'identity', 'connection': 'keep-alive' });
  });

  test.each<[string, () => Promise<never>, number, string]>([
    ['refuses it', async () => { throw new BrokerFailure('Refused', 'the broker answered 403 PolicyRevoked', { code: 'PolicyRevoked' }); }, 403, 'CREDENTIAL_REFUSED'],
    ['is away', async () => { throw new BrokerFailure('Unavailable', 'the broker has not answered in time'); }, 502, 'BROKER_FAILED'],
    ['is asked too often', async () => { throw new BrokerFailure('Unavailable', 'the broker answered 429', { code: 'RateLimited' }); }, 429, 'TOO_MANY_REQUESTS'],
  ])('goes nowhere when the broker %s', async (_what, substitute, status, code) => {
    const world = await forwardWorld(loopback, await upstream(loopback, ECHO), { substitute });
    const answer = await ask(world.port, '/', { ...bearing, method: 'POST', body: 'x'.repeat(100_000) });
    expect(answer).toMatchObject({ status });
    expect(JSON.parse(answer.text)).toMatchObject({ code });
    expect(answer.text).not.toContain(BEARER);
    expect(world.dials()).toBe(0);
  });

  test('goes nowhere when its client left while the broker was asked', async () => {
    let answer = (): void => undefined;
    const world = await forwardWorld(loopback, await upstream(loopback, ECHO), {
      substitute: () => new Promise((resolve) => { answer = () => resolve({ setHeaders: { authorization: CREDENTIAL } }); }),
    });
    const client = (await loopback.client(world.port)).send(`GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${BEARER}\r\n\r\n`);
    await until(() => world.asked.length === 1);
    client.socket.destroy();
    await until(() => loopback.sockets.size === 0);
    answer();
    await until(() => world.outcomes.length === 1);
    expect(world.outcomes).toEqual([{ status: 0, sent: 0, received: 0, cutOff: true }]);
    expect(world.dials()).toBe(0);
  });

  test.each(['Transfer-Encoding', 'Content-Length', 'Host', 'Connection', 'Proxy-Authorization'])('goes nowhere when the broker sets %s', async (name) => {
    const world = await forwardWorld(loopback, await upstream(loopback, ECHO), { substitute: async () => ({ setHeaders: { [name]: '7' } }) });
    expect(await ask(world.port, '/', bearing)).toMatchObject({ status: 502, headers: { 'x-agent-platform-code': 'BROKER_FAILED' } });
    expect(world.dials()).toBe(0);
  });

  test.each(['a\r\nX-Injected: b', 'a\nb', 'a\0b'])('goes nowhere when the broker sets a value that would be two lines: %j', async (value) => {
    const world = await forwardWorld(loopback, await upstream(loopback, ECHO), { substitute: async () => ({ setHeaders: { 'x-key': value } }) });
    expect(await ask(world.port, '/', bearing)).toMatchObject({ status: 400, headers: { 'x-agent-platform-code': 'BAD_REQUEST' } });
    expect(world.dials()).toBe(0);
  });
});

describe('without TLS', () => {
  test('a bearer is refused before the broker is asked', async () => {
    const world = await forwardWorld(loopback, await upstream(loopback, ECHO), { substitute: exchangeBearer, secure: false });
    expect(await ask(world.port, '/', bearing)).toMatchObject({ status: 403, headers: { 'x-agent-platform-code': 'BEARER_MISPLACED' } });
    expect([world.asked.length, world.dials()]).toEqual([0, 0]);
  });

  test('a credential is not sent, whatever the broker says', async () => {
    const world = await forwardWorld(loopback, await upstream(loopback, ECHO), { substitute: exchangeBearer, secure: false });
    expect(await ask(world.port, '/')).toMatchObject({ status: 403, headers: { 'x-agent-platform-code': 'CREDENTIAL_REFUSED' } });
    expect(world.dials()).toBe(0);
  });
});

describe('a request to another host', () => {
  test('goes on as it is, but for what is of its connection', async () => {
    const world = await forwardWorld(loopback, await upstream(loopback, ECHO), { port: 8080 });
    const lines = [
      'POST /p?a=b&a=c HTTP/1.1', 'Host: evil.example', 'X-One: a', 'X-One: b', 'Connection: close, x-hop', 'X-Hop: 1', 'TE: trailers', 'Proxy-Connection: x',
      `Proxy-Authorization: Basic ${RUN_TOKEN}`, 'Expect: 100-continue', 'X-Bytes: caf\u00e9', 'Cookie: a=b', 'Content-Length: 5',
    ];
    const client = (await loopback.client(world.port)).send(`${lines.join('\r\n')}\r\n\r\nhello`);
    const answer = await client.ended();
    const seen = JSON.parse(client.received.subarray(answer.indexOf('{'), answer.lastIndexOf('}') + 1).toString());
    expect(answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK\r\n/);
    expect(seen).toMatchObject({ method: 'POST', url: '/p?a=b&a=c', body: 'hello' });
    expect(seen.rawHeaders).toEqual([
      'host', `${HOST}:8080`, 'connection', 'keep-alive', 'X-One', 'a', 'X-One', 'b', 'X-Bytes', 'caf\u00e9', 'Cookie', 'a=b', 'content-length', '5',
    ]);
  });

  test.each<[string, string, Record<string, string>]>([
    ['a header', '/', { 'x-note': `see ${BEARER}` }],
    ['the password of Basic', '/', { authorization: `Basic ${Buffer.from(`me:${BEARER}`).toString('base64')}` }],
    ['the user of Basic', '/', { authorization: `basic ${Buffer.from(`${BEARER}:`).toString('base64')}` }],
    ['the query', `/?key=${BEARER}`, {}],
    ['the query, escaped', `/?key=${BEARER.replace('pdk-', '%2570dk%2D')}`, {}],
    ['the path', `/bot${BEARER}/get`, {}],
    ['the name of a header', '/', { 'pdk-github-x': '1' }],
    ['another header, the run token', '/', { 'x-token': RUN_TOKEN }],
  ])('goes nowhere with a bearer in %s', async (_where, path, headers) => {
    const world = await forwardWorld(loopback, await upstream(loopback, ECHO));
    const answer = await ask(world.port, path, { headers });
    expect(answer).toMatchObject({ status: 403, headers: { 'x-agent-platform-code': 'BEARER_MISPLACED' } });
    expect(JSON.stringify(world.outcomes)).not.toMatch(/eyJ|pdk-/);
    expect(world.dials()).toBe(0);
  });

  test.each(['TRACE', 'CONNECT'])('is refused with %s', async (method) => {
    const world = await forwardWorld(loopback, await upstream(loopback, ECHO));
    const client = (await loopback.client(world.port)).send(`${method} / HTTP/1.1\r\nHost: x\r\n\r\n`);
    await client.until(method === 'TRACE' ? /^HTTP\/1.1 405 / : /^$/);
    expect(world.dials()).toBe(0);
  });
});
