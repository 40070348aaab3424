import { writeRecord } from './write';
import type { SessionRecord } from '../../../../src/protocol/session-record';
import { Kept, USED_FOR } from '../../store/store';
import { isStoreError } from '../../store/store-error';
import type { ControllerDeps } from '../controller-deps';
import type { EndReason } from '../metrics';
import { latestTokenEnd, revokeEgress } from './egress';
import { orAborted, TimeLimit, timeLimit } from '../../server/time/time-limit';

export type EndDeps = Pick<ControllerDeps, 'store' | 'provider' | 'pools' | 'broker' | 'clock' | 'after' | 'wait' | 'background' | 'metrics' | 'log'>;

/** Times that a session is read again because somebody else has written it. */
const TRIES = 5;

/** Milliseconds between two tries of taking back a creation, and for all of them together. */
const PAUSES = [250, 500, 1000, 2000, 4000, 8000];
const TAKE_BACK = 30_000;

/**
 * Ends a session for good, if it is still one that has to end. First it is marked, so that nobody uses it any more and
 * whoever comes next can go on from any step. False when there was nothing to end.
 */
export async function endSession(deps: EndDeps, id: string, reason: EndReason, hasToEnd: (kept: Kept) => boolean): Promise<boolean> {
  const marked = await markEnding(deps, id, hasToEnd);
  if (marked === undefined) return false;
  await deps.provider.release(marked.record.namespace, id);
  await revokeEgress(deps, marked.record);
  await remove(deps, marked, reason);
  return true;
}

/**
 * Takes back what there is of a session that could not be made, whoever asked for it may be gone. What is left after the
 * last try is the reaper's.
 */
export function takeBack(deps: EndDeps, record: SessionRecord): void {
  const limit = timeLimit(deps.after, TAKE_BACK);
  inBackground(deps, record, () => orAborted(undo(deps, record), limit.signal), limit);
}

/** Forgets a record of which nobody knows whether it was written; no worker was claimed for it. */
export function forget(deps: EndDeps, record: SessionRecord): void {
  const { id, sealedKey } = record;
  inBackground(deps, record, async () => {
    const kept = await deps.store.get(id);
    // With an idempotency key it may be that of another request, which goes on.
    if (kept?.record.sealedKey === sealedKey) await remove(deps, kept, 'RolledBack');
  }, timeLimit(deps.after, TAKE_BACK));
}

/** Tries until it is done, or the time or the tries are over. */
function inBackground({ wait, background, log }: EndDeps, { id }: SessionRecord, step: () => Promise<void>, limit: TimeLimit): void {
  background.run(async () => {
    let failure: unknown;
    for (const pause of [0, ...PAUSES]) {
      if (pause > 0) await wait(pause, limit.signal).catch(() => undefined);
      try {
        await step();
        return limit.end();
      } catch (error) {
        failure = error;
      }
      if (limit.signal.aborted) break;
    }
    limit.end();
    log.warn({ err: failure, session: id }, 'a session that was not made could not be taken back; the reaper does it');
  });
}

/** The worker goes first of all: without it, what else is left harms nobody. */
async function undo(deps: EndDeps, record: SessionRecord): Promise<void> {
  const [marked] = await Promise.allSettled([markEnding(deps, record.id, (kept) => kept.record.sealedKey === record.sealedKey)]);
  await deps.provider.release(record.namespace, record.id);
  await revokeEgress(deps, record);
  if (marked.status === 'rejected') throw marked.reason;
  if (marked.value !== undefined) await remove(deps, marked.value, 'RolledBack');
}

/** The session as it is marked; undefined when there is none, or none that has to end. */
async function markEnding(deps: EndDeps, id: string, hasToEnd: (kept: Kept) => boolean): Promise<Kept | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const kept = await deps.store.get(id);
    if (kept === undefined || !hasToEnd(kept)) return undefined;
    if (kept.record.phase === 'ending') return kept;
    try {
      return await writeRecord(deps, { ...kept.record, phase: 'ending' }, kept.version);
    } catch (error) {
      if (isStoreError(error, 'Missing')) return undefined;
      if (!isStoreError(error, 'Conflict') || attempt === TRIES) throw error;
    }
  }
}

async function remove({ store, pools, clock, metrics }: EndDeps, { record, version }: Kept, reason: EndReason): Promise<void> {
  const usedFor = record.egress === true ? Math.max(USED_FOR, latestTokenEnd(pools(), record) - clock()) : USED_FOR;
  if (await store.remove(record.id, version, usedFor)) metrics.ended(reason);
}
