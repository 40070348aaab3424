/** Everything that can go wrong with a call, by what the caller does about it. */
export type KubeCode =
  | 'NotFound'
  /** Another has written since, or the name is taken. */
  | 'Conflict'
  /** The version or page that was asked for is no longer kept. */
  | 'Gone'
  | 'Forbidden'
  /** The API server does not know who we are. */
  | 'Unauthorized'
  /** The request itself is wrong; the same again will be refused again. */
  | 'Invalid'
  | 'Throttled'
  /** No answer, or one that cannot be read. */
  | 'Unavailable'
  /** The answer is longer than is read. */
  | 'TooLarge';

export interface KubeErrorOptions {
  /** Seconds that the API server wants us to wait. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** A call that failed. The text names method, path and reason: never a token, and nothing of an object. */
export class KubeError extends Error {
  readonly retryAfterSeconds: number | undefined;

  constructor(readonly code: KubeCode, message: string, { retryAfterSeconds, cause }: KubeErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'KubeError';
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export function hasCode(error: unknown, ...codes: readonly KubeCode[]): boolean {
  return error instanceof KubeError && codes.includes(error.code);
}

const CODES: Readonly<Record<number, KubeCode>> = {
  401: 'Unauthorized', 403: 'Forbidden', 404: 'NotFound', 409: 'Conflict', 410: 'Gone', 413: 'TooLarge', 429: 'Throttled',
};

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#api-responses */
export function codeOfStatus(status: number): KubeCode {
  return CODES[status] ?? (status >= 400 && status < 500 ? 'Invalid' : 'Unavailable');
}
