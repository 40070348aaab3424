import fc from 'fast-check';
import { ask, BEARER, CREDENTIAL, exchangeBearer, forwardWorld, rawUpstream } from './forward-world';
import { SEARCHED_ANSWER } from '../../../../src/protocol/egress-api';
import { Loopback, until } from '../loopback';

const loopback = new Loopback();
afterEach(() => loopback.close());

const LINES = [
  'HTTP/1.1 200 OK\r\n', 'HTTP/1.0 200 OK\r\n', 'HTTP/1.1 101 Switching Protocols\r\n', 'HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Hints\r\n\r\n', 'HTTP/1.1 204 No\r\n',
  'HTTP/1.1 304 No\r\n', 'HTTP/1.1 999 ?\r\n', 'HTTP/1.1 099 ?\r\n', 'HTTP/2 200\r\n', 'Connection: close\r\n', 'Connection: Upgrade\r\nUpgrade: websocket\r\n', 'X-Key: \x7f\r\n',
  'Connection: keep-alive\r\nKeep-Alive: timeout=0\r\n', 'Content-Length: 5\r\n', 'Content-Length: 70000\r\n', 'Content-Length: -1\r\n', 'Transfer-Encoding: chunked\r\n', 'Trailer: x\r\n',
  '\r\n', '5\r\nhello\r\n', '0\r\n\r\n', '0\r\nX: y\r\n\r\n', 'ffffffffffffffffff\r\n', 'hello', 'x'.repeat(70_000), '\0', '\n', '__proto__: x\r\n', CREDENTIAL, `X-Seen: ${CREDENTIAL}\r\n`,
];
const ENDS = ['none', 'end', 'destroy', 'resetAndDestroy'] as const;

test('whatever an upstream sends and however it ends, each call has one end, no credential passes, and nothing is left open', async () => {
  let script: { readonly parts: readonly string[]; readonly end: (typeof ENDS)[number] } = { parts: [], end: 'none' };
  const hostile = await rawUpstream(loopback, (socket) => {
    const { parts, end } = script;
    parts.forEach((part, at) => setTimeout(() => socket.writable && socket.write(part, 'latin1'), at));
    setTimeout(() => { if (end !== 'none') socket[end](); }, parts.length + 2);
  });
  const good = await rawUpstream(loopback, (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  const world = await forwardWorld(loopback, hostile, { substitute: exchangeBearer });
  const other = await forwardWorld(loopback, good);
  const begun = fc.constantFrom('HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  const parts = fc.tuple(fc.option(begun, { nil: '' }), fc.array(fc.constantFrom(...LINES), { maxLength: 6 })).map(([first, more]) => [first, ...more].filter((part) => part !== ''));
  const heads = fc.constantFrom('GET / HTTP/1.1\r\n', 'HEAD / HTTP/1.1\r\n', 'GET / HTTP/1.0\r\n', 'PUT / HTTP/1.1\r\nContent-Length: 10\r\n', 'GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n');
  await fc.assert(fc.asyncProperty(parts, fc.constantFrom(...ENDS), fc.boolean(), heads, async (sent, end, isSlow, head) => {
    script = { parts: sent, end };
    const before = world.outcomes.length;
    const client = await loopback.client(world.port);
    client.send(`${head}Host: x\r\nAuthorization: Bearer ${BEARER}\r\n\r\n`);
    if (isSlow) client.socket.pause();
    await new Promise((next) => setTimeout(next, 20));
    client.socket.destroy();
    expect(await ask(other.port, '/')).toMatchObject({ status: 200, text: 'ok' });
    await until(() => world.outcomes.length > before && world.upstreams.size === 0, 'the end of the call');
    expect(world.outcomes).toHaveLength(before + 1);
    expect(client.text.slice(0, SEARCHED_ANSWER)).not.toContain(CREDENTIAL);
  }), { numRuns: 200, endOnFailure: true });
}, 60_000);
