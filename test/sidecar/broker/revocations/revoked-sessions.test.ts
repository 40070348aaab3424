import { nearlyFullWarning, revokedSessionsIn } from '../../../../sidecar/src/broker/revocations/revoked-sessions';

const HOUR = 60 * 60_000;
const LIMIT = 1024 * 1024;

test('the length is that of all keys and values, whatever they are', () => {
  const { bytes, ends } = revokedSessionsIn({ metadata: { name: 'revoked-sessions' }, data: { s1: '2026-01-01T00:00:00Z', ü: 'soon' } });
  expect([bytes, ends]).toEqual([2 + 20 + 2 + 4, [['s1', Date.UTC(2026, 0, 1)]]]);
  expect(revokedSessionsIn({ metadata: { name: 'revoked-sessions' } })).toEqual({ bytes: 0, ends: [] });
});

test('a length of 80 % is told once an hour, and less is not', () => {
  const warn = jest.fn();
  const time = { now: 0 };
  const look = nearlyFullWarning(warn, () => time.now);
  const long = { ends: [], bytes: Math.ceil(0.8 * LIMIT) };
  look({ ...long, bytes: long.bytes - 1 });
  expect(warn).not.toHaveBeenCalled();
  look(long);
  time.now += HOUR - 1;
  look(long);
  expect(warn.mock.calls).toEqual([[long.bytes]]);
  time.now += 1;
  look(long);
  expect(warn).toHaveBeenCalledTimes(2);
});
