import { isDeepStrictEqual } from 'node:util';
import type { SessionRecord } from '../../../../src/protocol/session-record';
import type { Kept } from '../../store/store';
import { isStoreError } from '../../store/store-error';
import type { ControllerDeps } from '../controller-deps';

/** Tries of one write, and milliseconds between two. */
const TRIES = 3;
const PAUSE = 200;

/** For waits that nothing ends. */
export const NEVER = new AbortController().signal;

/**
 * Writes the record over that version, with the time of activity if there is any, and is sure of it: when an answer was lost it writes again, and takes a conflict
 * then for its own write if it finds exactly its own record.
 */
export async function writeRecord({ store, wait }: Pick<ControllerDeps, 'store' | 'wait'>, record: SessionRecord, version: number, activeAt?: number): Promise<Kept> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await store.put(record, version, activeAt);
    } catch (error) {
      if (isStoreError(error, 'Conflict', 'Missing') && attempt > 1) return ownRecord(store, record, error);
      if (!isStoreError(error, 'Unavailable') || attempt === TRIES) throw error;
    }
    await wait(PAUSE, NEVER);
  }
}

async function ownRecord(store: ControllerDeps['store'], record: SessionRecord, conflict: Error): Promise<Kept> {
  const kept = await store.get(record.id);
  if (kept === undefined || !isDeepStrictEqual(kept.record, JSON.parse(JSON.stringify(record)))) throw conflict;
  return kept;
}
