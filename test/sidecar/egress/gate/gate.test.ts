import { BrokerFailure } from '../../../../sidecar/src/egress/broker/broker-failure';
import { openGate } from '../../../../sidecar/src/egress/gate/gate';
import type { Question, Verdict } from '../../../../sidecar/src/egress/gate/verdicts';
import { refuse } from '../../../../sidecar/src/egress/refusals/refuse';
import type { WayOut } from '../../../../sidecar/src/egress/upstream/dial';

const QUESTION: Question = { token: 'pdk-egress-planted', clientAddress: '10.0.0.7', host: 'api.example.com', port: 8443 };
const ALLOWED: Verdict = { allowed: true, until: 10_000, matchedPolicy: 'p' };

const heard = jest.fn();
beforeEach(() => heard.mockClear());

function gate(verdict: () => Promise<Verdict>, check = async (): Promise<void> => undefined) {
  const way = { check: jest.fn<Promise<void>, [string]>(check), dial: jest.fn<ReturnType<WayOut['dial']>, [string, number]>() };
  const asked = jest.fn<Promise<Verdict>, [Question]>(verdict);
  return { way, asked, gate: openGate({ verdicts: { verdict: asked }, way }) };
}

test('a leave says what was asked and what the broker said, and dials there', async () => {
  const { gate: open, way, asked } = gate(async () => ALLOWED);
  const leave = await open.admit(QUESTION, heard);
  expect(leave).toMatchObject({ question: QUESTION, verdict: ALLOWED });
  expect(asked.mock.calls).toEqual([[QUESTION]]);
  expect(way.check.mock.calls).toEqual([['api.example.com']]);
  expect(way.dial).not.toHaveBeenCalled();
  const socket = {} as never;
  way.dial.mockResolvedValue(socket);
  expect(await leave.dial()).toBe(socket);
  expect(way.dial.mock.calls).toEqual([['api.example.com', 8443]]);
});

test('no policy, no lookup', async () => {
  const { gate: open, way } = gate(async () => ({ allowed: false, until: 0, reason: 'NoMatch' }));
  await expect(open.admit(QUESTION, heard)).rejects.toMatchObject({ code: 'HOST_NOT_ALLOWED', status: 403, message: 'no policy lets connections to api.example.com port 8443 out' });
  expect(way.check).not.toHaveBeenCalled();
  expect(heard.mock.calls).toEqual([[expect.objectContaining({ allowed: false })]]);
});

test.each([
  ['a token that the broker refuses', new BrokerFailure('Refused', 'the broker answered 403 Forbidden', { code: 'Forbidden', status: 403 }), 'TOKEN_REFUSED'],
  ['a broker that is away', new BrokerFailure('Unavailable', 'the broker has not answered in time'), 'BROKER_FAILED'],
  ['a broker that is asked too much', new BrokerFailure('Unavailable', 'the broker answered 429 RateLimited', { code: 'RateLimited', status: 429 }), 'TOO_MANY_REQUESTS'],
])('%s lets nobody look up a name', async (_what, error, code) => {
  const { gate: open, way } = gate(async () => { throw error; });
  await expect(open.admit(QUESTION, heard)).rejects.toMatchObject({ code });
  expect(way.check).not.toHaveBeenCalled();
});

test.each(['NAME_UNRESOLVED', 'ADDRESS_REFUSED', 'SERVER_OVERLOADED'] as const)('%s refuses before anything is answered', async (code) => {
  const { gate: open, way } = gate(async () => ALLOWED, async () => { throw refuse(code, 'it is so'); });
  await expect(open.admit(QUESTION, heard)).rejects.toMatchObject({ code, message: 'it is so' });
  expect(way.dial).not.toHaveBeenCalled();
});

test('an answer that does not say whether it allows is a refusal', async () => {
  const { gate: open } = gate(async () => ({ until: 1 } as unknown as Verdict));
  await expect(open.admit(QUESTION, heard)).rejects.toMatchObject({ code: 'HOST_NOT_ALLOWED' });
});
