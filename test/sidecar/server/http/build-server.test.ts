import { createRegistry, RequestMetrics } from '../../../../sidecar/src/server/telemetry/metrics';
import { capturedLog, closeAll, listening, rawAnswer, refusalIn, testServer } from '../frame';

afterEach(closeAll);

const JSON_TYPE = { 'content-type': 'application/json' };
const post = (payload: string | Buffer, headers: Record<string, string> = JSON_TYPE, url = '/v1/issue') =>
  testServer().inject({ method: 'POST', url, payload, headers });

describe('an answer', () => {
  test('is kept by no cache and taken for no other type', async () => {
    const { headers } = await post('{"name":"a"}');
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'application/problem+json', 'text/json'])(
    'comes for a body of type %s', async (type) => {
      expect((await post('{"name":"a"}', { 'content-type': type })).json()).toEqual({ got: { name: 'a' } });
    });

  test('comes for a body of no type', async () => {
    expect((await post(Buffer.from('{"name":"a"}'), {})).json()).toEqual({ got: { name: 'a' } });
  });

  test('is one line of the log and one count', async () => {
    const { log, lines } = capturedLog();
    const registry = createRegistry('test');
    const app = testServer({ log, metrics: new RequestMetrics(registry) });
    app.addHook('preHandler', (request, _reply, done) => {
      request.callerName = 'team-a/collector';
      done();
    });
    await app.inject({ method: 'POST', url: '/v1/issue?token=hunter2', payload: { name: 'a' } });
    expect(lines()).toEqual([expect.objectContaining({ level: 'info', method: 'POST', route: '/v1/issue', status: 200, caller: 'team-a/collector', msg: 'answered' })]);
    expect(lines()[0]).toMatchObject({ ms: expect.any(Number), reqId: expect.stringMatching(/^[0-9a-f]{12}-1$/) });
    expect(await registry.metrics()).toContain('http_requests_total{route="/v1/issue",status="200",role="test"} 1');
  });

  test('can be logged for those only who want details, refusals are logged for all', async () => {
    const { log, lines } = capturedLog();
    const app = testServer({ log, answersLevel: 'debug' });
    await app.inject({ method: 'POST', url: '/v1/issue', payload: { name: 'a' } });
    await app.inject({ method: 'POST', url: '/v1/issue', payload: {} });
    expect(lines()).toMatchObject([{ status: 400, code: 'BadRequest' }]);
  });
});

