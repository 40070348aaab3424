import type { Caller } from './caller';
import type { Limiter } from '../../server/bounds/limiter';
import type { Audit } from '../audit/audit-event';
import { record } from '../audit/audited';
import type { RunName } from '../catalog/run-name';
import { refuse } from '../refuse';

/** Lets a request of a caller for a run pass, or refuses it with 429. */
export type RunLimit = (asked: { readonly caller: Caller; readonly run: RunName }) => Promise<void>;

/**
 * The limit of one endpoint. Its key is who asks for whom, both verified: what nobody has proven takes no memory.
 * `repeated` writes one record in a while for all refusals of a caller and run: with one for each, asking without end
 * would fill the volume of the log, and without a log nobody is answered.
 */
export function runLimit(limiter: Limiter, repeated: Pick<Audit, 'write'>): RunLimit {
  return async ({ caller, run: { namespace, name } }) => {
    const from = callerName(caller);
    const { allowed, retryAfter } = limiter.take(`${from} ${namespace}/${name}`);
    if (allowed) return;
    await record(repeated, {
      decision: 'denied', kind: 'credential-denied', namespace, run: name, caller: from, credential: { name: '(rate-limit)' }, reason: 'RateLimited',
    });
    throw refuse('RateLimited', 'too many requests for this run', { retryAfterSeconds: retryAfter });
  };
}

export function callerName({ namespace, serviceAccount }: Caller): string {
  return `${namespace}/${serviceAccount}`;
}
