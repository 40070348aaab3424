/** A body in signed chunks, as clients of S3 send it. */
export function chunked(data: readonly Buffer[], behind = '\r\n'): Buffer {
  const chunks = data.map((part) => Buffer.concat([Buffer.from(line(part.length)), part, Buffer.from('\r\n')]));
  return Buffer.concat([...chunks, Buffer.from(`${line(0)}${behind}`)]);
}

export function line(length: number): string {
  return `${length.toString(16)};chunk-signature=${'0f'.repeat(32)}\r\n`;
}

/** The same bytes in pieces of these lengths, one after the other. */
export function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const length of lengths) {
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return [...pieces, bytes.subarray(at)];
}
