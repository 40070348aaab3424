import { ApiError } from '../../../../sidecar/src/server/http/errors';
import { traceOf } from '../../../../sidecar/src/server/http/request-log';
import { BROKER_STATUS } from '../../../../src/protocol/broker-api';
import { capturedLog, closeAll, testServer } from '../frame';

afterEach(closeAll);

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

async function lineFor(headers: Record<string, string>): Promise<Record<string, unknown>> {
  const { log, lines } = capturedLog();
  const app = testServer({ log });
  await app.inject({ method: 'GET', url: '/runs/r1', headers });
  return lines().find(({ msg }) => msg === 'answered')!;
}

test('an answer is logged with the id of its request and of the trace that it is part of', async () => {
  expect(await lineFor({ traceparent: `00-${TRACE}-${PARENT}-01` })).toMatchObject({ trace: TRACE, reqId: expect.stringMatching(/^[0-9a-f]{12}-1$/), route: '/runs/:name' });
});

test('a later version of the header may say more', () => {
  expect(traceOf({ traceparent: `01-${TRACE}-${PARENT}-01-more` })).toBe(TRACE);
  expect(traceOf({ traceparent: `cc-${TRACE}-${PARENT}-00` })).toBe(TRACE);
});

test.each([
  ['no header', undefined],
  ['the forbidden version', `ff-${TRACE}-${PARENT}-01`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
  ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['capital letters', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
  ['too few digits', `00-${TRACE.slice(1)}-${PARENT}-01`],
  ['something behind version 00', `00-${TRACE}-${PARENT}-01-more`],
  ['two headers', `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`],
  ['something else', 'Bearer pdk-uss-secret'],
  ['a later version without end', `01-${TRACE}-${PARENT}-01-${'x'.repeat(300)}`],
])('%s is no trace', (_name, traceparent) => {
  expect(traceOf({ traceparent })).toBeUndefined();
});

test('a header that is no trace is not logged, whatever is in it', async () => {
  const line = await lineFor({ traceparent: 'hunter2' });
  expect(line).not.toHaveProperty('trace');
  expect(JSON.stringify(line)).not.toContain('hunter2');
});

test.each([
  ['Unavailable', 'warn', { code: 'Unavailable', cause: 'the store is away' }],
  ['ProviderFailure', 'error', { code: 'ProviderFailure', err: expect.objectContaining({ stack: expect.any(String) }) }],
] as const)('%s is logged as %s: only a defect of ours has a stack', async (code, level, fields) => {
  const { log, lines } = capturedLog();
  const app = testServer({ log });
  app.get('/away', () => { throw new ApiError(BROKER_STATUS, code, 'try again', { cause: new Error('the store is away') }); });
  await app.inject({ method: 'GET', url: '/away' });
  const line = lines().find(({ msg }) => msg === 'answered')!;
  expect(line).toMatchObject({ level, ...fields });
  expect('err' in line).toBe(level === 'error');
});
