import { LONGEST_CREATION, LONGEST_SESSION } from '../../../../src/protocol/session-record';
import type { EndDeps } from '../sessions/end';
import type { FoundWorker } from '../worker-provider';

/**
 * Releases workers of sessions of which nothing is kept: those of a controller that was killed, or of a store that has
 * lost what it had. A creation has a record before it has a worker, so the time that is waited is for clocks that differ.
 */
export async function releaseOrphans(deps: EndDeps): Promise<void> {
  const { provider, clock, metrics, log } = deps;
  for (const found of await provider.claimed()) {
    if (found.claimedBy + LONGEST_CREATION > clock()) continue;
    try {
      if (await isOrphan(deps, found)) await release(deps, found);
    } catch (err) {
      metrics.reaperFailed('orphan');
      log.error({ err, session: found.sessionId }, 'a worker without a session could not be released; it is tried again');
    }
  }
}

/** A store that does not answer says nothing, and a record that cannot be read is one. */
async function isOrphan({ store }: EndDeps, { sessionId, namespace }: FoundWorker): Promise<boolean> {
  const kept = await store.get(sessionId);
  return kept === undefined || kept.record.namespace !== namespace;
}

async function release(deps: EndDeps, { namespace, pool, sessionId, claimedBy }: FoundWorker): Promise<void> {
  const { provider, broker, pools, clock, metrics, log } = deps;
  await provider.release(namespace, sessionId);
  metrics.ended('Orphaned');
  log.warn({ session: sessionId, namespace, pool }, 'a worker without a session was released');
  const entry = pools().find(namespace, pool);
  if (broker === undefined || entry?.template === undefined) return;
  // Nothing says any more whether it had a token.
  const until = claimedBy + Math.min(entry.maxSessionSeconds * 1000, LONGEST_SESSION);
  if (until > clock()) await broker.revoke({ namespace, id: sessionId, notAfter: new Date(until).toISOString() });
}
