import { AddressInfo, connect, Socket } from 'node:net';
import { brokerOver, RUN_TOKEN } from '../build-broker';
import { brokerPolicy, harnessRun, harnessTemplate, headerGrant, secret } from '../documents';

/** What a client can do to a connection. Nothing of it is a defect of the broker, smuggles a request, or keeps others waiting. */

const UPSTREAM = 'planted-upstream-2b9e';
const PLANTED = 'planted-on-the-wire-11';
const broker = brokerOver([
  harnessRun({}, { phase: 'Running' }), harnessTemplate(), secret({ token: UPSTREAM }),
  brokerPolicy({}, { grants: { credentials: [headerGrant()], egress: [{ host: 'api.github.com' }] } }),
], { limits: { issue: { perSecond: 1000, burst: 10_000 }, refusals: { perSecond: 1000, burst: 10_000 } } });
const open = new Set<Socket>();
let port: number;

beforeAll(async () => {
  await broker.app.listen({ host: '127.0.0.1', port: 0 });
  port = (broker.app.server.address() as AddressInfo).port;
});

afterEach(() => {
  open.forEach((socket) => socket.destroy());
  open.clear();
});
afterAll(() => broker.app.close());

/** Sends bytes and answers with everything that comes until the broker ends the connection. */
function said(bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    open.add(socket);
    socket.on('data', (chunk) => { text += String(chunk); }).on('close', () => resolve(text)).on('error', () => undefined);
  });
}

const statuses = (text: string): number[] => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

const BODY = '{"name":"GITHUB_TOKEN"}';
const HEADERS = ['Host: broker', `Authorization: Bearer ${RUN_TOKEN}`, 'X-Paddock-Run: r1', 'Content-Type: application/json'];

function issue(more: readonly string[] = [], body = BODY, headers = HEADERS): string {
  return `POST /v1/issue HTTP/1.1\r\n${[...headers, ...more, ''].join('\r\n')}\r\n${body}`;
}

const usual = issue([`Content-Length: ${BODY.length}`]);
const last = issue([`Content-Length: ${BODY.length}`, 'Connection: close']);
const chunked = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;

async function othersAreServed(): Promise<void> {
  expect(statuses(await said(last))).toEqual([200]);
}

