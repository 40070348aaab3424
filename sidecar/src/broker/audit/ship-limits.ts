/** Sizes and times of shipping the audit log. Sizes in bytes, times in milliseconds. */
export interface ShipLimits {
  /** Time between looks for records that are not shipped: the usual delay, and the usual window of a summary. */
  readonly collectMs: number;
  /** Most that one batch holds, of bytes and of records. It bounds memory, however far behind the shipping is. */
  readonly batchBytes: number;
  readonly batchRecords: number;
  /** Events of one run, kind and decision that a batch spells out; the others become one summary. */
  readonly eachOfRun: number;
  /** Requests to the API server at a time. */
  readonly inFlight: number;
  /** Time after which a request to the API server counts as failed. */
  readonly createMs: number;
  /** First and longest wait after a failure. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
}

export const SHIP_LIMITS: ShipLimits = {
  collectMs: 5000,
  batchBytes: 512 * 1024,
  batchRecords: 1000,
  eachOfRun: 10,
  inFlight: 16,
  createMs: 15_000,
  firstWaitMs: 500,
  longestWaitMs: 30_000,
};

/** Longest that shipping may go on after the order to stop. */
export const SHIP_FLUSH_MS = 10_000;

/**
 * How long to wait after so many failures in a row: twice as long each time, up to a limit. Half of it is chance, or all
 * replicas would come back at the same moment. `random` is from 0 to 1.
 */
export function waitAfter(failures: number, random: number, { firstWaitMs, longestWaitMs }: Pick<ShipLimits, 'firstWaitMs' | 'longestWaitMs'>): number {
  const longest = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(longest / 2 + random * longest / 2);
}
