import { request } from 'node:http';
import { textWithin } from '../server/wire/text-within';

/** An answer of a session daemon. */
export interface DaemonAnswer {
  readonly status: number;
  /** Of JSON; undefined when the body is something else. */
  readonly body: unknown;
}

export interface DaemonRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  /** Ends the exchange. */
  readonly signal: AbortSignal;
}

/** Asks the daemon at one address. Rejects when there is no whole answer. */
export type AskDaemon = (asked: DaemonRequest) => Promise<DaemonAnswer>;

/** Longest answer that is read: the daemon runs beside foreign code, which may answer in its place. */
const MAX_ANSWER = 16 * 1024;

/** Asks over plain HTTP, each time over a connection of its own. `base` is http://host:port. */
export function httpDaemon(base: string): AskDaemon {
  return ({ method, path, body, signal }) => new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const sent = request(new URL(path, base), { method, headers, agent: false, signal }, (answer) => {
      textWithin(answer, MAX_ANSWER).then((read) => resolve({ status: answer.statusCode ?? 0, body: jsonOf(read) }), reject);
    });
    sent.once('error', reject);
    sent.end(text);
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
