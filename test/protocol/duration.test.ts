import * as fc from 'fast-check';
import { isUsableDuration, parseDuration } from '../../src/protocol/duration';

test.each([
  ['30m', 1_800_000],
  ['1h30m0s', 5_400_000],
  ['1.5h', 5_400_000],
  ['90s', 90_000],
  ['250ms', 250],
  ['1500us', 1.5],
  ['0s', 0],
])('%s is %d milliseconds', (text, milliseconds) => {
  expect(parseDuration(text)).toBeCloseTo(milliseconds, 9);
});

test.each(['', '30', 'm', '-5m', '+5m', '1 h', '5m ', '1d', '5M', '.5h', '1e3s', '1h,2m', `${'1h'.repeat(17)}`])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test('hours, minutes and seconds add up', () => {
  fc.assert(fc.property(fc.nat(999), fc.nat(59), fc.nat(59), (hours, minutes, seconds) => {
    expect(parseDuration(`${hours}h${minutes}m${seconds}s`)).toBe(((hours * 60 + minutes) * 60 + seconds) * 1000);
  }));
});

test.each(['1ns', '1m', '720h', '719h60m'])('%s may be used', (text) => {
  expect(isUsableDuration(text)).toBe(true);
});

test.each(['0s', '0h0m', '720h1s', '999999h', 'soon'])('%s may not be used', (text) => {
  expect(isUsableDuration(text)).toBe(false);
});
