import { METHODS } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Entrance, GatewayDeps } from './deps';
import { invocationRoutes } from './invocations/invocation';
import { managementRoutes } from './management';
import type { Principal } from './principal';
import { type DataPath, dataPath } from './wire/data-path';
import { routeUpgrades } from './wire/upgrade';
import { LONGEST_SESSION } from '../../../src/protocol/session-record';
import { SESSIONS_ROUTES } from '../../../src/protocol/sessions-api';
import { Limiter } from '../server/bounds/limiter';
import { buildServer, type ServerOptions } from '../server/http/build-server';
import type { ServerLimits } from '../server/http/limits';
import { SESSIONS_ERRORS } from '../server/http/sessions-errors';

export interface GatewayServer {
  readonly tls?: ServerOptions['tls'];
  readonly metrics?: ServerOptions['metrics'];
  /** Far above the number of requests that may be open, as idle connections count too. */
  readonly maxConnections?: number;
}

/**
 * A body may be on its way, an answer waited for and a stream silent for as long as a session lives. Headers and idle
 * connections have the usual times, and a client that is gone without a word is found by its connection.
 */
const LIMITS: Partial<ServerLimits> = {
  maxHeaderSize: 32 * 1024, requestTimeout: 0, connectionTimeout: 0, handlerTimeout: LONGEST_SESSION,
};

/** Answers with 401 and 404 to one address; those behind a proxy share theirs. */
const REFUSALS = { perSecond: 50, burst: 500, maxKeys: 10_000 } as const;

/** The gateway over whatever it is given. It does not listen. */
export function buildGateway(deps: GatewayDeps, { tls, metrics, maxConnections = 16_384 }: GatewayServer = {}): FastifyInstance {
  const refusals = new Limiter({ ...REFUSALS, clock: deps.clock });
  const app = buildServer({
    tls, metrics, refusals, log: deps.log, errors: SESSIONS_ERRORS, limits: { ...LIMITS, maxConnections }, answersLevel: 'debug',
  });
  METHODS.forEach((method) => app.supportedMethods.includes(method) || app.addHttpMethod(method, { hasBody: true }));
  const path = dataPath(deps, () => app.draining);
  app.decorateRequest('principal', null as never);
  healthRoutes(app, deps);
  routeUpgrades(app);
  app.register((known, _options, done) => {
    admit(known, deps.entrance);
    known.register((management, _none, ready) => {
      forgetRemoved(management, path);
      managementRoutes(management, deps);
      ready();
    });
    known.register((invocations, _none, ready) => {
      invocationRoutes(invocations, path);
      ready();
    });
    done();
  });
  app.addHook('onClose', () => path.close());
  return app;
}

/** Nobody gets further than this without being known, nor with more at once than they may. */
function admit(app: FastifyInstance, entrance: Entrance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const known = (principal: Principal): void => {
      request.principal = principal;
      request.callerName = principal.key;
      done();
    };
    // A client that is remembered costs no turn of the loop.
    const principal = entrance.authenticate(request.raw);
    if (principal instanceof Promise) principal.then(known, done);
    else known(principal);
  });
  app.addHook('onRequest', (request, reply, done) => {
    const leave = entrance.enter(request.principal);
    if (reply.raw.destroyed) leave.end();
    else reply.raw.on('close', () => leave.end());
    done();
  });
}

/** Whoever was told that a session has ended reaches it no more. */
function forgetRemoved(app: FastifyInstance, path: DataPath): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const { sessionId } = request.params as { readonly sessionId?: string };
    if (request.method === 'DELETE' && sessionId !== undefined && reply.statusCode === 200) path.ended(sessionId);
    done(null, payload);
  });
}

function healthRoutes(app: FastifyInstance, { unready }: GatewayDeps): void {
  app.get(SESSIONS_ROUTES.alive, () => ({ status: 'alive' }));
  app.get(SESSIONS_ROUTES.ready, (_request, reply) => unready() === undefined ? { status: 'ready' } : reply.code(503).send({ status: 'unready' }));
}
