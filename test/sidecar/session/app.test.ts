import { boundInit, daemon, initToken, NOW, requestToken } from './build-session';
import { SESSION_ERROR_TEXTS, SESSION_STATUS } from '../../../src/protocol/session-api';

describe('health', () => {
  test('answers everybody as PicoD does, before init and after', async () => {
    const one = daemon();
    one.now = NOW + 3723.5;
    const picod = { status: 'ok', service: 'PicoD', version: '0.0.1', uptime: '1h2m3.5s' };
    expect(await one.health()).toMatchObject({ status: 200, body: { ...picod, initialized: false, nativeHelper: false } });
    one.now = NOW;
    await one.init(await boundInit(one));
    expect((await one.health()).body).toMatchObject({ initialized: true });
  });

  test('says when the native helper is there', async () => {
    expect((await daemon({ nativeHelper: true }).health()).body).toMatchObject({ nativeHelper: true });
  });
});

describe('what is not offered is refused with the body that clients of PicoD read', () => {
  test.each([
    ['GET', '/nowhere', 404, 'NOT_FOUND', 'there is no such path'],
    ['GET', '/%zz', 400, 'BAD_REQUEST', 'the path is not valid'],
    ['PUT', '/init', 405, 'BAD_REQUEST', 'the path answers to GET, POST only'],
    ['GET', '/api/execute', 405, 'BAD_REQUEST', 'the path answers to POST only'],
  ] as const)('%s %s', async (method, url, status, reason, text) => {
    expect(await daemon().ask(method, url)).toMatchObject({ status, body: { error: text, code: status, reason, detail: text } });
  });

  test('a defect of a route, of which nothing is told', async () => {
    const one = daemon({ routes: [(api) => api.post('/api/execute', () => { throw new Error('planted-5d2c'); })] });
    await one.init(await boundInit(one));
    const { status, body } = await one.execute(`Bearer ${requestToken()}`);
    const text = 'the request could not be served';
    expect({ status, body }).toEqual({ status: 500, body: { error: text, code: 500, reason: 'INTERNAL', detail: text } });
  });
});

test('content type parsers of a route are for its own paths only', async () => {
  const one = daemon({
    routes: [(api) => {
      api.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, _body, done) => done(null, 'raw'));
      api.post('/api/execute', (request) => ({ got: request.body ?? null }));
    }],
  });
  await one.init(await boundInit(one));
  const headers = { 'content-type': 'application/octet-stream', 'authorization': `Bearer ${requestToken()}` };
  expect(await one.ask('POST', '/api/execute', { headers, payload: 'x' })).toMatchObject({ status: 200, body: { got: 'raw' } });
  expect(await one.ask('POST', '/init', { headers, payload: '"x"' })).toMatchObject({ status: 400, body: { reason: 'INIT_MALFORMED', detail: 'body must be object' } });
});

describe('a body', () => {
  const sent = (contentType: string | undefined, payload: string | Buffer) =>
    daemon().ask('POST', '/init', { headers: contentType === undefined ? {} : { 'content-type': contentType }, payload });

  test.each([undefined, 'application/json', 'application/x-www-form-urlencoded', 'text/plain', 'application/octet-stream'])('called %s is read as JSON', async (contentType) => {
    expect(await sent(contentType, JSON.stringify({ token: initToken() }))).toMatchObject({ status: 200 });
  });

  test('in parts is refused where no file is meant', async () => {
    expect(await sent('multipart/form-data; boundary=x', '--x--')).toMatchObject({ status: 415, body: { error: 'invalid request format', reason: 'INIT_MALFORMED' } });
  });

  test('that is not UTF-8 is refused', async () => {
    expect(await sent('text/plain', Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({ status: 400, body: { reason: 'INIT_MALFORMED', detail: 'the body is not UTF-8' } });
  });
});


test('every text that clients know belongs to a code', () => {
  expect(Object.keys(SESSION_ERROR_TEXTS).filter((code) => !(code in SESSION_STATUS))).toEqual([]);
});
