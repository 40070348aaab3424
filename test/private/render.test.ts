import { Duration } from 'cdk8s';
import { durationText, optional, plain } from '../../src/private/render';
import { parseDuration } from '../../src/protocol/duration';

test.each([
  [0, '0s'], [1, '1ms'], [1500, '1s500ms'], [60_000, '1m'], [5_400_000, '1h30m'], [86_400_000, '24h'], [90_061_000, '25h1m1s'],
])('%d ms are written as %s', (milliseconds, text) => {
  expect(durationText(Duration.millis(milliseconds))).toBe(text);
  expect(parseDuration(text)).toBe(milliseconds);
});

test('undefined members are gone at any depth, other empty values stay', () => {
  expect(Object.keys(plain<Record<string, unknown>>({ a: undefined, b: 0 }))).toEqual(['b']);
  expect(JSON.stringify(plain<unknown>({ list: [{ x: undefined, y: '' }], none: {}, no: false }))).toBe('{"list":[{"y":""}],"none":{},"no":false}');
});

test('only what is there is rendered', () => {
  expect(optional(undefined, () => 'x')).toBeUndefined();
  expect(optional(0, (n) => n + 1)).toBe(1);
});