describe('a body is refused', () => {
  test.each([
    ['that is empty', '', 'the body is not JSON'],
    ['that is cut off', '{"name":"a"', 'the body is not JSON'],
    ['with more behind it', '{"name":"a"}{}', 'the body is not JSON'],
    ['with a key twice', '{"name":"a","name":"b"}', 'the body has a key twice'],
    ['that names a prototype', '{"name":"a","__proto__":{"admin":true}}', 'the body names a prototype'],
    ['that is no object', '[]', 'body must be object'],
    ['that is null', 'null', 'body must be object'],
    ['without a field that must be there', '{}', "body must have required property 'name'"],
    ['with an unknown field', '{"name":"a","nmae":"b"}', 'body must NOT have additional properties: "nmae"'],
    ['with a number for a text', '{"name":1}', 'body/name must be string'],
    ['with a text for a number', '{"name":"a","count":"1"}', 'body/count must be integer'],
    ['that is too long', JSON.stringify({ name: 'x'.repeat(70_000) }), 'the body is too long'],
  ])('%s', async (_name, payload, message) => {
    const answer = await post(payload);
    expect([answer.statusCode, answer.json()]).toEqual([400, { code: 'BadRequest', message }]);
  });

  test('that is not UTF-8', async () => {
    expect((await post(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).json().message).toBe('the body is not UTF-8');
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'json', 'multipart/form-data; boundary=x', 'application/json, text/plain'])(
    'of type %s', async (type) => {
      const answer = await post('{"name":"a"}', { 'content-type': type });
      expect([answer.statusCode, answer.json().code]).toEqual([400, 'BadRequest']);
    });

  test('that is not there at all', async () => {
    expect((await testServer().inject({ method: 'POST', url: '/v1/issue' })).json()).toEqual({ code: 'BadRequest', message: 'body must be object' });
  });
});

describe('a path is refused', () => {
  test('that is not there', async () => {
    const answer = await testServer().inject({ method: 'GET', url: '/v1/other?token=x' });
    expect([answer.statusCode, answer.json()]).toEqual([404, { code: 'NotFound', message: 'there is no such path' }]);
  });

  test.each(['/v1/issue/', '/V1/issue', '//v1/issue', '/v1//issue', '/v1/issue;x', '/runs/'])('%s is none of ours', async (url) => {
    expect((await testServer().inject({ method: 'POST', url, payload: { name: 'a' } })).statusCode).toBe(404);
  });

  test.each(['GET', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE'] as const)('for the method %s, with the one that is right', async (method) => {
    const answer = await testServer().inject({ method: method as 'GET', url: '/v1/issue' });
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'POST']);
    if (method !== 'HEAD') expect(answer.json().code).toBe('BadRequest');
  });

  test('that cannot be decoded, without repeating it, in one line of the log', async () => {
    const { log, text, lines } = capturedLog();
    const answer = await testServer({ log }).inject({ method: 'GET', url: '/runs/%zzhunter2' });
    expect([answer.statusCode, answer.json()]).toEqual([400, { code: 'BadRequest', message: 'the path is not valid' }]);
    expect(lines()).toMatchObject([{ route: 'none', status: 400 }]);
    expect(text()).not.toContain('hunter2');
  });

  test('before its body is read', async () => {
    const answer = await post('not JSON', JSON_TYPE, '/nowhere');
    expect([answer.statusCode, answer.headers.connection]).toEqual([404, 'close']);
  });
});

test('a defect tells the client nothing and the log everything', async () => {
  const { log, lines } = capturedLog();
  const answer = await testServer({ log }).inject({ method: 'POST', url: '/fails', payload: {} });
  expect([answer.statusCode, answer.json()]).toEqual([500, { code: 'ProviderFailure', message: 'the request could not be served' }]);
  expect(lines()).toMatchObject([{ level: 'error', status: 500, err: { message: 'password is hunter2', stack: expect.stringContaining('frame.ts') } }]);
});

describe('a handler that takes too long', () => {
  const impatient = (log = capturedLog().log) => testServer({ log, limits: { handlerTimeout: 20, checkInterval: 5 } });
  const toNever = (method: string, ...rest: string[]) => [`${method} /never HTTP/1.1`, 'host: a', 'connection: close', ...rest].join('\r\n');

  test.each([
    ['without a body', toNever('GET', '', '')],
    ['behind a body', toNever('POST', 'content-length: 2', '', '{}')],
    ['behind a body that does not end', toNever('POST', 'content-length: 3', '', '{}')],
  ])('is given up %s', async (_, text) => {
    const app = impatient();
    app.route({ method: ['GET', 'POST'], url: '/never', handler: () => new Promise(() => undefined) });
    expect(refusalIn(await rawAnswer(await listening(app), text))).toEqual({ status: 503, code: 'Unavailable', message: 'no answer in time; try again' });
  });

  test('is cut off when its answer has begun', async () => {
    const app = impatient();
    app.get('/never', async (_request, reply) => {
      reply.raw.writeHead(200, { 'content-length': 100 }).write('begun');
      await new Promise(() => undefined);
    });
    expect(await rawAnswer(await listening(app), toNever('GET', '', ''))).toMatch(/begun$/);
  });

  test('is left alone when it has taken the answer over', async () => {
    const app = impatient();
    app.get('/never', async (_request, reply) => {
      reply.hijack();
      setTimeout(() => reply.raw.end('its own'), 60);
    });
    expect(await rawAnswer(await listening(app), toNever('GET', '', ''))).toMatch(/its own/);
  });

  test('may answer afterwards, to nobody', async () => {
    const { log, lines } = capturedLog();
    const app = impatient(log);
    let answer = (_late: object): void => undefined;
    app.post('/late', () => new Promise<object>((resolve) => answer = resolve));
    expect((await app.inject({ method: 'POST', url: '/late', payload: {} })).statusCode).toBe(503);
    answer({ late: true });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(lines().filter(({ msg }) => msg === 'answered')).toMatchObject([{ route: '/late', status: 503 }]);
    // Its own handler has all the time there is.
    const stopped = jest.spyOn(performance, 'now').mockReturnValue(performance.now());
    expect((await app.inject({ method: 'POST', url: '/v1/issue', payload: { name: 'a' } })).statusCode).toBe(200);
    stopped.mockRestore();
  });
});

