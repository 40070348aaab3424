import * as fc from 'fast-check';
import { chunked, cut, line } from './chunked';
import { AwsChunks } from '../../../../sidecar/src/egress/aws/chunks';
import { ApiError } from '../../../../sidecar/src/server/http/errors';

function decoded(pieces: readonly Buffer[], length: number): Buffer {
  const chunks = new AwsChunks(length);
  const data = pieces.flatMap((piece) => chunks.take(piece));
  chunks.end();
  return Buffer.concat(data);
}

const texts = (...all: string[]) => all.map((text) => Buffer.from(text));
const problem = (body: string | Buffer, length = 3) => () => decoded([Buffer.from(body)], length);

test('the data of chunks is what is in them', () => {
  expect(decoded([chunked(texts('abc', 'defg'))], 7).toString()).toBe('abcdefg');
});

test('a body without data is one last chunk', () => {
  expect(decoded([chunked([])], 0)).toHaveLength(0);
});

test('line endings and lines of chunks inside of data are data', () => {
  const data = `\r\n${line(3)}abc\r\n${line(0)}\r\n`;
  expect(decoded([chunked(texts(data))], data.length).toString()).toBe(data);
});

test.each([
  ['nothing', ''],
  ['an empty line', '\r\n'],
  ['a checksum and its signature', `x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:${'a'.repeat(64)}\r\n\r\n`],
  ['a checksum as some clients end it', 'x-amz-checksum-crc32c:sOO8/Q==\n\r\n\r\n'],
])('behind the last chunk %s is dropped', (_, behind) => {
  expect(decoded([chunked(texts('abc'), behind)], 3).toString()).toBe('abc');
});

test('however a body is cut, its data is the same', () => {
  const parts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)), { maxLength: 8 });
  fc.assert(fc.property(parts, fc.array(fc.nat({ max: 120 }), { maxLength: 60 }), fc.constantFrom('', '\r\n', 'a:b\r\n\r\n'), (data, lengths, behind) => {
    const whole = Buffer.concat(data);
    expect(decoded(cut(chunked(data, behind), lengths), whole.length)).toEqual(whole);
  }), { numRuns: 500 });
});

test('whatever comes, no more goes out than was announced, and what is not refused is whole', () => {
  const pieces = fc.array(fc.oneof(
    fc.constantFrom('3', ';chunk-signature=', '0f'.repeat(32), '\r', '\n', '\r\n', line(3), line(0), 'abc\r\n', 'abc', 'x'),
    fc.string({ maxLength: 5 }),
  ).map((text) => Buffer.from(text)), { maxLength: 12 });
  fc.assert(fc.property(pieces, fc.nat({ max: 9 }), (sent, length) => {
    const chunks = new AwsChunks(length);
    let count = 0;
    try {
      for (const piece of sent) count += chunks.take(piece).reduce((sum, { length: bytes }) => sum + bytes, 0);
      chunks.end();
      expect(count).toBe(length);
    } catch (error) {
      expect(error).toMatchObject({ code: 'BAD_REQUEST' });
      expect(error).toBeInstanceOf(ApiError);
    }
    expect(count).toBeLessThanOrEqual(length);
  }), { numRuns: 2000 });
});

describe('a body is refused', () => {
  test.each([
    ['that has no chunks', 'abc', 'ends in the middle'],
    ['that is empty', '', 'ends in the middle'],
    ['whose line has no signature', '3\r\nabc\r\n', 'line in front of a chunk is none'],
    ['whose signature is too short', `3;chunk-signature=${'0'.repeat(63)}\r\nabc\r\n`, 'line in front of a chunk is none'],
    ['whose length is no number', `0x3;chunk-signature=${'0'.repeat(64)}\r\nabc\r\n`, 'line in front of a chunk is none'],
    ['whose length is negative', `-3;chunk-signature=${'0'.repeat(64)}\r\nabc\r\n`, 'line in front of a chunk is none'],
    ['whose length has nine digits', `000000003;chunk-signature=${'0'.repeat(64)}\r\nabc\r\n`, 'line in front of a chunk is none'],
    ['whose line ends in a line feed alone', line(3).replace('\r', ''), 'line in front of a chunk is none'],
    ['whose line does not end', '3'.repeat(129), 'line in front of a chunk is too long'],
    ['whose line is too long', `${'3'.repeat(200)}\r\n`, 'line in front of a chunk is too long'],
    ['whose chunk is longer than its line says', `${line(2)}abc\r\n`, 'longer than its line says'],
    ['whose chunk ends in a carriage return alone', `${line(3)}abc\rx`, 'longer than its line says'],
    ['that ends behind a chunk', `${line(3)}abc\r\n`, 'ends in the middle'],
    ['that ends inside a chunk', `${line(3)}ab`, 'ends in the middle'],
    ['that is shorter than announced', chunked(texts('ab')), 'ends 1 bytes early'],
    ['that is longer than announced', chunked(texts('ab', 'cd')), 'longer than announced'],
    ['with too much behind its last chunk', `${line(3)}abc\r\n${line(0)}${'x'.repeat(5000)}`, 'too much behind its last chunk'],
  ])('%s', (_, body, because) => {
    expect(problem(body)).toThrow(because);
  });

  test('before anything of a chunk goes out that is too long', () => {
    const chunks = new AwsChunks(3);
    expect(() => chunks.take(Buffer.from(`${line(0xffffffff)}abc`))).toThrow('longer than announced');
  });
});
