import { createReadStream } from 'node:fs';

/** A line of a file, without its line feed. */
export interface FileLine {
  readonly bytes: Buffer;
  /** Whether a line feed ends it. */
  readonly whole: boolean;
}

const LINE_FEED = 10;

/** The lines of a file of any size. A line longer than `limit` ends the reading and counts as not whole. */
export async function* linesOf(path: string, limit: number): AsyncGenerator<FileLine> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; start = end + 1, end = bytes.indexOf(LINE_FEED, start)) {
      yield { bytes: bytes.subarray(start, end), whole: true };
    }
    rest = bytes.subarray(start);
    if (rest.length > limit) break;
  }
  if (rest.length > 0) yield { bytes: rest, whole: false };
}
