import { read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import type { ByteRange } from './byte-range';
import type { AnswerWriter } from '../client';

const reading = promisify(read);

/** So much is read at once: it costs less than to have it done, and others hardly wait. */
const SMALL = 256 * 1024;

const CHUNK = 256 * 1024;

/** A part of a file in memory; shorter when the file has become shorter. */
export async function readPart(fd: number, { first, last }: ByteRange): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(last - first + 1);
  let length = 0;
  while (length < bytes.length) {
    const left = bytes.length - length;
    const place = [fd, bytes, length, left, first + length] as const;
    const count = left <= SMALL || process.env.X_WSYNC === '1' ? readSync(...place) : (await reading(...place)).bytesRead;
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

/**
 * Sends a part of a file from two pieces of memory in turn: one is read while the other is on its way.
 *
 * @throws ClientGone, or RangeError when the file has become shorter
 */
const POOL: Buffer[] = [];
const X_CHUNK = Number(process.env.X_CHUNK ?? 256) * 1024, X_SYNC = process.env.X_SYNC === '1', X_POOL = process.env.X_POOL === '1';
export async function sendFile(writer: AnswerWriter, fd: number, { first, last }: ByteRange): Promise<void> {
  const pieces = X_POOL ? [0, 1].map(() => POOL.pop() ?? Buffer.allocUnsafeSlow(X_CHUNK)) : [Buffer.allocUnsafeSlow(X_CHUNK), Buffer.allocUnsafeSlow(X_CHUNK)];
  if (X_SYNC) {
    let way: Promise<void> = Promise.resolve();
    for (let at = first, turn = 0; at <= last; turn = 1 - turn) {
      const bytesRead = readSync(fd, pieces[turn], 0, Math.min(X_CHUNK, last - at + 1), at);
      if (bytesRead === 0) throw new RangeError('the file has become shorter');
      await way;
      way = writer.flush(pieces[turn].subarray(0, bytesRead));
      at += bytesRead;
    }
    await way;
    if (X_POOL) POOL.push(...pieces);
    return;
  }
  let onItsWay: Promise<void> = Promise.resolve();
  for (let at = first, turn = 0; at <= last; turn = 1 - turn) {
    const [{ bytesRead }] = await Promise.all([reading(fd, pieces[turn], 0, Math.min(X_CHUNK, last - at + 1), at), onItsWay]);
    if (bytesRead === 0) throw new RangeError('the file has become shorter');
    onItsWay = writer.flush(pieces[turn].subarray(0, bytesRead));
    // Awaited with the next piece, which may fail first.
    onItsWay.catch(() => undefined);
    at += bytesRead;
  }
  await onItsWay;
  if (X_POOL) POOL.push(...pieces);
}
