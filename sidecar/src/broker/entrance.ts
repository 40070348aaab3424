import type { FastifyRequest } from 'fastify';
import { record } from './audited';
import { authenticate } from './authenticate';
import { denialFor, Endpoint, RunName } from './authorize';
import type { BrokerDeps } from './broker-deps';
import type { Caller } from './caller';
import { refuse } from './refuse';
import { onceIn } from './repeated-decisions';
import { runNameOf } from './run-name';
import type { Limiter } from '../server/limiter';

/**
 * Who acts for which run; what every route starts from. The state of the run is not in it: a route asks for that once
 * the body is there, so that a client gains nothing by sending it slowly.
 */
export interface Actor {
  readonly caller: Caller;
  readonly run: RunName;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the entrance, so it is there in every handler behind it. */
    actor: Actor | undefined;
  }
}

/**
 * Milliseconds for which one record stands for all refusals of a caller and run by the limiter. With a record for each, asking
 * without end would fill the volume of the log, and without a log nobody is answered.
 */
const LIMITED_RECORD_EVERY = 10_000;

/**
 * What a request passes before its body is read. The order tells strangers least: who they are, then whether the
 * headers make sense, then whether they may. Only who may uses up tokens of the limiter, so no one can spend another's.
 */
export function entrance(endpoint: Endpoint, { catalog, callers, audit, clock }: BrokerDeps, limiter?: Limiter) {
  const limited = onceIn(LIMITED_RECORD_EVERY, audit, clock);
  return async (request: FastifyRequest): Promise<void> => {
    const caller = await authenticate(request, callers);
    request.callerName = callerName(caller);
    const run = runNameOf(request.headers, caller, endpoint);
    if (catalog.unready() !== undefined) throw refuse('Unavailable', 'the broker does not know the present state of runs; try again');
    const denial = denialFor(endpoint, caller, run, catalog.snapshot().run(run.namespace, run.name));
    if (denial !== undefined) throw refuse(denial.code, denial.message);
    const verdict = limiter?.take(`${callerName(caller)} ${run.namespace}/${run.name}`);
    if (verdict?.allowed === false) {
      await record(limited, { decision: 'denied', kind: 'credential-denied', ...about({ caller, run }), credential: { name: '(rate-limit)' }, reason: 'RateLimited' });
      throw refuse('RateLimited', 'too many requests for this run', { retryAfterSeconds: verdict.retryAfter });
    }
    request.actor = { caller, run };
  };
}

/** The actor of a request that has passed the entrance. */
export function actorOf({ actor }: FastifyRequest): Actor {
  if (actor === undefined) throw new Error('the route has no entrance');
  return actor;
}

/** The fields of a record that say whom it is about. */
export function about({ caller, run }: Actor): { namespace: string; run: string; caller: string } {
  return { namespace: run.namespace, run: run.name, caller: callerName(caller) };
}

function callerName({ namespace, serviceAccount }: Caller): string {
  return `${namespace}/${serviceAccount}`;
}
