import fc from 'fast-check';
import { decodeBase64 } from '../../../sidecar/src/session/base64';

test('what was encoded is decoded', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(Buffer.from(bytes))));
});

test('line breaks are left out', () => expect(decodeBase64('aGVs\r\nbG8=\n')?.toString()).toBe('hello'));

test.each(['a', 'ab', 'abc', 'ab=', 'a===', '====', 'ab=c', 'Zm9v=Zm9', 'a b=', 'ab-_', '_w==', 'äbcd', 'abc\u0000', '!!!!', 'aGVsbG8', 'ab==ab=='])('%j is refused', (text) => {
  expect(decodeBase64(text)).toBeUndefined();
});
