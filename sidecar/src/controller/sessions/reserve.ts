import { forget, EndDeps } from './end';
import { writeRecord } from './write';
import type { SessionRecord } from '../../../../src/protocol/session-record';
import type { Kept } from '../../store/store';
import { isStoreError } from '../../store/store-error';
import { notReady, refuse } from '../refuse';
import { isAlive } from './session-view';

/** A record that this request has made, or the session that a request like it has made before. */
export type Reserved =
  | { readonly made: Kept; readonly found?: undefined }
  | { readonly made?: undefined; readonly found: SessionRecord };

/** Looks for the end of another request's creation, and milliseconds between two. */
const LOOKS = 40;
const PAUSE = 250;

/** A record under an id that nobody has had. */
export async function reserve(deps: EndDeps, record: SessionRecord): Promise<Reserved> {
  const made = await written(deps, record);
  if (made === undefined) throw refuse('CONFLICT', 'the session was changed at the same time; try again');
  return { made };
}

/** The same for a key that names one session at a time: under the first of its ids that is free, unless one of them is alive. */
export async function reserveOnce(deps: EndDeps, drafts: Iterable<SessionRecord>, gone: AbortSignal): Promise<Reserved> {
  for (const record of drafts) {
    const made = await written(deps, record);
    if (made !== undefined) return { made };
    const found = await otherSession(deps, record, gone);
    if (found !== undefined) return { found };
  }
  throw refuse('CONFLICT', 'the idempotency key has made too many sessions; use another one');
}

/** Undefined for an id that is or was in use. */
async function written(deps: EndDeps, record: SessionRecord): Promise<Kept | undefined> {
  try {
    return await writeRecord(deps, record, 0);
  } catch (error) {
    if (isStoreError(error, 'Conflict')) return undefined;
    forget(deps, record);
    throw error;
  }
}

/** The session under the id once it is ready; undefined when it has ended, or could not be made. */
async function otherSession(deps: EndDeps, { id, fingerprint }: SessionRecord, gone: AbortSignal): Promise<SessionRecord | undefined> {
  const { store, clock, wait } = deps;
  for (let look = 1; look <= LOOKS; look += 1) {
    const record = (await store.get(id))?.record;
    if (record === undefined || !isAlive(record, clock())) return undefined;
    if (record.fingerprint !== fingerprint) throw refuse('IDEMPOTENCY_MISMATCH', 'the idempotency key was used for a request with another body');
    if (record.phase === 'ready') return record;
    await wait(PAUSE, gone).catch(() => undefined);
    if (gone.aborted) break;
  }
  throw notReady('the session is being made by another request with the same idempotency key');
}
