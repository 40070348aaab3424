/** Bounds of a server. Times in milliseconds, sizes in bytes. */
export interface ServerLimits {
  /** Longest request body. */
  readonly bodyLimit: number;
  /** All header lines of a request together. */
  readonly maxHeaderSize: number;
  /** Header lines of a request. Node itself would drop what is over its limit without a word. */
  readonly maxHeaders: number;
  readonly maxConnections: number;
  /** After so many requests a connection is closed, so that load spreads over new replicas. */
  readonly maxRequestsPerSocket: number;
  /** A connection on which nothing moves. Longer than any handler may take. */
  readonly connectionTimeout: number;
  /** From the first byte of a request to its last. */
  readonly requestTimeout: number;
  /** From the first byte of a request to the end of its headers. */
  readonly headersTimeout: number;
  /** An idle connection after an answer. */
  readonly keepAliveTimeout: number;
  /** From the headers of a request to its answer. */
  readonly handlerTimeout: number;
  readonly handshakeTimeout: number;
  /** How often Node looks for requests that take too long. */
  readonly checkInterval: number;
}

/** For short JSON requests from inside the cluster. A role names only what differs. */
export const DEFAULT_LIMITS: ServerLimits = {
  bodyLimit: 64 * 1024,
  maxHeaderSize: 16 * 1024,
  maxHeaders: 64,
  maxConnections: 4096,
  maxRequestsPerSocket: 100_000,
  connectionTimeout: 75_000,
  requestTimeout: 10_000,
  headersTimeout: 5_000,
  keepAliveTimeout: 65_000,
  handlerTimeout: 15_000,
  handshakeTimeout: 5_000,
  checkInterval: 1_000,
};
