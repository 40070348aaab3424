import type { IncomingMessage } from 'node:http';

/** The answer is longer than whoever asked wants to read. */
export class TooLong extends Error {
  constructor(maxBytes: number) {
    super(`the answer is longer than ${maxBytes} bytes`);
    this.name = 'TooLong';
  }
}

/** The whole of an answer. Rejects with `TooLong` as soon as it is, which ends the connection. */
export async function textWithin(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new TooLong(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
