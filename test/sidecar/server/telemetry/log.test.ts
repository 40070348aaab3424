import { pathOf } from '../../../../sidecar/src/server/telemetry/log';
import { maskLine, maskSecrets } from '../../../../sidecar/src/server/telemetry/mask';
import { capturedLog } from '../frame';

const BEARER = 'pdk-anthropicapi-eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..aXYtaXYtaXY.Y2lwaGVydGV4dA.dGFnLXRhZw';
const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl';

test('a line is one JSON object with level, time and role', () => {
  const { log, lines, text } = capturedLog();
  log.info({ status: 200 }, 'answered');
  expect(lines()).toEqual([{ level: 'info', time: '1970-01-01T00:00:00.000Z', role: 'test', status: 200, msg: 'answered' }]);
  expect(text().endsWith('}\n')).toBe(true);
});

test('what is below the level is not written', () => {
  const { log, text } = capturedLog('warn');
  log.info('quiet');
  expect(text()).toBe('');
});

describe('masks', () => {
  test.each([
    ['a bearer of ours', BEARER],
    ['a token of three parts', JWT],
    ['an Authorization header', 'Bearer hunter2hunter2'],
    ['Basic credentials', 'Basic dXNlcjpwYXNz'],
    ['the same in another case', 'bearer hunter2hunter2'],
  ])('%s in a message, in a field, in an error and in its cause', (_name, secret) => {
    const { log, text, lines } = capturedLog();
    log.info(`got ${secret}!`);
    log.info({ deep: { er: [{ text: `a ${secret} b` }] } }, 'x');
    log.error({ err: new Error(`bad ${secret}`, { cause: new Error(secret) }) }, 'failed');
    log.child({ who: secret }).info('child');
    expect(text()).not.toContain(secret.split(/[ .]/).at(-1));
    expect(lines()).toHaveLength(4);
    expect(lines()[0].msg).toBe('got [masked]!');
  });

  test.each(['authorization', 'Authorization', 'x-api-key', 'proxy-authorization', 'cookie', 'set-cookie', 'token', 'value', 'incomingAuthorization', 'incomingXApiKey'])(
    'the field %s at any depth, of any type', (name) => {
      const { log, text, lines } = capturedLog();
      log.info({ [name]: 'hunter2', headers: { [name]: 'hunter2 "quoted" \\' }, a: { b: { c: { [name]: 'hunter2' } } } }, 'texts');
      log.info({ [name]: ['hunter2'], x: { [name]: { y: 'hunter2' } } }, 'others');
      expect(text()).not.toContain('hunter2');
      expect(lines()).toMatchObject([{ [name]: '[masked]', a: { b: { c: { [name]: '[masked]' } } } }, { x: { [name]: '[masked]' } }]);
    });

  test('a field inside JSON that an error quotes', () => {
    const { log, text, lines } = capturedLog();
    log.error({ err: new Error('answered {"token": "hunter2", "ok": true}') }, 'failed');
    expect(text()).not.toContain('hunter2');
    expect(lines()).toHaveLength(1);
  });

  test('what an error carries beside its message', () => {
    const { log, text } = capturedLog();
    log.error({ err: Object.assign(new Error('refused'), { code: 'E1', request: { headers: { 'x-key': 'hunter2' } } }) }, 'failed');
    expect(text()).toContain('"code":"E1"');
    expect(text()).not.toContain('hunter2');
  });

  test('what somebody throws that is no error', () => {
    const { log, text } = capturedLog();
    log.error({ err: { password: 'hunter2' } }, 'failed');
    expect(text()).not.toContain('hunter2');
  });

  test('the query of a request', () => {
    const { log, text } = capturedLog();
    log.info({ req: { method: 'GET', url: '/path?key=hunter2', headers: { 'x-key': 'hunter2' } } }, 'asked');
    expect(text()).toContain('"path":"/path"');
    expect(text()).not.toContain('hunter2');
  });
});

describe('leaves alone', () => {
  test.each(['pdk-run', 'pdk-a-b', 'eye.on.it', 'the bearer is expired', 'Basic', 'hey', 'monkey.com'])('%j, which is no secret', (text) => {
    expect(maskSecrets(text)).toBe(text);
  });

  test('fields whose name only ends alike', () => {
    const line = '{"tokens":"3","keyvalue":"x","cookies":"y"}\n';
    expect(maskLine(line)).toBe(line);
  });
});

test('errors that go round in circles are told up to a depth', () => {
  const { log, lines } = capturedLog();
  const error = new Error('round');
  error.cause = error;
  log.error({ err: error }, 'failed');
  expect(lines()).toHaveLength(1);
});

test.each([['/a?b', '/a'], ['/a#b?c', '/a'], ['/a', '/a'], ['', '']])('the path of %j is %j', (url, path) => {
  expect(pathOf(url)).toBe(path);
});
