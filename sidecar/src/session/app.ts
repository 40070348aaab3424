import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { authenticated } from './authenticate';
import { bodyInTime } from './body-in-time';
import { healthRoute } from './health';
import { initRoutes } from './init';
import { After, after } from './processes';
import { SESSION_ERRORS } from './refuse';
import type { SessionDeps } from './session-deps';
import { MAX_INIT_BODY } from '../../../src/protocol/session-api';
import { LONGEST_SESSION } from '../../../src/protocol/session-record';
import { buildServer, ServerOptions } from '../server/http/build-server';
import { DEFAULT_LIMITS, type ServerLimits } from '../server/http/limits';
import { JsonRefusal, parseStrictJson } from '../server/text/strict-json';

export interface SessionServer {
  readonly metrics?: ServerOptions['metrics'];
  /** @default - the timers of the machine */
  readonly timer?: After;
}

/**
 * A command may run, in silence too, and a file may travel for as long as a session may live. Headers and idle connections have
 * the usual times. One session needs few connections, and so many inits at once still fit into the memory of a small pod.
 */
const SESSION_LIMITS: Partial<ServerLimits> = {
  bodyLimit: MAX_INIT_BODY, requestTimeout: LONGEST_SESSION, handlerTimeout: LONGEST_SESSION, connectionTimeout: 0, maxConnections: 1024,
};

/** The daemon's API over whatever it is given. It does not listen. */
export function buildSession(deps: SessionDeps, { metrics, timer = after }: SessionServer = {}): FastifyInstance {
  const app = buildServer({ metrics, log: deps.log, errors: SESSION_ERRORS, limits: SESSION_LIMITS, answersLevel: 'debug' });
  readAnyJson(app);
  const start = deps.clock();
  app.register((anybody, _options, done) => {
    // Who has shown no token must not hold a connection for as long as a session may.
    anybody.addHook('onRequest', bodyInTime(DEFAULT_LIMITS.requestTimeout, timer));
    healthRoute(anybody, deps, start);
    initRoutes(anybody, deps);
    done();
  });
  app.register((api, _options, done) => {
    api.addHook('onRequest', authenticated(deps.identity, deps.clock));
    for (const add of deps.routes) {
      api.register((own, _own, added) => {
        add(own, () => deps.identity.session!);
        added();
      });
    }
    done();
  });
  return app;
}

/** Bodies are JSON whatever they are called, but for those in parts: curl calls its own a form. */
function readAnyJson(app: FastifyInstance): void {
  app.addContentTypeParser(/^(?!multipart\/)/i, { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

function parseJsonBody(body: Buffer): unknown {
  if (!isUtf8(body)) throw new JsonRefusal('the body is not UTF-8');
  return parseStrictJson(body.toString('utf8'));
}
