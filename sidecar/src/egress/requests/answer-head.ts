import type { IncomingHttpHeaders } from 'node:http';
import { answerHeaders, type Header } from './passed-headers';
import { refuse } from '../refusals/refuse';

const NO_CONTENT = 204;

/** The headers of an answer that go on. Throws `UPSTREAM_FAILED` for an answer whose end two readers may see at different places. */
export function answerHead(status: number, headers: IncomingHttpHeaders): readonly Header[] {
  const { 'transfer-encoding': encoding, 'content-length': length } = headers;
  const isClear = encoding === undefined ? !Array.isArray(length) : isChunked(encoding) && length === undefined;
  if (!isClear) throw refuse('UPSTREAM_FAILED', 'the upstream does not say clearly where its answer ends');
  const passed = answerHeaders(headers);
  // https://www.rfc-editor.org/rfc/rfc9110#section-8.6
  return status === NO_CONTENT ? passed.filter(([name]) => name !== 'content-length') : passed;
}

function isChunked(encoding: string | readonly string[]): boolean {
  return typeof encoding === 'string' && encoding.toLowerCase() === 'chunked';
}
