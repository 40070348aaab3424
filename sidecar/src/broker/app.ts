import type { FastifyInstance } from 'fastify';
import { countedDecisions } from './audit/counting/counted-decisions';
import { onceIn } from './audit/counting/repeated-decisions';
import type { BrokerDeps, BrokerLimits, Rate } from './broker-deps';
import type { Endpoint } from './callers/authorize';
import { Actor, Asker, askerOf, entrance } from './callers/entrance';
import { RunLimit, runLimit } from './callers/run-limit';
import { provenActor } from './egress-proofs/egress-proof';
import { openedBearers } from './leases/opened-bearers';
import * as schemas from './routes/body-schemas';
import { issue } from './routes/issue';
import { issueEgress } from './routes/issue-egress';
import { renew } from './routes/renew';
import { revoke } from './routes/revoke';
import { substituteAuth } from './routes/substitute-auth';
import { VALID_SECONDS, validateEgress } from './routes/validate-egress';
import {
  BROKER_RATES, BROKER_ROUTES, BROKER_STATUS, EgressProof, IssueEgressRequest, IssueRequest, MAX_BROKER_BODY, RenewRequest, RevokeRequest,
  SubstituteAuthRequest, ValidateEgressRequest,
} from '../../../src/protocol/broker-api';
import { Limiter } from '../server/bounds/limiter';
import { buildServer, ServerOptions } from '../server/http/build-server';
import type { RoleErrors } from '../server/http/errors';
import { after as systemAfter } from '../server/time/timers';

/**
 * No token can be guessed, however fast: what `reviews` keeps small is what strangers make the API server do, and
 * `refusals` only how they are answered.
 */
export const BROKER_LIMITS: BrokerLimits = {
  ...BROKER_RATES,
  refusals: { perSecond: 10, burst: 100 },
  reviews: { perSecond: 20, burst: 100 },
  maxKeys: 10_000,
};

/** Milliseconds for which one record stands for all refusals of one kind. */
const REFUSED_RECORD_EVERY = 10_000;

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
  /** Told once how to find out the number of keys that each limiter holds, by its name. */
  readonly followLimits?: (sizes: () => Readonly<Record<string, number>>) => void;
}

/** The broker's API over whatever it is given. It does not listen. */
export function buildBroker(deps: BrokerDeps, { followLimits, ...server }: BrokerServer = {}): FastifyInstance {
  const { audit, clock, after = systemAfter } = deps;
  const rates = { ...BROKER_LIMITS, ...deps.limits };
  const limiters = new Map<string, Limiter>();
  const limiter = (name: string, rate: Rate): Limiter => {
    const made = new Limiter({ ...rate, maxKeys: rates.maxKeys, clock });
    limiters.set(name, made);
    return made;
  };
  const app = buildServer({
    ...server, log: deps.log, errors: BROKER_ERRORS, refusals: limiter('refusals', rates.refusals), limits: { bodyLimit: MAX_BROKER_BODY }, answersLevel: 'debug',
  });
  app.decorateRequest('asker', undefined);
  const known = { ...deps, reviews: limiter('reviews', rates.reviews), repeated: onceIn(REFUSED_RECORD_EVERY, audit, clock), openBearer: openedBearers(deps.keyring, clock) };
  const limited = (name: string, rate: Rate): RunLimit => runLimit(limiter(name, rate), known.repeated);
  const counted = countedDecisions(audit, limiter('recorded', rates.recorded), {
    clock, after, failed: (err) => deps.log.warn({ err }, 'decisions that were counted could not be recorded; it is tried again'),
  });
  app.addHook('onClose', () => counted.close().catch((err: unknown) => deps.log.error({ err }, 'decisions that were counted last could not be recorded')));
  const validating = { ...known, audit: onceIn(VALID_SECONDS * 1000, counted, clock) };
  const egressLimit = limited('issue-egress', rates.issueEgress);

  acting('issue', BROKER_ROUTES.issue, schemas.ISSUE_BODY, (actor, body: IssueRequest) => issue(known, actor, body), limited('issue', rates.issue));
  acting('renew', BROKER_ROUTES.renew, schemas.RENEW_BODY, (actor, body: RenewRequest) => renew(known, actor, body), limited('renew', rates.renew));
  acting('validate-egress', BROKER_ROUTES.validateEgress, schemas.VALIDATE_EGRESS_BODY,
    (actor, body: ValidateEgressRequest) => validateEgress(validating, actor, body), limited('validate-egress', rates.validate));
  acting('substitute-auth', BROKER_ROUTES.substituteAuth, schemas.SUBSTITUTE_AUTH_BODY,
    (actor, body: SubstituteAuthRequest) => substituteAuth(known, actor, body), limited('substitute-auth', rates.substitute));
  asking('issue-egress', BROKER_ROUTES.issueEgress, schemas.ISSUE_EGRESS_BODY,
    (asker, body: IssueEgressRequest) => issueEgress({ ...known, limit: egressLimit }, asker, body), egressLimit);
  // Without a limit: a lease that goes on because too many others were revoked would be the worse.
  asking('revoke', BROKER_ROUTES.revoke, schemas.REVOKE_BODY, (asker, body: RevokeRequest) => revoke(known, asker, body));
  followLimits?.(() => Object.fromEntries([...limiters].map(([name, { size }]) => [name, size])));
  return app;

  /** What a run does, or somebody else with proof of it. */
  function acting<Body extends object>(
    endpoint: Endpoint, url: string, body: object, answer: (actor: Actor, body: Body) => Promise<object>, limit: RunLimit,
  ): void {
    asking(endpoint, url, body, async (asker, sent: Body & EgressProof) => answer(await actorOf(endpoint, asker, sent, limit), sent), limit);
  }

  function asking<Body>(
    endpoint: Endpoint, url: string, body: object, answer: (asker: Asker, body: Body) => Promise<object | void>, limit?: RunLimit,
  ): void {
    app.post(url, { schema: { body }, onRequest: entrance(endpoint, known, limit) }, async (request, reply) => {
      // The schema has made sure that the body is what the route takes.
      const answered = await answer(askerOf(request), request.body as Body);
      return answered ?? reply.code(204).send();
    });
  }

  async function actorOf(endpoint: Endpoint, asker: Asker, sent: EgressProof, limit: RunLimit): Promise<Actor> {
    const { caller, named, unproven } = asker;
    if (!unproven && sent.egressToken === undefined) return { caller, run: named! };
    const actor = await provenActor(known, endpoint, asker, sent);
    if (unproven) await limit(actor);
    return actor;
  }
}
