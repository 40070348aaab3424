import { createHash, randomBytes } from 'node:crypto';
import { IncomingMessage, request, RequestListener, RequestOptions } from 'node:http';

export const MIB = 1024 * 1024;
/** Bytes of a body that nobody should have in memory. */
export const MUCH = 100 * MIB;
/** Bytes that may be on their way: those that kernels and streams hold. */
export const LITTLE = 40 * MIB;

/** Answers with the hash of what it was sent. */
export const HASHED: RequestListener = (asked, answer) => {
  const hash = createHash('sha256');
  asked.on('data', (chunk: Buffer) => hash.update(chunk)).on('end', () => answer.end(hash.digest('hex')));
};

/** Sends much, as fast as it is taken. Gives the hash of it, the answer, and the most bytes that were in memory. */
export async function sendMuch(options: RequestOptions): Promise<{ readonly hash: string; readonly text: string; readonly most: number }> {
  const chunk = randomBytes(MIB);
  const hash = createHash('sha256');
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', method: 'PUT', agent: false, ...options }, resolve).once('error', reject);
    const send = async (): Promise<void> => {
      for (let count = 0; count < MUCH / MIB; count += 1) {
        hash.update(chunk);
        if (!sent.write(chunk)) await new Promise((drained) => sent.once('drain', drained));
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
      sent.end();
    };
    void send();
  });
  let text = '';
  for await (const part of answer) text += String(part);
  return { hash: hash.digest('hex'), text, most };
}

/** Answers with much, as fast as it is taken. */
export class MuchAnswered {
  public written = 0;

  public readonly answer: RequestListener = (_asked, answer) => {
    const chunk = Buffer.alloc(MIB, 's');
    const more = (): void => {
      while (this.written < MUCH) {
        this.written += MIB;
        if (!answer.write(chunk)) return void answer.once('drain', more);
      }
      answer.end();
    };
    more();
  };
}

/** Reads an answer after a pause in which it is held back: gives what was written by then, and the size of all. */
export async function readSlowly(answer: IncomingMessage, much: MuchAnswered): Promise<{ readonly before: number; readonly size: number }> {
  answer.pause();
  await new Promise((next) => setTimeout(next, 200));
  const before = much.written;
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) size += chunk.length;
  return { before, size };
}
