import { headFor, openWay, Sent, sent, USUAL_HOST, Way, WAYS } from '../world/ways';
import { egressWorld } from '../world/world';

const world = egressWorld();
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';

/** Heads that two readers could understand differently. What follows them must never come to be a request. */
const HEADS: [string, Sent][] = [
  ['a folded header', { fields: ['X-Fold: one', ' two'] }],
  ['a header that begins with a blank', { fields: [' X-Blank: 1'] }],
  ['a blank before the colon', { fields: ['X-Blank : 1'] }],
  ['a length with a blank before the colon', { method: 'POST', fields: ['Content-Length : 5'], body: 'hello' }],
  ['chunks with a blank before the colon', { method: 'POST', fields: ['Transfer-Encoding : chunked'], body: '0\r\n\r\n' }],
  ['NUL in a value', { fields: ['X-Nul: a\0b'] }],
  ['CR alone in a value', { fields: ['X-Cr: a\rb'] }],
  ['a line break by CR alone', { fields: ['X-Cr: a\rX-Other: b'] }],
  ['an empty name', { fields: [': 1'] }],
  ['a line without colon', { fields: ['X-Nothing'] }],
  ['a name in brackets', { fields: ['X(1): 1'] }],
  ['a control character in a name', { fields: ['X\x01: 1'] }],
  ['length and chunks', { method: 'POST', fields: ['Content-Length: 5', 'Transfer-Encoding: chunked'], body: '0\r\n\r\n' }],
  ['chunks and length', { method: 'POST', fields: ['Transfer-Encoding: chunked', 'Content-Length: 5'], body: '0\r\n\r\n' }],
  ['two lengths', { method: 'POST', fields: ['Content-Length: 5', 'Content-Length: 6'], body: 'hello!' }],
  ['two lengths in one', { method: 'POST', fields: ['Content-Length: 5, 6'], body: 'hello!' }],
  ['the same length twice', { method: 'POST', fields: ['Content-Length: 5', 'Content-Length: 5'], body: 'hello' }],
  ['a negative length', { method: 'POST', fields: ['Content-Length: -1'] }],
  ['a length with a sign', { method: 'POST', fields: ['Content-Length: +5'], body: 'hello' }],
  ['a length in hexadecimal', { method: 'POST', fields: ['Content-Length: 0x5'], body: 'hello' }],
  ['an endless length', { method: 'POST', fields: ['Content-Length: 99999999999999999999999'] }],
  ['an unknown coding', { method: 'POST', fields: ['Transfer-Encoding: xchunked'], body: '0\r\n\r\n' }],
  ['chunks that are not last', { method: 'POST', fields: ['Transfer-Encoding: chunked, identity'], body: '0\r\n\r\n' }],
  ['chunks twice', { method: 'POST', fields: ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], body: '0\r\n\r\n' }],
  ['a coding in front of chunks', { method: 'POST', fields: ['Transfer-Encoding: gzip, chunked'], body: '0\r\n\r\n' }],
  ['a coding with a tabulator', { method: 'POST', fields: ['Transfer-Encoding: \x0bchunked'], body: '0\r\n\r\n' }],
  ['two hosts', { fields: ['Host: foreign.example.test'] }],
  ['another version', { version: '2.0' }],
  ['no version that there is', { version: '1.10' }],
  ['a method of other letters', { method: 'GE T' }],
];

/** Bodies that are no chunks. */
const CHUNKS: [string, string][] = [
  ['a size that is none', 'x\r\nhello\r\n0\r\n\r\n'],
  ['a negative size', '-5\r\nhello\r\n0\r\n\r\n'],
  ['a size with 0x', '0x5\r\nhello\r\n0\r\n\r\n'],
  ['a size that is too large', 'fffffffffffffffff\r\nhello\r\n0\r\n\r\n'],
  ['no line break behind the data', '5\r\nhelloX\r\n0\r\n\r\n'],
  ['a line feed alone behind the size', '5\nhello\r\n0\r\n\r\n'],
  ['a blank line too early', '\r\n5\r\nhello\r\n0\r\n\r\n'],
];

async function refusedHead(way: Way, what: Sent): Promise<void> {
  const wire = await openWay(world, way);
  wire.send(headFor(world, way, what) + (what.body ?? '') + SMUGGLED);
  const answer = await wire.answer();
  expect([400, 413, 505]).toContain(answer.status);
  world.expectRefusal(answer, 'BAD_REQUEST', answer.status);
  expect(world.upstreams.text).toBe('');
}

