import { ApiError, refusals, toApiError } from '../../../../sidecar/src/server/http/errors';
import { BROKER_STATUS } from '../../../../src/protocol/broker-api';
import { ERRORS } from '../frame';

const refuse = refusals(BROKER_STATUS);

describe('a refusal', () => {
  test('travels with the usual status of its code', () => {
    expect(refuse('PolicyMissing', 'no policy')).toMatchObject({ code: 'PolicyMissing', status: 403, message: 'no policy', headers: {} });
  });

  test('may travel with another status that the table lists', () => {
    expect(refuse('RunTerminated', 'gone', { status: 404 }).status).toBe(404);
  });

  test('says when to come back', () => {
    expect(refuse('RateLimited', 'slow down', { retryAfterSeconds: 3 }).headers).toEqual({ 'retry-after': '3' });
  });

  test('is not made with a status that its code has not', () => {
    expect(() => new ApiError(BROKER_STATUS, 'NotFound', 'x', { status: 200 })).toThrow(new TypeError('NotFound travels with 404, not with 200'));
  });

  test.each(['Teapot', 'toString', '__proto__', ''])('is not made with the code %j, which the table has not', (code) => {
    expect(() => new ApiError(BROKER_STATUS, code, 'x')).toThrow(TypeError);
  });

  test.each(Object.entries(BROKER_STATUS))('exists for %s with each of its statuses', (code, statuses) => {
    for (const status of statuses) expect(new ApiError(BROKER_STATUS, code, 'x', { status }).status).toBe(status);
  });
});

describe('what others throw', () => {
  const fastify = (code: string, statusCode: number, message = 'text') => Object.assign(new Error(message), { code, statusCode });

  test.each([
    ['FST_ERR_CTP_BODY_TOO_LARGE', 413],
    ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 415],
    ['FST_ERR_BAD_URL', 400],
    ['FST_ERR_MAX_PARAM_LENGTH', 414],
    ['BODY_NOT_JSON', 400],
    ['ECONNRESET', 400],
  ])('%s is a bad request, on the status the table has for it', (code, status) => {
    expect(toApiError(ERRORS, fastify(code, status))).toMatchObject({ code: 'BadRequest', status: 400 });
  });

  test('a table that lists the status gets it', () => {
    const table = { TooMuch: [400, 413] };
    const errors = { table, malformed: 'TooMuch', unknownPath: 'TooMuch', limited: 'TooMuch', unavailable: 'TooMuch', unexpected: 'TooMuch' };
    expect(toApiError(errors, fastify('FST_ERR_CTP_BODY_TOO_LARGE', 413)).status).toBe(413);
  });

  test('running out of time is unavailable', () => {
    expect(toApiError(ERRORS, fastify('FST_ERR_HANDLER_TIMEOUT', 503))).toMatchObject({ code: 'Unavailable', status: 503 });
  });

  test.each([
    ['an error', new Error('password is hunter2')],
    ['an error that claims a status', Object.assign(new Error('hunter2'), { statusCode: 403, code: 'EACCES' })],
    ['a text', 'hunter2'],
    ['nothing', undefined],
    ['null', null],
  ])('%s tells the client nothing', (_name, thrown) => {
    const error = toApiError(ERRORS, thrown);
    expect(error).toMatchObject({ code: 'ProviderFailure', status: 500, message: 'the request could not be served' });
    expect(error.cause).toBe(thrown);
  });

  test('a text that repeats the path is replaced', () => {
    expect(toApiError(ERRORS, fastify('FST_ERR_BAD_URL', 400, "'/%zz?token=hunter2' is not valid")).message).toBe('the path is not valid');
  });

  test('the name of an unknown field is told, cut', () => {
    const validation = [{ keyword: 'additionalProperties', params: { additionalProperty: 'x'.repeat(1000) } }];
    const { message } = toApiError(ERRORS, Object.assign(fastify('FST_ERR_VALIDATION', 400, 'body must not'), { validation }));
    expect(message).toBe(`body must not: "${'x'.repeat(64)}"`);
  });
});
