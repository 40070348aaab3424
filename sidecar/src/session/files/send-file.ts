import { read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import type { ByteRange } from './byte-range';
import type { Pieces } from './pieces';
import type { AnswerWriter } from '../client';

const reading = promisify(read);

/** Bytes from which on a part counts as long. */
const LONG = 4 * 1024 * 1024;

/** A part of a file in memory; shorter when the file has become shorter. */
export function readPart(fd: number, { first, last }: ByteRange): Buffer {
  const bytes = Buffer.allocUnsafe(last - first + 1);
  let length = 0;
  for (let count = -1; length < bytes.length && count !== 0; length += count) {
    count = readSync(fd, bytes, length, bytes.length - length, first + length);
  }
  return bytes.subarray(0, length);
}

/**
 * Sends a part of a file, piece by piece. What is not long is likely to be in the system's memory
 * already, and each piece is read at once; of what is long others do not wait for the disk.
 *
 * @throws ClientGone, or RangeError when the file has become shorter
 */
export async function sendFile(writer: AnswerWriter, pieces: Pieces, fd: number, { first, last }: ByteRange): Promise<void> {
  const piece = pieces.take();
  const isLong = last - first >= LONG;
  let done = false;
  try {
    for (let at = first; at <= last;) {
      const place = [fd, piece, 0, Math.min(piece.length, last - at + 1), at] as const;
      const count = isLong ? (await reading(...place)).bytesRead : readSync(...place);
      if (count === 0) throw new RangeError('the file has become shorter');
      await writer.flush(piece.subarray(0, count));
      at += count;
    }
    done = true;
  } finally {
    pieces.release(piece, done);
  }
}
