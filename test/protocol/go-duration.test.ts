import fc from 'fast-check';
import { goDuration, parseGoDuration } from '../../src/protocol/go-duration';

test.each<[string, number]>([
  ['0', 0], ['+0', 0], ['-0', 0], ['1s', 1000], ['1.5s', 1500], ['.5s', 500], ['1.s', 1000], ['2m', 120_000], ['1h2m3s', 3_723_000], ['500ms', 500], ['1us', 0.001],
  ['1\u00b5s', 0.001], ['1\u03bcs', 0.001], ['100ns', 0.0001], ['-1.5h', -5_400_000], ['+1s', 1000], ['1s1s', 2000], ['2562047h', 2562047 * 3_600_000],
])('%j is a duration', (text, milliseconds) => expect(parseGoDuration(text)).toBeCloseTo(milliseconds, 6));

test.each(['', '30', '1', ' 1s', '1s ', '1 s', 's', '.s', '.', '-', '+-1s', '1S', '1d', '1e3s', '1,5s', '0x1s', '1s1', '--1s', '1s-1s', '2562048h', 'NaNs', '1.2.3s', '\u0661s', `${'0'.repeat(200)}1s`])(
  '%j is none', (text) => expect(parseGoDuration(text)).toBeUndefined());

test('parts add up, and a sign is for all of them', () => {
  const part = fc.tuple(fc.nat(1000), fc.constantFrom(['ns', 1e-6], ['us', 1e-3], ['ms', 1], ['s', 1000], ['m', 60_000], ['h', 3_600_000]) as fc.Arbitrary<[string, number]>);
  fc.assert(fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), fc.boolean(), (parts, negative) => {
    const sum = parts.reduce((all, [amount, [, unit]]) => all + amount * unit, 0);
    expect(parseGoDuration((negative ? '-' : '') + parts.map(([amount, [unit]]) => amount + unit).join(''))).toBeCloseTo(negative ? -sum : sum, 3);
  }));
});

describe('a duration is written as Go does', () => {
  test.each([
    [0, '0s'], [1, '1ms'], [999, '999ms'], [1000, '1s'], [1500, '1.5s'], [59_999, '59.999s'], [60_000, '1m0s'], [61_500, '1m1.5s'],
    [3_600_000, '1h0m0s'], [90_061_001, '25h1m1.001s'], [-5, '0s'], [0.4, '0s'],
  ])('%d ms is %s', (milliseconds, text) => {
    expect(goDuration(milliseconds)).toBe(text);
  });

  test('and read back it is the same', () => {
    const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
    fc.assert(fc.property(fc.nat(1e9), (milliseconds) => {
      const parts = [...goDuration(milliseconds).matchAll(/([0-9.]+)(ms|h|m|s)/g)];
      expect(Math.round(parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * units[unit], 0))).toBe(milliseconds);
    }));
  });
});
