import { BrokerFailure, failureIn } from '../../../../sidecar/src/egress/broker/broker-failure';
import { substituteRefusal, validateRefusal } from '../../../../sidecar/src/egress/broker/broker-refusal';
import { BROKER_STATUS, type BrokerCode } from '../../../../src/protocol/broker-api';

const answered = (code: BrokerCode, status: number = BROKER_STATUS[code][0]) => failureIn(status, JSON.stringify({ code, message: 'pdk-egress-planted of 10.96.0.1' }));

const REFUSED: readonly BrokerCode[] = ['BearerUnknown', 'EgressRevoked', 'Forbidden', 'HostNotAllowed', 'PolicyMissing', 'PolicyRevoked', 'RunTerminated', 'SubstituteFailed'];
const FAILED: readonly BrokerCode[] = ['Unauthorized', 'NotFound', 'Unavailable', 'AuditUnavailable', 'ProviderFailure', 'PoolExhausted'];

test.each(REFUSED)('the decision %s is that of the broker, and no reason to show the token again', (code) => {
  expect(validateRefusal(answered(code))).toMatchObject({ code: 'TOKEN_REFUSED', status: 403, message: expect.stringContaining(code) });
  expect(substituteRefusal(answered(code))).toMatchObject({ code: 'CREDENTIAL_REFUSED', status: 403, message: expect.stringContaining(code) });
});

test.each(FAILED)('the answer %s says nothing about the client', (code) => {
  for (const refusal of [validateRefusal, substituteRefusal]) expect(refusal(answered(code))).toMatchObject({ code: 'BROKER_FAILED', status: 502 });
});

test('too many questions are to be asked again in a second', () => {
  for (const refusal of [validateRefusal, substituteRefusal]) {
    expect(refusal(answered('RateLimited'))).toMatchObject({ code: 'TOO_MANY_REQUESTS', status: 429, headers: { 'retry-after': '1' } });
  }
});

test.each([
  ['a broker that does not answer', new BrokerFailure('Unavailable', 'the broker has not answered in time')],
  ['a defect', new TypeError('x is not a function at 10.96.0.1')],
  ['what is no error', 'pdk-egress-planted'],
])('%s lets nothing pass', (_what, error) => {
  for (const refusal of [validateRefusal, substituteRefusal]) {
    expect(refusal(error)).toMatchObject({ code: 'BROKER_FAILED', status: 502, message: 'the broker gives no usable answer' });
  }
});

test('no refusal repeats what the broker wrote', () => {
  for (const code of [...REFUSED, ...FAILED]) {
    for (const refusal of [validateRefusal, substituteRefusal]) expect(refusal(answered(code)).message).not.toMatch(/pdk-|10\.96/);
  }
});
