import { type Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { http1Head } from './http2-head';
import { LINGER_TIMEOUT, IDLE_TIMEOUT } from '../../../../src/protocol/egress-api';
import type { After } from '../../server/time/timers';
import { HOP_BY_HOP } from '../../server/wire/hop-by-hop';
import { refusalAnswer } from '../refusals/refusal-answer';
import { refuse } from '../refusals/refuse';

const { NGHTTP2_NO_ERROR } = constants;

/** Longer than a silent request may take, which is answered with a code. */
const STREAM_TIMEOUT = 3 * IDLE_TIMEOUT;
export interface StreamContext {
  /** Makes the connections over which streams are served. */
  readonly lanes: Agent;
  readonly after: After;
}

/** Asks over a lane what a stream asks, and answers as it is answered there. Trailers end here, both ways. */
export function serveStream({ lanes, after }: StreamContext, stream: ServerHttp2Stream, raw: readonly string[]): void {
  stream.on('error', () => undefined);
  stream.setTimeout(STREAM_TIMEOUT, () => cutOff(stream));
  stream.once('finish', () => stream.readableEnded || drain(stream, after));
  const hasBody = !stream.endAfterHeaders;
  const { method, target, fields } = http1Head(raw, hasBody);
  if (method === 'CONNECT') return refuseStream(stream, 405, 'CONNECT is not passed on');
  let asked: ClientRequest;
  try {
    asked = request({ agent: lanes, method, path: target, headers: fields });
  } catch {
    return refuseStream(stream, 400, 'the request is none of HTTP/1.1');
  }
  asked.on('error', () => cutOff(stream));
  asked.once('close', () => stream.readableEnded || cutOff(stream));
  asked.on('continue', () => isOpen(stream) && stream.additionalHeaders({ ':status': 100 }));
  asked.on('response', (answer) => pass(answer, stream));
  stream.once('close', () => asked.destroy());
  if (hasBody) send(stream, asked);
  else asked.end();
}

/** A body that was given up ends as one that is whole does, but for the stream, which is closed by then. */
function send(stream: ServerHttp2Stream, asked: ClientRequest): void {
  asked.flushHeaders();
  stream.pipe(asked, { end: false });
  stream.once('end', () => {
    if (stream.closed) asked.destroy();
    else asked.end();
  });
}

/** What comes behind the answer is read and forgotten: Node 20 does not see the end of a connection whose stream was closed on unread bytes. */
function drain(stream: ServerHttp2Stream, after: After): void {
  stream.unpipe().resume();
  const cancel = after(LINGER_TIMEOUT, () => cutOff(stream));
  stream.once('close', cancel);
}

function pass(answer: IncomingMessage, stream: ServerHttp2Stream): void {
  answer.on('error', () => cutOff(stream));
  if (!isOpen(stream)) return void answer.destroy();
  const headers: OutgoingHttpHeaders = { ':status': answer.statusCode };
  for (const [name, value] of Object.entries(answer.headers)) {
    if (!HOP_BY_HOP.includes(name)) headers[name] = value;
  }
  stream.respond(headers);
  if (stream.writableEnded) answer.resume();
  else answer.pipe(stream);
}

function refuseStream(stream: ServerHttp2Stream, status: 400 | 405, message: string): void {
  const { headers, body } = refusalAnswer(refuse('BAD_REQUEST', message, { status }));
  stream.respond({ ':status': status, ...headers });
  stream.end(body);
}

/** An answer that ends early must not look like one that is whole, as it would after `close`, which ends the stream before it resets it. */
function cutOff(stream: ServerHttp2Stream): void {
  if (!isOpen(stream)) return;
  if (stream.writableEnded) stream.close(NGHTTP2_NO_ERROR);
  else stream.destroy(new Error('cut off'));
}

function isOpen(stream: ServerHttp2Stream): boolean {
  return !stream.destroyed && !stream.closed;
}
