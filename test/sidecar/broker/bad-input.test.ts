import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { brokerOver, RUN_TOKEN } from './build-broker';
import { brokerPolicy, harnessRun, harnessTemplate, headerGrant, secret } from './documents';

const UPSTREAM = 'planted-upstream-4cc1';
const PLANTED = 'planted-in-the-body-77ab';
const DOCUMENTS = [
  harnessRun({}, { phase: 'Running' }), harnessTemplate(), secret({ token: UPSTREAM }),
  brokerPolicy({}, { grants: { credentials: [headerGrant()], egress: [{ host: 'api.github.com' }] } }),
];
const HOST = '"host":"api.github.com","port":443';

/** One refusal: coded, one line in the log, nothing planted anywhere. */
async function refusedOnce(url: string, payload: string, headers: Record<string, string> = {}) {
  const broker = brokerOver(DOCUMENTS);
  const { status, body } = await broker.send(url, payload, headers);
  expect({ status, keys: Object.keys(body) }).toEqual({ status: expect.any(Number), keys: ['code', 'message'] });
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(broker.logLines()).toHaveLength(1);
  expect(broker.records).toEqual([]);
  for (const secretText of [UPSTREAM, PLANTED, RUN_TOKEN]) expect(broker.output.join('\n')).not.toContain(secretText);
  expect((await broker.ask('issue', { name: 'GITHUB_TOKEN' })).status).toBe(200);
  return { status, code: body.code };
}

describe('a body is refused', () => {
  test.each<[string, string, string]>([
    ['that is empty', 'issue', ''],
    ['that is not JSON', 'issue', `{"name": ${PLANTED}`],
    ['with something behind it', 'issue', `{"name":"GITHUB_TOKEN"} {"${PLANTED}":1}`],
    ['that is a list', 'issue', `["${PLANTED}"]`],
    ['that is null', 'issue', 'null'],
    ['that is a text', 'issue', `"${PLANTED}"`],
    ['without name', 'issue', '{}'],
    ['with an empty name', 'issue', '{"name":""}'],
    ['with a name that is a number', 'issue', '{"name":1}'],
    ['with a name that is too long', 'issue', `{"name":"${PLANTED.repeat(20)}"}`],
    ['with an unknown field', 'issue', `{"name":"GITHUB_TOKEN","extra":"${PLANTED}"}`],
    ['with a key twice', 'issue', `{"name":"GITHUB_TOKEN","name":"${PLANTED}"}`],
    ['with a key twice, once escaped', 'issue', `{"name":"GITHUB_TOKEN","n\\u0061me":"${PLANTED}"}`],
    ['that names a prototype', 'issue', `{"name":"GITHUB_TOKEN","__proto__":{"x":"${PLANTED}"}}`],
    ['that is larger than 64 KiB', 'issue', `{"name":"${'x'.repeat(65_536)}"}`],
    ['that is nested without end', 'issue', `${'['.repeat(1000)}${']'.repeat(1000)}`],
    ['without host', 'validate-egress', '{"port":443}'],
    ['without port', 'validate-egress', '{"host":"api.github.com"}'],
    ['with port 0', 'validate-egress', '{"host":"api.github.com","port":0}'],
    ['with port 65536', 'validate-egress', '{"host":"api.github.com","port":65536}'],
    ['with a port as text', 'validate-egress', '{"host":"api.github.com","port":"443"}'],
    ['with half a port', 'validate-egress', '{"host":"api.github.com","port":443.5}'],
    ['with an unknown field', 'validate-egress', `{${HOST},"method":"GET"}`],
    ['without host', 'substitute-auth', '{"port":443,"incomingXApiKey":"x"}'],
    ['with a carrier that is no text', 'substitute-auth', `{${HOST},"incomingAuthorization":["${PLANTED}"]}`],
    ['with a header that is no text', 'substitute-auth', `{${HOST},"headers":{"a":["${PLANTED}"]}}`],
    ['with headers that are a list', 'substitute-auth', `{${HOST},"headers":["${PLANTED}"]}`],
    ['with an empty method', 'substitute-auth', `{${HOST},"method":"","headers":{}}`],
    ['with a method of two words', 'substitute-auth', `{${HOST},"method":"GET /","headers":{}}`],
    ['with an unknown field', 'substitute-auth', `{${HOST},"cookies":"${PLANTED}"}`],
  ])('%s: %s', async (_, endpoint, payload) => {
    expect(await refusedOnce(`/v1/${endpoint}`, payload)).toEqual({ status: 400, code: 'BadRequest' });
  });

  test('of another type', async () => {
    expect(await refusedOnce('/v1/issue', 'name=GITHUB_TOKEN', { 'content-type': 'application/x-www-form-urlencoded' })).toEqual({ status: 400, code: 'BadRequest' });
  });

  test('that is not UTF-8', async () => {
    const broker = brokerOver(DOCUMENTS);
    const payload = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const answer = await broker.app.inject({
      method: 'POST', url: '/v1/issue', payload, headers: { 'authorization': `Bearer ${RUN_TOKEN}`, 'x-paddock-run': 'r1', 'content-type': 'application/json' },
    });
    expect(answer.json().code).toBe('BadRequest');
  });
});

