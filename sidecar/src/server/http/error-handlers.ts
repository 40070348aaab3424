import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError, listed, toApiError, type FrameErrors } from './errors';
import { announcesBody } from './request-checks';
import type { RouteTable } from './routes';
import { addressKey, type Limiter } from '../bounds/limiter';
import type { Logger } from '../telemetry/log';
import { pathOf } from '../telemetry/log';

export interface ErrorHandling {
  readonly errors: FrameErrors;
  readonly routes: RouteTable;
  /** Bounds the refusals of an address that learn something from guessing. */
  readonly refusals?: Limiter;
}

/** Answers carry credentials, which no cache may keep. */
export const ANSWER_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

/** Statuses by which a guess is told from a hit. */
const GUESSED: readonly number[] = [401, 404];

/** Turns whatever goes wrong into a refusal of the role's table. */
export function handleErrors(app: FastifyInstance, handling: ErrorHandling): void {
  app.setErrorHandler((error, request, reply) => sendRefusal(handling, error, request, reply));
  app.setNotFoundHandler((request, reply) => sendRefusal(handling, notFound(handling, request), request, reply));
}

/** Answers with a refusal; also for errors that come up before a route is known. */
export function sendRefusal({ errors, refusals }: ErrorHandling, thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = limited(errors, refusals, toApiError(errors, thrown), request);
  request.refusal = refusal;
  // What is left of a body that nobody reads would be taken for the next request.
  if (request.body === undefined && announcesBody(request.raw)) reply.header('connection', 'close');
  if (refusal.status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(refusal.status).headers(ANSWER_HEADERS).headers(refusal.headers).type(JSON_TYPE).send(bodyOf(errors, refusal).body);
}

const JSON_TYPE = 'application/json; charset=utf-8';

function bodyOf(errors: FrameErrors, refusal: ApiError): { readonly status: number; readonly body: string } {
  const { status, code, message } = refusal;
  return { status, body: JSON.stringify(errors.body?.(refusal) ?? { code, message }) };
}

/**
 * Only what is refused anyway is limited: clients that share an address, behind the egress proxy
 * for example, cannot use up the answers of one another.
 */
function limited(errors: FrameErrors, refusals: Limiter | undefined, refusal: ApiError, request: FastifyRequest): ApiError {
  if (refusals === undefined || !GUESSED.includes(refusal.status)) return refusal;
  const verdict = refusals.take(addressKey(request.ip));
  if (verdict.allowed) return refusal;
  return new ApiError(errors.table, errors.limited, 'too many refused requests', { retryAfterSeconds: verdict.retryAfter, cause: refusal });
}

/** The refusal of a request that no route takes. */
export function notFound({ errors, routes }: ErrorHandling, request: FastifyRequest): ApiError {
  const methods = routes.methodsOf(pathOf(request.url));
  if (methods.length === 0) return listed(errors, errors.unknownPath, 404, 'there is no such path');
  const allow = methods.join(', ');
  return listed(errors, errors.malformed, 405, `the path answers to ${allow} only`, undefined, { allow });
}

/** `Expect` with anything but 100-continue, which Node would answer without a code. */
export function expectationHandler(errors: FrameErrors) {
  return (_request: IncomingMessage, response: ServerResponse): void => {
    const { status, body } = bodyOf(errors, listed(errors, errors.malformed, 417, 'the header expect asks for what is not offered'));
    response.writeHead(status, { ...ANSWER_HEADERS, 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(body), 'connection': 'close' }).end(body);
  };
}

/** Answers what is not even HTTP, or is too long or too slow, on the bare socket. */
export function clientErrorHandler(errors: FrameErrors, log: Logger) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    log.debug({ code: error.code, address: socket.remoteAddress }, 'connection refused');
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const { status, message } = RAW[error.code ?? ''] ?? { status: 400, message: 'the request is not HTTP' };
    const refusal = bodyOf(errors, listed(errors, errors.malformed, status, message));
    socket.end([
      `HTTP/1.1 ${refusal.status} Refused`,
      `content-type: ${JSON_TYPE}`,
      `content-length: ${Buffer.byteLength(refusal.body)}`,
      ...Object.entries(ANSWER_HEADERS).map(([name, value]) => `${name}: ${value}`),
      'connection: close',
      '',
      refusal.body,
    ].join('\r\n'));
  };
}

/** https://nodejs.org/api/errors.html */
const RAW: Readonly<Record<string, { readonly status: number; readonly message: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: 'the headers are too long' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'the request took too long to arrive' },
};