describe('on the wire', () => {
  const request = (...headers: string[]) => ['POST /v1/issue HTTP/1.1', ...headers, 'connection: close', '', ''].join('\r\n');

  test.each(['Authorization: Bearer a', 'X-Paddock-Run: a', 'X-Paddock-Run-Namespace: a', 'Content-Type: application/json', 'Host: b'])(
    'a second %s is refused, in any case', async (header) => {
      const answer = await rawAnswer(await listening(testServer()), request('host: a', header, header.toUpperCase(), 'content-length: 0'));
      expect(refusalIn(answer)).toEqual({ status: 400, code: 'BadRequest', message: `the header ${header.split(':')[0].toLowerCase()} is there twice` });
    });

  test.each([
    ['a second length', request('host: a', 'content-length: 2', 'content-length: 3')],
    ['a length beside chunks', request('host: a', 'content-length: 2', 'transfer-encoding: chunked')],
    ['a length that is no number', request('host: a', 'content-length: 2x')],
    ['a blank before the colon', request('host : a')],
    ['no HTTP at all', 'hunter2\r\n\r\n'],
    ['TLS', '\x16\x03\x01\x00\xa5\x01\x00'],
  ])('%s is refused', async (_name, text) => {
    const answer = await rawAnswer(await listening(testServer()), text);
    expect(refusalIn(answer)).toEqual({ status: 400, code: 'BadRequest', message: 'the request is not HTTP' });
    expect(answer).toContain('connection: close');
  });

  test('no host is refused', async () => {
    expect(refusalIn(await rawAnswer(await listening(testServer()), request()))).toMatchObject({ status: 400, message: 'the header host is missing' });
  });

  test('more headers than anybody needs are refused, not dropped', async () => {
    const many = Array.from({ length: 64 }, (_, at) => `x-${at}: a`);
    expect(refusalIn(await rawAnswer(await listening(testServer()), request('host: a', ...many)))).toMatchObject({ status: 400, message: 'more than 64 headers' });
  });

  test('headers that are too long are refused', async () => {
    const answer = await rawAnswer(await listening(testServer()), request('host: a', `x: ${'a'.repeat(20_000)}`));
    expect(refusalIn(answer)).toMatchObject({ status: 400, message: 'the headers are too long' });
  });

  test('an expectation nobody meets is refused', async () => {
    expect(refusalIn(await rawAnswer(await listening(testServer()), request('host: a', 'expect: 200-maybe')))).toMatchObject({ status: 400, code: 'BadRequest' });
  });

  test('a request that never ends is refused when its time is over', async () => {
    const port = await listening(testServer({ limits: { headersTimeout: 30, requestTimeout: 60, checkInterval: 10 } }));
    expect(refusalIn(await rawAnswer(port, 'POST /v1/issue HTTP/1.1\r\nhost: a\r\n'))).toMatchObject({ status: 400, message: 'the request took too long to arrive' });
    const slow = await rawAnswer(port, 'POST /v1/issue HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{');
    expect(slow).toContain('"code":"BadRequest"');
  });

  test('more connections than allowed are closed, and those open go on', async () => {
    const app = testServer({ limits: { maxConnections: 1 } });
    const port = await listening(app);
    const first = new Promise<void>((resolve) => app.server.once('connection', () => resolve()));
    const held = rawAnswer(port, 'POST /v1/issue HTTP/1.1\r\n');
    await first;
    expect(await rawAnswer(port, request('host: a')).catch(() => '')).toBe('');
    await app.close();
    await held;
  });
});
