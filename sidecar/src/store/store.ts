import type { SessionRecord } from '../../../src/protocol/session-record';

/** A record as it is kept. */
export interface Kept {
  readonly record: SessionRecord;
  /** Counts the writes, from 1. Activity is no write. */
  readonly version: number;
  /** Milliseconds since 1970; at first when the session was created, and then when it was made ready. */
  readonly lastActivity: number;
}

/** Which sessions to list; without either, all of them. */
export type Listing =
  /** Those that are due for an end at the time, by `dueAt`. */
  | { readonly dueBy: number; readonly owner?: undefined }
  /** Those of one owner, oldest first. */
  | { readonly owner: string; readonly dueBy?: undefined }
  | { readonly owner?: undefined; readonly dueBy?: undefined };

export interface PageOptions {
  /** From the page before; the first page without. */
  readonly cursor?: string;
  /** Most entries to look at, 1 to `LONGEST_PAGE`. */
  readonly limit: number;
}

/** What is kept and cannot be used. */
export interface Poisoned {
  /** The session, or the key of an index. */
  readonly id: string;
  readonly problem: string;
  /** Whether it was put aside, so that nobody meets it again. What a later version has written stays. */
  readonly quarantined: boolean;
}

/** A page may be empty although others follow. */
export interface Page {
  readonly sessions: readonly Kept[];
  readonly poisoned: readonly Poisoned[];
  /** Where the next page begins; none after the last. */
  readonly cursor?: string;
}

/**
 * Keeps sessions for all replicas of controller and gateway. Every method rejects with `StoreError`.
 *
 * After `Unavailable` nobody knows whether a write was done. All of them can be repeated: whoever finds a conflict then
 * reads, and knows its own record by its sealed key, which no other has.
 */
export interface SessionStore {
  /** The session; undefined when there is none. */
  get(id: string): Promise<Kept | undefined>;
  /**
   * Writes the record over that version, 0 for a new session. `Conflict` when it has another version by now, or when a
   * new session has an id that is or was in use; `Missing` when there is none any more. An id stays used for a while
   * after the session's end, so an id derived from an idempotency key creates once. It notes activity too: as `touch`
   * does, at the time of creation when left out.
   */
  put(record: SessionRecord, version: number, activeAt?: number): Promise<Kept>;
  /** Forgets the session, if it still has that version. False when there was none. Its id stays used for so many milliseconds, `USED_FOR` when left out. */
  remove(id: string, version?: number, usedFor?: number): Promise<boolean>;
  /**
   * Notes when sessions were last active, in milliseconds since 1970; an earlier time than is known changes nothing.
   * Resolves to ids of which there is no session. At most `LARGEST_TOUCH` at once.
   */
  touch(activity: ReadonlyMap<string, number>): Promise<readonly string[]>;
  /**
   * One page of a listing. Whatever belongs to it from the first page to the last, and is not written meanwhile, is in
   * one of them; nothing that cannot be read keeps others out. Throws `RangeError` for a foreign cursor.
   */
  list(listing: Listing, page: PageOptions): Promise<Page>;
}

export const LONGEST_PAGE = 100;
export const LARGEST_TOUCH = 1000;

/** Milliseconds for which, at least, nobody creates a session with the id of one that has ended. */
export const USED_FOR = 60 * 60 * 1000;

export function checkedLimit(limit: number): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > LONGEST_PAGE) throw new RangeError(`limit must be a whole number from 1 to ${LONGEST_PAGE}, got ${limit}`);
  return limit;
}

export function checkedTouch(activity: ReadonlyMap<string, number>): void {
  if (activity.size > LARGEST_TOUCH) throw new RangeError(`at most ${LARGEST_TOUCH} sessions are touched at once, got ${activity.size}`);
  const wrong = [...activity.values()].find((time) => !Number.isSafeInteger(time) || time < 0);
  if (wrong !== undefined) throw new RangeError(`a time of activity must be a whole number of milliseconds, got ${wrong}`);
}
