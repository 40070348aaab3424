import { isUtf8 } from 'node:buffer';
import fastify, {
  LogController, type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest, type FastifyServerOptions,
} from 'fastify';
import { ANSWER_HEADERS, clientErrorHandler, expectationHandler, handleErrors, notFound, sendRefusal, type ErrorHandling } from './error-handlers';
import { listed, type ApiError, type FrameErrors } from './errors';
import { closeWhenDone } from './graceful-close';
import { DEFAULT_LIMITS, type ServerLimits } from './limits';
import { answerOverdue } from './overdue';
import { headerProblem, mayBeJson } from './request-checks';
import { requestIds } from './request-ids';
import { answerLog, NO_ROUTE, routeOf } from './request-log';
import { RouteTable } from './routes';
import { tlsOptions, type KeyPair } from './tls';
import type { Limiter } from '../bounds/limiter';
import type { Logger } from '../telemetry/log';
import type { RequestMetrics } from '../telemetry/metrics';
import { JsonRefusal, parseStrictJson } from '../text/strict-json';

export interface ServerOptions {
  readonly log: Logger;
  readonly errors: FrameErrors;
  /** Without it the server speaks plain HTTP. */
  readonly tls?: KeyPair;
  /** What differs from the usual bounds. */
  readonly limits?: Partial<ServerLimits>;
  readonly metrics?: RequestMetrics;
  /** Bounds answers with 401 and 404 per address. */
  readonly refusals?: Limiter;
  /** Level of the lines of answers that are no refusals; `info` when not set. */
  readonly answersLevel?: 'info' | 'debug';
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asked, as far as verified: `<namespace>/<service account>`. Set by the role, for the log. */
    callerName: string | null;
    /** How the request was refused. */
    refusal: ApiError | null;
  }
}

/** A server with every bound set and no route yet. It does not listen. */
export function buildServer(options: ServerOptions): FastifyInstance {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const handling: ErrorHandling = { errors: options.errors, routes: new RouteTable(), refusals: options.refusals };
  const logAnswer = answerLog(options);
  const app = fastify({
    ...fastifyOptions(options, limits),
    // Comes up before there is a route, and so before any hook.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      sendRefusal(handling, error, request, reply);
      logAnswer(request, reply, NO_ROUTE);
    },
  } as FastifyServerOptions) as unknown as FastifyInstance;
  app.server.maxConnections = limits.maxConnections;
  app.server.on('checkExpectation', expectationHandler(options.errors));
  app.decorateRequest('callerName', null);
  app.decorateRequest('refusal', null);
  app.addHook('onRoute', ({ url, method }) => handling.routes.add(url, method));
  app.addHook('onResponse', (request, reply, done) => {
    logAnswer(request, reply);
    done();
  });
  answerOverdue(app, limits);
  app.addHook('onRequestAbort', (request, done) => {
    request.log.info({ method: request.method, route: routeOf(request) }, 'the client went away');
    done();
  });
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(ANSWER_HEADERS);
    // Before the body is read: what nobody asked for costs nothing.
    if (request.is404) return done(notFound(handling, request));
    const problem = headerProblem(request.raw, limits.maxHeaders);
    return problem === undefined ? done() : done(listed(options.errors, options.errors.malformed, 400, problem));
  });
  readJson(app);
  handleErrors(app, handling);
  closeWhenDone(app);
  return app;
}

/** Milliseconds until a silent connection is asked whether somebody is still there. */
const PROBE_AFTER = 60_000;

/** https://fastify.dev/docs/latest/Reference/Server/ */
function fastifyOptions(options: ServerOptions, limits: ServerLimits): FastifyServerOptions {
  const http = {
    maxHeaderSize: limits.maxHeaderSize,
    headersTimeout: limits.headersTimeout,
    connectionsCheckingInterval: limits.checkInterval,
    // A client whose node has died does not say so, and an answer may be long in coming.
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER,
    // A missing host is refused with a code, among the other headers.
    requireHostHeader: false,
  };
  return {
    ...(options.tls === undefined ? { http } : { https: { ...http, ...tlsOptions(options.tls), handshakeTimeout: limits.handshakeTimeout } }),
    loggerInstance: options.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIds(),
    requestIdHeader: false,
    trustProxy: false,
    bodyLimit: limits.bodyLimit,
    connectionTimeout: limits.connectionTimeout,
    requestTimeout: limits.requestTimeout,
    keepAliveTimeout: limits.keepAliveTimeout,
    maxRequestsPerSocket: limits.maxRequestsPerSocket,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    exposeHeadRoutes: false,
    // What arrives while closing on a connection that is still open is answered like anything else.
    return503OnClosing: false,
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: false,
        strict: true,
        ownProperties: true,
        // A schema is compiled strictly, which finds its mistakes too. To compile the schema of schemas takes longer than all of ours.
        validateSchema: false,
      },
    },
    clientErrorHandler: clientErrorHandler(options.errors, options.log),
  } as FastifyServerOptions;
}

/** Bodies are JSON, also when nobody says so. Other types are refused. */
function readJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      done(null, parseBody(request.headers['content-type'], body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

function parseBody(contentType: string | undefined, body: Buffer): unknown {
  if (!mayBeJson(contentType)) throw new JsonRefusal('the body is not of type application/json', 415);
  if (!isUtf8(body)) throw new JsonRefusal('the body is not UTF-8');
  return parseStrictJson(body.toString('utf8'));
}
