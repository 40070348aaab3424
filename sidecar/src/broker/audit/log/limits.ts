/** Sizes and times of the audit log. Sizes in bytes, times in milliseconds. */
export interface AuditLimits {
  /** A segment that has grown to this is followed by a new one. */
  readonly segmentBytes: number;
  /**
   * Most that one write and sync make durable. It is also the most that a crash can leave in disorder,
   * so damage further from the end than this is no accident.
   */
  readonly batchBytes: number;
  /** Writers that may wait at a time. */
  readonly maxWaiting: number;
  /** Longest that a writer waits. */
  readonly maxWaitMs: number;
  /** Space on the volume that is left alone; with less, nothing is decided any more. */
  readonly reserveBytes: number;
  /** Most that the whole log may take; unset leaves it to the volume. For volumes whose limit the file system does not know. */
  readonly maxTotalBytes?: number;
  /** Time between looks at the file and the volume. */
  readonly inspectMs: number;
  /** Time between tries to write again after a failure. */
  readonly probeMs: number;
}

export const AUDIT_LIMITS: AuditLimits = {
  segmentBytes: 64 * 1024 * 1024,
  batchBytes: 256 * 1024,
  maxWaiting: 4096,
  maxWaitMs: 2000,
  reserveBytes: 32 * 1024 * 1024,
  inspectMs: 10_000,
  probeMs: 1000,
};

/** Longest line. Every text of a record is cut, so no writer comes near it. */
export const MAX_LINE_BYTES = 32 * 1024;

/** Time between anchors in the log of the process. */
export const ANCHOR_MS = 10_000;

/** Time between anchors in the API, where nothing removes them. */
export const API_ANCHOR_MS = 60_000;
