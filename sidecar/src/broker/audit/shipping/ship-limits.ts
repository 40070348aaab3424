/** Sizes and times of shipping the audit log. Sizes in bytes, times in milliseconds. */
export interface ShipLimits {
  /** Time between looks for records that are not shipped. */
  readonly lookMs: number;
  /** Looks from one that ships all there is to the next: the usual delay, and the usual window of a summary. Those between ship whole batches only. */
  readonly looksOfWindow: number;
  /** Most that is read for one batch, of bytes and of records. It bounds memory, however far behind the shipping is. */
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
  lookMs: 5000,
  looksOfWindow: 1,
  batchBytes: 512 * 1024,
  batchRecords: 1000,
  eachOfRun: 10,
  inFlight: 16,
  createMs: 15_000,
  firstWaitMs: 500,
  longestWaitMs: 30_000,
};

/**
 * Of uses: ten minutes, or as many records as memory and a small volume can wait for. A window holds more than a few seconds
 * do, so more hosts of a run are spelled out.
 */
export const USE_LIMITS: ShipLimits = { ...SHIP_LIMITS, looksOfWindow: 120, batchBytes: 8 * 1024 * 1024, batchRecords: 10_000, eachOfRun: 100 };

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
