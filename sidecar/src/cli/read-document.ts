import { createReadStream } from 'node:fs';
import { MAX_POSTURE_BYTES, PostureDocument, postureProblems } from '../../../src/protocol/posture';

/** Problems of one file that are worth printing. */
const MAX_SHOWN = 5;

/** Reads a posture document, or throws an error that names the file and what is wrong with it. */
export async function readDocument(path: string, maxBytes = MAX_POSTURE_BYTES): Promise<PostureDocument> {
  const value = parsed(path, await readBounded(path, maxBytes));
  const found = postureProblems(value);
  if (found.length === 0) return value as PostureDocument;
  const more = found.length > MAX_SHOWN ? [`and ${found.length - MAX_SHOWN} more`] : [];
  throw new Error(`${path} is not a posture document: ${[...found.slice(0, MAX_SHOWN), ...more].join('; ')}`);
}

/** As a stream, because a pipe has no size and a device no end. */
async function readBounded(path: string, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new Error(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
  }
  if (size > maxBytes) throw new Error(`${path} is larger than ${maxBytes} bytes, which no posture document is`);
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} is not JSON: ${(error as Error).message}`);
  }
}