describe.each(WAYS)('a request that comes %s is refused with', (way) => {
  test.each(HEADS)('%s', (_, what) => refusedHead(way, what));

  test.each(CHUNKS)('chunks with %s, and nothing behind them is a request', async (_, body) => {
    const wire = await sent(world, way, { method: 'POST', fields: ['Transfer-Encoding: chunked'], body: body + SMUGGLED });
    await wire.until(() => wire.isClosed);
    expect(wire.received).not.toContain('200 OK');
    expect(world.upstreams.text).not.toContain('smuggled');
    expect(world.upstreams.text).not.toContain('0\r\n\r\n');
  });

  test('headers of more than 32 KiB', async () => {
    const wire = await sent(world, way, { fields: [`X-Long: ${'a'.repeat(33 * 1024)}`] });
    world.expectRefusal(await wire.answer(), 'BAD_REQUEST', 431);
    expect(world.upstreams.text).toBe('');
  });

  test('more headers than anybody needs', async () => {
    const wire = await sent(world, way, { fields: Array.from({ length: 8_000 }, (_, at) => `X-${at}: 1`) });
    await wire.until(() => wire.isClosed || wire.received !== '');
    expect(wire.received).not.toContain('200 OK');
    expect(world.upstreams.text).toBe('');
  });

  test('a target of more than 16 KiB', async () => {
    const wire = await sent(world, way, { path: `/${'a'.repeat(17 * 1024)}` });
    const { status, body } = await wire.answer();
    expect([status, JSON.parse(body).code]).toEqual([414, 'BAD_TARGET']);
    expect(world.upstreams.text).toBe('');
  });

  test('an expectation that is not known', async () => {
    const wire = await sent(world, way, { fields: ['Expect: 200-ok'] });
    world.expectRefusal(await wire.answer(), 'BAD_REQUEST', 417);
    expect(world.upstreams.text).toBe('');
  });

  test.each(['TRACE', 'trace'])('the method %s', async (method) => {
    const wire = await sent(world, way, { method });
    expect([400, 405]).toContain((await wire.answer()).status);
    expect(world.upstreams.text).toBe('');
  });
});

describe.each(WAYS)('a request that comes %s', (way) => {
  test('has no hop-by-hop headers when it goes on, nor what Connection names', async () => {
    const fields = [
      'Connection: close, X-Mine, Authorization, Content-Length', 'X-Mine: 1', 'Keep-Alive: timeout=1', 'TE: trailers', 'Trailer: X-T', 'Proxy-Connection: keep-alive',
      'Proxy-Authenticate: Basic', 'Proxy-Foo: 1', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__', 'X-Forwarded-For: 10.0.0.1',
    ];
    const answer = await (await sent(world, way, { fields })).answer();
    expect(answer.status).toBeLessThan(500);
    const seen = world.upstreams.text.toLowerCase();
    for (const name of ['x-mine', 'keep-alive:', 'te:', 'trailer', 'proxy-', 'upgrade', 'http2-settings', 'foreign']) expect(seen).not.toContain(`\r\n${name}`);
    expect(seen).toContain(`host: ${USUAL_HOST[way]}\r\n`);
  });

  test('keeps its length, whatever Connection names', async () => {
    const fields = ['Connection: Content-Length, Transfer-Encoding, Host', 'Content-Length: 44'];
    const wire = await sent(world, way, { method: 'POST', fields, body: 'GET /smuggled HTTP/1.1\r\nHost: a.test\r\nX: y\r\n\r\n'.slice(0, 44) });
    expect((await wire.answer()).status).toBe(200);
    expect(world.upstreams.text).toMatch(/content-length: 44\r\n/i);
    expect(world.upstreams.text.match(/^host: /gim)).toHaveLength(1 + 1);
  });

  test('has no trailers when it goes on', async () => {
    const body = '5\r\nhello\r\n0\r\nX-Trailer: secret\r\nHost: foreign.example.test\r\n\r\n';
    expect((await (await sent(world, way, { method: 'POST', fields: ['Transfer-Encoding: chunked', 'Trailer: X-Trailer'], body })).answer()).status).toBe(200);
    expect(world.upstreams.text.toLowerCase()).not.toContain('trailer');
  });

  test('has no chunk extensions when it goes on', async () => {
    const body = '5;name=value\r\nhello\r\n0;last\r\n\r\n';
    expect((await (await sent(world, way, { method: 'POST', fields: ['Transfer-Encoding: chunked'], body })).answer()).status).toBe(200);
    expect(world.upstreams.text).not.toMatch(/name=value|last/);
  });

  test('and the one behind it come one after the other', async () => {
    const wire = await openWay(world, way);
    wire.send(headFor(world, way, { path: '/one' }) + headFor(world, way, { path: '/two' }));
    expect([(await wire.answer()).status, (await wire.answer()).status]).toEqual([200, 200]);
    expect([...world.upstreams.text.matchAll(/^GET (\S+)/gm)].map(([, path]) => path)).toEqual(['/one', '/two']);
  });
});
