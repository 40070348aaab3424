import fc from 'fast-check';
import { byteRange } from '../../../../sidecar/src/session/files/byte-range';

test.each<[string, number, ReturnType<typeof byteRange>]>([
  ['bytes=0-9', 100, { first: 0, last: 9 }],
  ['bytes=90-200', 100, { first: 90, last: 99 }],
  ['bytes=99-', 100, { first: 99, last: 99 }],
  ['bytes=-1', 100, { first: 99, last: 99 }],
  ['bytes=-200', 100, { first: 0, last: 99 }],
  ['Bytes= 0-0 ', 100, { first: 0, last: 0 }],
])('%s of %d bytes is that part', (header, size, range) => expect(byteRange(header, size)).toEqual(range));

test.each<[string, number]>([['bytes=100-', 100], ['bytes=0-', 0], ['bytes=-0', 100], ['bytes=-5', 0], ['bytes=9999999999999999-', 100]])(
  '%s of %d bytes is no part of it', (header, size) => expect(byteRange(header, size)).toBe('none'));

test.each([undefined, '', 'bytes', 'bytes=', 'bytes=-', 'bytes=5-4', 'bytes=0-1,4-5', 'lines=0-1', 'bytes=a-b', 'bytes=0x1-2', 'bytes=1.5-2', 'bytes=--1', 'bytes=0-1;x', 'bytes=99999999999999999-'])(
  '%p asks for no part that is known', (header) => expect(byteRange(header, 100)).toBeUndefined());

test('a part is never outside of the file, whatever is asked for', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.stringMatching(/^bytes=\d{0,18}-\d{0,18}$/)), fc.nat(), (header, size) => {
    const range = byteRange(header, size);
    if (range === undefined || range === 'none') return;
    expect(range.first).toBeGreaterThanOrEqual(0);
    expect(range.last).toBeGreaterThanOrEqual(range.first);
    expect(range.last).toBeLessThan(size);
  }), { numRuns: 1000 });
});