describe('a host in an odd spelling is refused', () => {
  test.each([
    '', '.', '..', 'api.github.com..', '.api.github.com', 'api..github.com', ' api.github.com', 'api.github.com ', 'api.github.com:443', 'user@api.github.com',
    'https://api.github.com', 'api.github.com/', 'api.github.com%00.evil.example', 'api%2egithub.com', 'api.github.com\0', 'api.github.com\n', 'аpi.github.com',
    'api。github.com', 'ＡPI.github.com', 'apİ.github.com', '\u212Aube.example', '*', '*.github.com', '-api.github.com', 'api_x.github.com',
    '127.0.0.1', '127.1', '2130706433', '0x7f.0.0.1', '0177.0.0.1', '[::1]', '::1', '::ffff:127.0.0.1', 'fe80::1%eth0', '169.254.169.254',
    'localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'x.svc.cluster.local', 'a'.repeat(254), `${'a'.repeat(64)}.example`,
  ])('%j', async (host) => {
    const body = JSON.stringify({ host, port: 443 });
    expect(await refusedOnce('/v1/validate-egress', body)).toEqual({ status: 400, code: 'BadRequest' });
    expect(await refusedOnce('/v1/substitute-auth', body.replace('}', ',"incomingXApiKey":"x"}'))).toEqual({ status: 400, code: 'BadRequest' });
  });
});

describe('on a real connection', () => {
  const broker = brokerOver(DOCUMENTS);
  let port: number;

  beforeAll(async () => {
    await broker.app.listen({ host: '127.0.0.1', port: 0 });
    port = (broker.app.server.address() as AddressInfo).port;
  });
  afterAll(() => broker.app.close());

  /** Node's own client sends each value of a list as a header of its own. */
  function post(headers: Record<string, string | string[]>): Promise<{ status?: number; text: string }> {
    return new Promise((resolve, reject) => {
      const call = request({ port, method: 'POST', path: '/v1/issue', headers }, (response) => {
        let text = '';
        response.on('data', (chunk) => { text += String(chunk); }).on('end', () => resolve({ status: response.statusCode, text }));
      });
      call.on('error', reject).end('{"name":"GITHUB_TOKEN"}');
    });
  }

  const usual = { 'authorization': `Bearer ${RUN_TOKEN}`, 'x-paddock-run': 'r1', 'content-type': 'application/json' };

  test('the usual headers are answered', async () => {
    expect((await post(usual)).status).toBe(200);
  });

  test('a run that ends while the body is on its way gets nothing', async () => {
    const { world } = broker;
    const [before, body] = [world.documents, '{"name":"GITHUB_TOKEN"}'];
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const head = Object.entries({ ...usual, 'host': 'x', 'connection': 'close', 'content-length': String(body.length) }).map(([name, value]) => `${name}: ${value}\r\n`);
      const socket = connect(port, '127.0.0.1', () => socket.write(`POST /v1/issue HTTP/1.1\r\n${head.join('')}\r\n`));
      socket.on('data', (chunk) => { text += String(chunk); }).on('close', () => resolve(text));
      broker.app.server.once('request', () => setTimeout(() => {
        world.documents = [harnessRun({}, { phase: 'Cancelled' }), ...before.slice(1)];
        socket.write(body);
      }, 50));
    });
    world.documents = before;
    expect(answer).toMatch(/^HTTP\/1\.1 403/);
    expect(answer).toContain('"code":"RunTerminated"');
  });

  test.each<[string, string[]]>([
    ['authorization', [`Bearer ${RUN_TOKEN}`, `Bearer ${PLANTED}`]],
    ['x-paddock-run', ['r1', 'r1']],
    ['x-paddock-run-namespace', ['team-a', 'team-b']],
  ])('the header %s twice is refused', async (name, values) => {
    const { status, text } = await post({ ...usual, [name]: values });
    expect({ status, code: JSON.parse(text).code }).toEqual({ status: 400, code: 'BadRequest' });
  });

  test.each([
    ['two lengths', 'POST /v1/issue HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
    ['a length and chunks', 'POST /v1/issue HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}'],
    ['a blank before the colon', 'POST /v1/issue HTTP/1.1\r\nHost: x\r\nX-Paddock-Run : r1\r\n\r\n'],
    ['something else than HTTP', '\x16\x03\x01\x02\x00\x01\x00'],
  ])('%s is refused with a code', async (_, bytes) => {
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
      socket.on('data', (chunk) => { text += String(chunk); }).on('close', () => resolve(text)).on('error', () => undefined);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
    expect(answer).toContain('"code":"BadRequest"');
  });

  test('nothing planted has been answered or logged', () => {
    for (const secretText of [UPSTREAM, PLANTED, RUN_TOKEN]) expect(broker.output.join('\n')).not.toContain(secretText);
  });
});
