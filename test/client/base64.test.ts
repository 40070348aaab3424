import * as fc from 'fast-check';
import { fromBase64, toBase64 } from '../../src/client/base64';

test('bytes are written as Node writes them, and come back', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
    expect([...fromBase64(toBase64(bytes))]).toEqual([...bytes]);
  }));
});

test('many bytes are no more than a call may take', () => {
  const bytes = new Uint8Array(3 * 1024 * 1024).fill(7);
  expect(fromBase64(toBase64(bytes)).length).toBe(bytes.length);
});

test('what is no base64 is refused', () => {
  expect(() => fromBase64('a*b')).toThrow();
});
