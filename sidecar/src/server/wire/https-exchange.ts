import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { textWithin, TooLong } from './text-within';

export interface HttpsRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** @default - none is sent */
  readonly body?: string;
  /** PEM of the authorities to trust. @default - those that Node brings */
  readonly ca?: string;
  /**
   * Keeps connections, each for requests that trust the same authorities. One that the server closes just as it is used
   * again costs nothing: the request, which has to be repeatable, is sent once more. @default - a connection of its own
   */
  readonly agent?: Agent;
  /** For the whole exchange, from the look-up of the name to the last byte. */
  readonly timeoutMilliseconds: number;
  readonly maxAnswerBytes: number;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Why there is no answer that can be used. */
export type HttpsCode =
  /** The URL is not of https. */
  | 'NotHttps'
  /** The server is not reached, cannot show who it is, or does not end its answer in time. */
  | 'Unreachable'
  | 'TooLong';

/** In our own words: those of others may quote what was sent. */
export class HttpsFailure extends Error {
  constructor(readonly code: HttpsCode, message: string) {
    super(message);
    this.name = 'HttpsFailure';
  }
}

/**
 * One request. Certificates are verified and nothing is followed. Whatever the server answers is an answer, redirects too;
 * rejects with `HttpsFailure` when there is none.
 */
export async function httpsExchange(wanted: HttpsRequest): Promise<HttpsAnswer> {
  const { url, timeoutMilliseconds } = wanted;
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:') throw new HttpsFailure('NotHttps', 'only https is spoken');
  const signal = AbortSignal.timeout(timeoutMilliseconds);
  return new Promise((resolve, reject) => {
    // A request that still waits for a connection of the agent does not tell.
    signal.addEventListener('abort', () => reject(new HttpsFailure('Unreachable', `no answer within ${timeoutMilliseconds} ms`)));
    attempt(wanted, signal).then(resolve, (error: Error) => reject(failureOf(error)));
  });
}

function attempt(wanted: HttpsRequest, signal: AbortSignal): Promise<HttpsAnswer> {
  const { method, url, headers, body, ca, agent = false, maxAnswerBytes } = wanted;
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    const sent = request(url, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
      agent,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      signal,
      // An empty text would mean the authorities of Node, an empty list means nobody.
      ...(ca === undefined ? {} : { ca: [ca] }),
    }, (answer) => {
      isAnswered = true;
      textWithin(answer, maxAnswerBytes).then((text) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }), reject);
    });
    sent.once('error', (error: NodeJS.ErrnoException) => {
      const wasClosed = sent.reusedSocket && !isAnswered && error.code === 'ECONNRESET';
      // Other connections of the agent may be as dead.
      if (wasClosed) resolve(attempt({ ...wanted, agent: undefined }, signal));
      else reject(error);
    });
    sent.end(body);
  });
}

function failureOf(error: Error): HttpsFailure {
  if (error instanceof TooLong) return new HttpsFailure('TooLong', error.message);
  const { code } = error as NodeJS.ErrnoException;
  return new HttpsFailure('Unreachable', `the connection failed${code === undefined ? '' : `: ${code}`}`);
}
