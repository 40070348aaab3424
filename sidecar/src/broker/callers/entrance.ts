import type { FastifyRequest } from 'fastify';
import { authenticate } from './authenticate';
import { Endpoint, lacksCapability, leaveFor } from './authorize';
import type { Caller, CallerReview } from './caller';
import { runNameOf } from './run-headers';
import { callerName, RunLimit } from './run-limit';
import type { ActedFor } from './subject';
import type { Limiter } from '../../server/bounds/limiter';
import type { Catalog } from '../catalog/catalog';
import type { RunName } from '../catalog/run-name';
import { refuse } from '../refuse';

/** Who asks, and the run that the headers name, if they do. */
export interface Asker {
  readonly caller: Caller;
  readonly named?: RunName;
  /** Whether the body has to prove on whose behalf it is. */
  readonly unproven: boolean;
}

/**
 * Who acts for whom; what every route starts from. The state of the run is not in it: a route asks for that once
 * the body is there, so that a client gains nothing by sending it slowly.
 */
export interface Actor extends ActedFor {
  readonly caller: Caller;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the entrance, so it is there in every handler behind it. */
    asker: Asker | undefined;
  }
}

export interface EntranceDeps {
  readonly catalog: Catalog;
  readonly callers: CallerReview;
  /** For tokens that are not known yet, by address. */
  readonly reviews: Limiter;
}

/**
 * What a request passes before its body is read. The order tells strangers least: who they are, then whether the
 * headers make sense, then whether they may. Only who may uses up tokens of the limit, so no one can spend another's.
 */
export function entrance(endpoint: Endpoint, { catalog, callers, reviews }: EntranceDeps, limit?: RunLimit) {
  return async (request: FastifyRequest): Promise<void> => {
    const caller = await authenticate(request, callers, reviews);
    request.callerName = callerName(caller);
    // Before the headers: paddock's clients know revocation so.
    if (lacksCapability(endpoint, caller)) throw refuse('Forbidden', `capability ${endpoint} is needed`);
    const named = runNameOf(request.headers, caller, endpoint);
    // What is revoked is revoked whatever the broker knows of runs.
    if (endpoint !== 'revoke' && catalog.unready() !== undefined) throw refuse('Unavailable', 'the broker does not know the present state of runs; try again');
    const leave = named === undefined ? 'with-proof' : await confirmedLeave(endpoint, caller, named, catalog);
    if (leave === 'denied') throw refuse('Forbidden', 'the caller may not act for this run');
    if (named !== undefined && leave === 'granted') await limit?.({ caller, run: named });
    request.asker = { caller, named, unproven: leave !== 'granted' };
  };
}

/** The pod of a run may speak before every replica knows that it is the run's. */
async function confirmedLeave(endpoint: Endpoint, caller: Caller, named: RunName, catalog: Catalog) {
  const leave = () => leaveFor(endpoint, caller, named, catalog.snapshot().run(named.namespace, named.name));
  const first = leave();
  if (first !== 'denied' || caller.podUid === undefined || caller.namespace !== named.namespace) return first;
  await catalog.confirm?.(named);
  return leave();
}

/** Who sent a request that has passed the entrance. */
export function askerOf({ asker }: FastifyRequest): Asker {
  if (asker === undefined) throw new Error('the route has no entrance');
  return asker;
}

/** The fields of a record that say whom it is about. */
export function about({ caller, run }: Actor): { namespace: string; run: string; caller: string } {
  return { namespace: run.namespace, run: run.name, caller: callerName(caller) };
}
