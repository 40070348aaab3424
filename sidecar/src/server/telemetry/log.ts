import { pino, type DestinationStream, type Logger } from 'pino';
import { maskLine } from './mask';
import type { Clock } from '../time/clock';

export type { Logger } from 'pino';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

export interface LoggerOptions {
  readonly role: string;
  readonly level: LogLevel;
  /** Where lines go, one JSON object each. */
  readonly destination: DestinationStream;
  readonly clock?: Clock;
}

/** The log of a process. Secrets are masked in the finished line, so no call can forget it. */
export function createLogger({ role, level, destination, clock = Date.now }: LoggerOptions): Logger {
  return pino({
    level,
    base: { role },
    timestamp: () => `,"time":"${new Date(clock()).toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError, error: describeError, req: describeRequest },
    hooks: { streamWrite: maskLine },
  }, destination);
}

/** Bytes that are worth a write of their own, and milliseconds after which fewer are. A write for each line would cost as much as a request. */
const WRITE_SIZE = 8 * 1024;
const WRITE_EVERY = 100;

/** Memory for lines that a slow reader of stdout has not taken; what is over it is lost, the process goes on. */
const MAX_BUFFERED = 4 * 1024 * 1024;

/** Standard output, written without blocking, many lines at once. */
export function standardOutput() {
  return pino.destination({ fd: 1, sync: false, minLength: WRITE_SIZE, periodicFlush: WRITE_EVERY, maxLength: MAX_BUFFERED });
}

const MAX_CAUSES = 4;

/** Only these fields: errors of clients carry whole requests with them. */
export function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error;
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code: String(code) }),
    stack: error.stack,
    ...(error.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: describeError(error.cause, depth + 1) }),
  };
}

/** A query string may carry a token. */
export function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}

function describeRequest(request: { readonly method?: string; readonly url?: string }): unknown {
  return { method: request.method, path: pathOf(request.url ?? '') };
}
