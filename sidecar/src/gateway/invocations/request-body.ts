import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { refuse } from '../../server/http/sessions-errors';

/** Bodies up to this length are read before they are sent, so that they can be sent again. */
export const MAX_REPLAYED = 16 * 1024;

/** Milliseconds in which not a byte of a body moves. */
const LONGEST_SILENCE = 5 * 60 * 1000;

/** None; whole; or as it comes in, which can be sent once. */
export type RequestBody = null | Buffer | Readable;

export function requestBody(request: IncomingMessage): RequestBody | Promise<RequestBody> {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  // What else is in it would have to be undone before the worker could read the body.
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') throw refuse('BAD_REQUEST', 'the header transfer-encoding must be chunked');
  if (encoding === undefined && (length === undefined || Number(length) === 0)) return null;
  endSilent(request);
  if (encoding === undefined && Number(length) <= MAX_REPLAYED) return wholeBody(request);
  // The stream of its own is ended in place of the request, whose connection still has an answer to carry.
  return request.pipe(new PassThrough());
}

/** Of a body that waits for a slow worker, the end of the connection would never be seen. */
function endSilent(request: IncomingMessage): void {
  request.setTimeout(LONGEST_SILENCE, () => request.destroy());
  request.once('end', () => request.setTimeout(0));
}

export function isReplayable(body: RequestBody): body is null | Buffer {
  return body === null || Buffer.isBuffer(body);
}

function wholeBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    request.once('error', reject);
  });
}
