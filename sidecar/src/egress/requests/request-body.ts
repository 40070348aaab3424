import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { changed, type Header } from './passed-headers';
import { announcesBody } from '../../server/http/request-checks';
import { refuse } from '../refusals/refuse';

/** None; whole; or as it comes in. */
export type RequestBody = null | Buffer | Readable;

/** The body that a request announces. What else than chunks is around it could not be told to the upstream. */
export function requestBody(request: IncomingMessage): RequestBody {
  const { 'transfer-encoding': encoding, 'content-length': length } = request.headers;
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') throw refuse('BAD_REQUEST', 'the header transfer-encoding must be chunked');
  if (encoding !== undefined && length !== undefined) throw refuse('BAD_REQUEST', 'the request has content-length and transfer-encoding');
  return announcesBody(request) ? request : null;
}

/** Exactly one length: that of a body which is whole is added where it is sent, and one that is not known is chunked there. */
export function framedHeaders(headers: readonly Header[], body: RequestBody): readonly Header[] {
  return body === null || Buffer.isBuffer(body) ? changed(headers, { 'content-length': undefined }) : headers;
}
