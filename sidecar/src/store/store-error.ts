/** Everything that can go wrong with the store, by what the caller does about it. */
export type StoreCode =
  /** Another has written since, or the id was used before. Read again and decide again. */
  | 'Conflict'
  /** There is no such session. */
  | 'Missing'
  /** What is kept under the id, or in its index, is not ours to understand. The reaper puts it aside. */
  | 'Poison'
  /** No answer in time, none at all, or the store is full. Whether it was done is not known. */
  | 'Unavailable';

export interface StoreErrorOptions {
  readonly cause?: unknown;
  readonly next?: string;
}

/** The text names the session and what is wrong: nothing of a record, and no password. */
export class StoreError extends Error {
  /** Of a page that cannot be had: where the listing goes on behind what cannot be reached. */
  readonly next: string | undefined;

  constructor(readonly code: StoreCode, message: string, { cause, next }: StoreErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreError';
    this.next = next;
  }
}

export function isStoreError(error: unknown, ...codes: readonly StoreCode[]): error is StoreError {
  return error instanceof StoreError && (codes.length === 0 || codes.includes(error.code));
}