test('requests in a row on one connection are answered one by one, in order', async () => {
  const text = await said(usual.repeat(99) + last);
  expect(statuses(text)).toEqual(Array(100).fill(200));
  expect(new Set([...text.matchAll(/"value":"([^"]+)"/g)].map(([, value]) => value)).size).toBe(100);
});

describe('after a request that is refused nothing more of the connection is read:', () => {
  test.each<[string, string]>([
    ['a length and chunks', issue([`Content-Length: ${BODY.length}`, 'Transfer-Encoding: chunked'], chunked)],
    ['chunks and a length', issue(['Transfer-Encoding: chunked', 'Content-Length: 0'], chunked)],
    ['two lengths', issue([`Content-Length: ${BODY.length}`, 'Content-Length: 0'])],
    ['two lengths that are equal', issue([`Content-Length: ${BODY.length}`, `Content-Length: ${BODY.length}`])],
    ['a list of lengths', issue([`Content-Length: ${BODY.length}, ${BODY.length}`])],
    ['a length with a sign', issue([`Content-Length: +${BODY.length}`])],
    ['a length in hex', issue(['Content-Length: 0x17'])],
    ['a negative length', issue(['Content-Length: -1'])],
    ['a length that overflows', issue(['Content-Length: 18446744073709551639'])],
    ['chunks by two names', issue(['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], chunked)],
    ['another encoding', issue(['Transfer-Encoding: xchunked'], chunked)],
    ['chunks that are not last', issue(['Transfer-Encoding: chunked, identity'], chunked)],
    ['a chunk whose size is no number', issue(['Transfer-Encoding: chunked'], `zz\r\n${BODY}\r\n0\r\n\r\n`)],
    ['a chunk whose size overflows', issue(['Transfer-Encoding: chunked'], `fffffffffffffffff\r\n${BODY}\r\n0\r\n\r\n`)],
    ['a chunk that is longer than it says', issue(['Transfer-Encoding: chunked'], `2\r\n${BODY}\r\n0\r\n\r\n`)],
    ['a folded header', issue(['X-Other: a\r\n  X-Paddock-Run: r2', `Content-Length: ${BODY.length}`])],
    ['a folded Authorization', issue([`Content-Length: ${BODY.length}`], BODY, ['Host: broker', 'Authorization: Bearer\r\n x', 'X-Paddock-Run: r1'])],
    ['a blank before the colon', issue([`Content-Length : ${BODY.length}`])],
    ['a NUL in a header', issue(['X-Other: a\0b', `Content-Length: ${BODY.length}`])],
    ['a bare CR in a header', issue(['X-Other: a\rX-Paddock-Run: r2', `Content-Length: ${BODY.length}`])],
    ['a header without colon', issue([PLANTED, `Content-Length: ${BODY.length}`])],
    ['no version', `POST /v1/issue\r\n${PLANTED}\r\n\r\n`],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['headers without end', `POST /v1/issue HTTP/1.1\r\nHost: broker\r\nX-Other: ${PLANTED.repeat(2000)}\r\n\r\n`],
  ])('%s', async (_, bytes) => {
    const text = await said(bytes + last);
    expect(statuses(text)).toEqual([expect.any(Number)]);
    expect([400, 413, 431]).toContain(statuses(text)[0]);
    expect(text).toContain('"code":"BadRequest"');
    expect(text).not.toContain('"value"');
    await othersAreServed();
  });
});

test.each<[string, string[]]>([
  ['Authorization', ['Host: broker', `Authorization: Bearer ${PLANTED}`, `Authorization: Bearer ${RUN_TOKEN}`, 'X-Paddock-Run: r1']],
  ['authorization in another case', [...HEADERS, `AUTHORIZATION: Bearer ${PLANTED}`]],
  ['X-Paddock-Run', [...HEADERS, 'X-Paddock-Run: r1']],
  ['X-Paddock-Run-Namespace', [...HEADERS, 'X-Paddock-Run-Namespace: team-a', 'x-paddock-run-namespace: team-b']],
])('%s twice is one refusal, whichever of the two would do', async (_, headers) => {
  const text = await said(issue([`Content-Length: ${BODY.length}`, 'Connection: close'], BODY, headers));
  expect([statuses(text), text.includes('"code":"BadRequest"')]).toEqual([[400], true]);
});

test.each<[string, string[]]>([
  ['with underscores, as some proxies rewrite them', ['Host: broker', `Authorization: Bearer ${RUN_TOKEN}`, 'X_Paddock_Run: r1']],
  ['as a trailer of the body', ['Host: broker', `Authorization: Bearer ${RUN_TOKEN}`, 'Trailer: X-Paddock-Run']],
])('a run that is named %s is not named', async (_, headers) => {
  const text = await said(issue(['Transfer-Encoding: chunked', 'Connection: close'], chunked.replace(/\r\n$/, 'X-Paddock-Run: r1\r\n\r\n'), headers));
  expect([statuses(text), text.includes('x-paddock-run is required')]).toEqual([[400], true]);
});

test.each(['/v1/../v1/issue', '/v1/./issue', '/v1%2fissue', '/v1/issue%00', '//broker/v1/issue', 'http://evil.example/v1/issues', '*'])('the target %s is no path of ours', async (target) => {
  const text = await said(last.replace('/v1/issue', target));
  expect([statuses(text).length, text.includes('"value"')]).toEqual([1, false]);
  expect(statuses(text)[0]).toBeGreaterThanOrEqual(400);
  expect(statuses(text)[0]).toBeLessThan(500);
});

test('who sends slowly, in headers or body, is told so and cut off, and keeps nobody waiting', async () => {
  const slow = [...Array.from({ length: 100 }, () => 'POST /v1/issue HTTP/1.1\r\nHost: broker\r\nX-Slow: '), ...Array.from({ length: 100 }, () => issue([`Content-Length: ${BODY.length}`], '{'))];
  const ended = slow.map((bytes) => said(bytes));
  // Only theirs: a byte in front of a whole request would spoil it.
  const dripping = [...open];
  const drip = setInterval(() => dripping.forEach((socket) => socket.write('x')), 700);
  for (let i = 0; i < 20; i += 1) await othersAreServed();
  const texts = await Promise.all(ended);
  clearInterval(drip);
  expect(new Set(texts.map((text) => `${statuses(text).join()} ${text.includes('"message":"the request took too long to arrive"')}`))).toEqual(new Set(['400 true']));
  await othersAreServed();
}, 30_000);

test('who never reads its answers fills no memory without end: it is not read from any more', async () => {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined).pause();
  open.add(socket);
  let sent = 0;
  const block = usual.repeat(200);
  while (sent < 400 && socket.write(block)) sent += 1;
  for (let idle = 0; idle < 5;) {
    const before = socket.bytesWritten - socket.writableLength;
    await new Promise((resolve) => setTimeout(resolve, 100));
    idle = socket.bytesWritten - socket.writableLength === before ? idle + 1 : 0;
    if (socket.writableLength === 0 && sent < 400) {
      socket.write(block);
      sent += 1;
    }
  }
  expect(sent).toBeLessThan(400);
  await othersAreServed();
}, 60_000);

test('nothing planted has been answered or logged, and nothing was a defect', () => {
  const printed = broker.output.join('\n');
  for (const text of [UPSTREAM, PLANTED, RUN_TOKEN]) expect(printed.includes(text)).toBe(false);
  expect(broker.logLines().filter((line) => /"level":(50|60|"error"|"fatal")/.test(line))).toEqual([]);
  expect(printed).not.toContain('ProviderFailure');
});
