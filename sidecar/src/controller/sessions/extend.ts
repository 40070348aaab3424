import { latestEnd } from './egress';
import { findSession } from './find';
import { isAlive } from './session-view';
import { writeRecord } from './write';
import type { PoolEntry } from '../../../../src/protocol/session-pools';
import type { SessionRecord } from '../../../../src/protocol/session-record';
import type { Kept } from '../../store/store';
import { isStoreError } from '../../store/store-error';
import type { Principal } from '../auth/principal';
import type { ControllerDeps } from '../controller-deps';
import { missing, notReady, refusalOf } from '../refuse';

/** Times that a session is read again because somebody else has written it. */
const TRIES = 5;

/** Moves the end of a session to so many seconds from now, as far as the pool allows. It never comes sooner. */
export async function extendSession(deps: ControllerDeps, principal: Principal, id: string, seconds: number): Promise<Kept> {
  for (let attempt = 1; ; attempt += 1) {
    const kept = await findSession(deps, principal, id);
    const { record, version } = kept;
    const now = deps.clock();
    if (!isAlive(record, now)) throw missing(id);
    if (record.phase === 'creating') throw notReady('the session is being made');
    const expiresAt = extendedEnd(record, now + seconds * 1000, deps.pools().find(record.namespace, record.name));
    if (expiresAt === record.expiresAt) return kept;
    try {
      return await writeRecord(deps, { ...record, expiresAt }, version);
    } catch (error) {
      if (!isStoreError(error, 'Conflict') || attempt === TRIES) throw refusalOf(error, id);
    }
  }
}

/** A pool that is gone lets no session go on for longer. */
function extendedEnd(record: SessionRecord, wanted: number, pool: PoolEntry | undefined): number {
  const latest = pool === undefined ? record.expiresAt : latestEnd(record, pool);
  return Math.max(record.expiresAt, Math.min(wanted, latest));
}
