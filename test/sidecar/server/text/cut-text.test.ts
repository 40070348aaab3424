import fc from 'fast-check';
import { cutText } from '../../../../sidecar/src/server/text/cut-text';

test('characters are counted as the API server counts them, so a smiley is one', () => {
  expect(cutText('😀'.repeat(10), 10)).toBe('😀'.repeat(10));
  expect(cutText('😀'.repeat(11), 10)).toBe('😀'.repeat(10));
});

test('a surrogate without its half, which the API server refuses, is replaced', () => {
  expect(cutText('a\ud83d', 10)).toBe('a\ufffd');
  expect(cutText('\ude00b', 10)).toBe('\ufffdb');
});

test('any text is cut to its limit, well-formed and a beginning of what it was', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.integer({ min: 0, max: 20 }), (text, limit) => {
    const cut = cutText(text, limit);
    expect([...cut].length).toBe(Math.min(limit, [...text].length));
    expect(text.startsWith(cut)).toBe(true);
  }));
});

test('what is cut says so within its limit, and what fits does not', () => {
  expect(cutText('abcdefgh', 8, '...')).toBe('abcdefgh');
  expect(cutText('abcdefghi', 8, '...')).toBe('abcde...');
  expect(cutText('😀'.repeat(8), 8, '…')).toBe('😀'.repeat(8));
  expect(cutText('😀'.repeat(9), 8, '…')).toBe(`${'😀'.repeat(7)}…`);
});
