import fc from 'fast-check';
import { head, ListenerName } from '../world/agent';
import { HOSTS } from '../world/catalog';
import { egressWorld } from '../world/world';

const world = egressWorld();

/** Pieces of which clients that mean no good make their requests. */
const PIECES = [
  'GET ', 'CONNECT ', 'POST ', 'PRI * HTTP/2.0', ' HTTP/1.1', ' HTTP/1.0', ' HTTP/9.9', '\r\n', '\r\n\r\n', '\n', '\r', '\0', ' ', ':', '/', '@', '%00', '..', '*',
  `http://${HOSTS.foreign}/`, `${HOSTS.foreign}:443`, `/${HOSTS.foreign}/`, '127.0.0.1:22', '[::1]:443', 'Host: ', 'Host: x', 'Content-Length: 5', 'Content-Length: -1', 'Transfer-Encoding: chunked',
  'Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: h2c', 'Expect: 100-continue', 'Proxy-Authorization: Basic ', 'Authorization: Bearer pdk-usersecret-eyJ', 'pdk-', '5\r\nhello\r\n', '0\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', '\x80\x2e\x01\x03\x01', 'x'.repeat(5_000),
];

const pieces = fc.array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...PIECES) }, fc.uint8Array({ maxLength: 40 }).map((data) => Buffer.from(data).toString('latin1'))), { maxLength: 24 });
const LISTENERS: ListenerName[] = ['proxy', 'baseUrl', 'fence'];

/** Sends it in the pieces, waits a moment for an answer, and goes. */
async function send(listener: ListenerName, parts: readonly string[]): Promise<void> {
  const wire = await world.one.dial(listener);
  for (const part of parts) wire.send(part);
  wire.socket.end();
  await wire.until(() => wire.isClosed || wire.received !== '');
  wire.socket.destroy();
}

async function expectServing(): Promise<void> {
  expect((await world.one.ask(HOSTS.api, head('GET / HTTP/1.1', `Host: ${HOSTS.api}`, `Authorization: Bearer ${world.one.bearers.api}`))).status).toBe(200);
}

test.each(LISTENERS)('rubbish sent to the listener %s reaches nobody, and the next client is served', async (listener) => {
  await fc.assert(fc.asyncProperty(pieces, (parts) => send(listener, parts)), { numRuns: 150 });
  world.expectUntouched();
  await expectServing();
}, 60_000);

test('nor does rubbish behind a run token, in the place of a tunnel', async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (data) => {
    const { wire, answer } = await world.one.connect(`${HOSTS.files}:443`);
    expect(answer.status).toBe(200);
    wire.send(Buffer.from(data));
    wire.socket.end();
    expect(await wire.rest()).toBe('');
  }), { numRuns: 60 });
  expect(world.upstreams.seen).toEqual([]);
  await expectServing();
}, 60_000);

test('nor does rubbish in the place of a request inside a tunnel', async () => {
  await fc.assert(fc.asyncProperty(pieces, async (parts) => {
    const wire = await world.one.tunnel(HOSTS.api);
    for (const part of parts) wire.send(part);
    wire.socket.end();
    await wire.until(() => wire.isClosed || wire.received !== '');
    wire.socket.destroy();
  }), { numRuns: 60 });
  expect(world.upstreams.text).toBe('');
  await expectServing();
}, 60_000);

test('nor does rubbish that comes as the body of a request that is allowed', async () => {
  const bodies: string[] = [];
  world.upstreams.answer = (request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (chunk) => { body += chunk; }).on('end', () => {
      bodies.push(body);
      response.end('ok');
    });
  };
  await fc.assert(fc.asyncProperty(pieces.filter((parts) => !parts.join('').includes('pdk-')), async (parts) => {
    const body = parts.join('');
    const answer = await world.one.ask(HOSTS.api, head('POST / HTTP/1.1', `Host: ${HOSTS.api}`, `Content-Length: ${body.length}`, `Authorization: Bearer ${world.one.bearers.api}`) + body, 'POST');
    expect([answer.status, bodies.at(-1)]).toEqual([200, body]);
  }), { numRuns: 60 });
}, 60_000);
