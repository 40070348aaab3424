import type { FastifyInstance } from 'fastify';
import { entrance } from './auth/authenticate';
import type { ControllerDeps } from './controller-deps';
import { createRoutes } from './routes/create';
import { sessionRoutes } from './routes/sessions';
import { CONTROLLER_ANSWER_TIME, MAX_SESSIONS_BODY, SESSIONS_ROUTES } from '../../../src/protocol/sessions-api';
import { Limiter } from '../server/bounds/limiter';
import { buildServer, ServerOptions } from '../server/http/build-server';
import type { ServerLimits } from '../server/http/limits';
import { SESSIONS_ERRORS } from '../server/http/sessions-errors';

export interface ControllerServer {
  readonly tls?: ServerOptions['tls'];
  readonly metrics?: ServerOptions['metrics'];
}

/** All sessions of a gateway are asked for from few addresses, so what is limited there is guessing at a rate that nobody has a use for. */
const REFUSALS = { perSecond: 200, burst: 2000 };
/** Strangers' tokens about which the API server is asked. */
const REVIEWS = { perSecond: 20, burst: 100 };
const MAX_ADDRESSES = 10_000;

/** The controller's API over whatever it is given. It does not listen. */
export function buildController(deps: ControllerDeps, server: ControllerServer = {}): FastifyInstance {
  const { clock, log, metrics, background, claimMilliseconds } = deps;
  const limiter = (rate: typeof REFUSALS): Limiter => new Limiter({ ...rate, maxKeys: MAX_ADDRESSES, clock });
  const app = buildServer({
    ...server, log, errors: SESSIONS_ERRORS, refusals: limiter(REFUSALS), limits: limitsFor(claimMilliseconds), answersLevel: 'debug',
  });
  app.decorateRequest('behalf', undefined);
  app.addHook('onRequest', (_request, reply, done) => {
    metrics.requestOpened();
    reply.raw.once('close', () => metrics.requestClosed());
    done();
  });
  // What was begun to take back a creation ends with the server, not with its request.
  app.addHook('onClose', () => background.settled());

  app.get(SESSIONS_ROUTES.health, () => ({ status: 'healthy' }));
  app.register((api, _options, done) => {
    api.addHook('onRequest', entrance(deps.callers, limiter(REVIEWS)));
    createRoutes(api, deps);
    sessionRoutes(api, deps);
    done();
  });
  return app;
}

/** A creation waits for a worker; nothing else takes as long. */
function limitsFor(claimMilliseconds: number): Partial<ServerLimits> {
  // A creation ends by itself before that, and is taken back.
  const handlerTimeout = claimMilliseconds + CONTROLLER_ANSWER_TIME;
  return { bodyLimit: MAX_SESSIONS_BODY, handlerTimeout, connectionTimeout: handlerTimeout + 10_000 };
}
