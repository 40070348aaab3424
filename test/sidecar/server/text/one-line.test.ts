import * as fc from 'fast-check';
import { oneLine } from '../../../../sidecar/src/server/text/one-line';

test.each([
  ['all is well', 'all is well'],
  ['  two\n  lines\r\n', 'two lines'],
  ['a\u001b[31mred\u001b[0m', 'a [31mred [0m'],
  ['right\u202eto left', 'right to left'],
  ['zero\u200bwidth\ufeff', 'zero width'],
  ['', ''],
])('%j is told as %j', (text, told) => expect(oneLine(text)).toBe(told));

test('nothing that a terminal acts on is left of any text, and doing it twice changes nothing', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    const told = oneLine(text);
    expect(told).toMatch(/^([^\p{C}\s]+( [^\p{C}\s]+)*)?$/u);
    expect(oneLine(told)).toBe(told);
  }));
});
