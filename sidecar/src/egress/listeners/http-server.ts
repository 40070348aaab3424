import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { IDLE_TIMEOUT, MAX_EGRESS_HEADERS } from '../../../../src/protocol/egress-api';
import type { ApiError } from '../../server/http/errors';
import type { After } from '../../server/time/timers';
import { answerRefusal } from '../refusals/http-refusal';
import { refuseAndEnd } from '../refusals/raw-refusal';
import { refuse } from '../refusals/refuse';

/** Milliseconds. From the first byte of a request to the end of its headers; for an idle connection after an answer. */
const HEADERS_TIMEOUT = 15_000;
const KEEP_ALIVE = 65_000;

/** A server of Node with every bound set. It reads strictly: a request with two lengths is none. */
export function httpServer(after: After): Server {
  const server = createServer({
    maxHeaderSize: MAX_EGRESS_HEADERS,
    headersTimeout: HEADERS_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE,
    // Bodies may take as long as bytes move.
    requestTimeout: 0,
    requireHostHeader: false,
    insecureHTTPParser: false,
    connectionsCheckingInterval: 1_000,
  });
  // Longer than a silent request may take, which is answered with a code.
  server.timeout = 3 * IDLE_TIMEOUT;
  server.maxHeadersCount = 0;
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else refuseAndEnd(socket, notHttp(error), after);
  });
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    answerRefusal(response, refuse('BAD_REQUEST', 'the header expect asks for what is not offered', { status: 417 }), after);
  });
  return server;
}

/** https://nodejs.org/api/errors.html */
function notHttp(cause: NodeJS.ErrnoException): ApiError {
  if (cause.code === 'HPE_HEADER_OVERFLOW') return refuse('BAD_REQUEST', `request line and headers have more than ${MAX_EGRESS_HEADERS} bytes`, { status: 431, cause });
  if (cause.code === 'ERR_HTTP_REQUEST_TIMEOUT') return refuse('BAD_REQUEST', 'the headers took too long to arrive', { status: 408, cause });
  return refuse('BAD_REQUEST', 'the request is not HTTP', { cause });
}
