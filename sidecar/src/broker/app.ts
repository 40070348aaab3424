import type { FastifyInstance } from 'fastify';
import type { Endpoint } from './authorize';
import type { BrokerDeps, BrokerLimits, Rate } from './broker-deps';
import { Actor, actorOf, entrance } from './entrance';
import { openedBearers } from './opened-bearers';
import { onceIn } from './repeated-decisions';
import { ISSUE_BODY, SUBSTITUTE_AUTH_BODY, VALIDATE_EGRESS_BODY } from './routes/body-schemas';
import { issue } from './routes/issue';
import { substituteAuth } from './routes/substitute-auth';
import { VALID_SECONDS, validateEgress } from './routes/validate-egress';
import { BROKER_ROUTES, BROKER_STATUS, IssueRequest, MAX_BROKER_BODY, SubstituteAuthRequest, ValidateEgressRequest } from '../../../src/protocol/broker-api';
import { buildServer, ServerOptions } from '../server/build-server';
import type { RoleErrors } from '../server/errors';
import { Limiter } from '../server/limiter';

/** What paddock's broker allows a run; and guessing is slow enough for tokens of any length. */
export const BROKER_LIMITS: BrokerLimits = {
  issue: { perSecond: 5, burst: 10 },
  substitute: { perSecond: 50, burst: 100 },
  refusals: { perSecond: 10, burst: 100 },
  maxKeys: 10_000,
};

/** The codes of the broker for what the server refuses by itself. */
export const BROKER_ERRORS: RoleErrors<typeof BROKER_STATUS> = {
  table: BROKER_STATUS,
  malformed: 'BadRequest',
  unknownPath: 'NotFound',
  limited: 'RateLimited',
  unavailable: 'Unavailable',
  unexpected: 'ProviderFailure',
};

export interface BrokerServer {
  readonly tls?: ServerOptions['tls'];
  readonly metrics?: ServerOptions['metrics'];
}

/** The broker's API over whatever it is given. It does not listen. */
export function buildBroker(deps: BrokerDeps, server: BrokerServer = {}): FastifyInstance {
  const limits = { ...BROKER_LIMITS, ...deps.limits };
  const limiter = (rate: Rate) => new Limiter({ ...rate, maxKeys: limits.maxKeys, clock: deps.clock });
  const app = buildServer({
    ...server, log: deps.log, errors: BROKER_ERRORS, refusals: limiter(limits.refusals), limits: { bodyLimit: MAX_BROKER_BODY }, answersLevel: 'debug',
  });
  app.decorateRequest('actor', undefined);
  const substituting = { ...deps, openBearer: openedBearers(deps.keyring, deps.clock) };
  const validating = { ...deps, audit: onceIn(VALID_SECONDS * 1000, deps.audit, deps.clock) };

  route('issue', BROKER_ROUTES.issue, ISSUE_BODY, (actor, body: IssueRequest) => issue(deps, actor, body), limiter(limits.issue));
  // Without a limit per run: an agent asks this for each connection, and its answer costs little.
  route('validate-egress', BROKER_ROUTES.validateEgress, VALIDATE_EGRESS_BODY, (actor, body: ValidateEgressRequest) => validateEgress(validating, actor, body));
  route('substitute-auth', BROKER_ROUTES.substituteAuth, SUBSTITUTE_AUTH_BODY,
    (actor, body: SubstituteAuthRequest) => substituteAuth(substituting, actor, body), limiter(limits.substitute));
  return app;

  function route<Body>(endpoint: Endpoint, url: string, body: object, answer: (actor: Actor, body: Body) => Promise<object>, rate?: Limiter): void {
    // The schema has made sure that the body is what the route takes.
    app.post(url, { schema: { body }, onRequest: entrance(endpoint, deps, rate) }, (request) => answer(actorOf(request), request.body as Body));
  }
}
