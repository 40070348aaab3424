import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { textWithin, TooLong } from './text-within';

export interface HttpsRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** @default - none is sent */
  readonly body?: string;
  /** PEM of the authorities to trust. @default - those that Node brings */
  readonly ca?: string;
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
 * One request over a connection of its own. Certificates are verified, nothing is followed, kept or tried again. Whatever
 * the server answers is an answer, redirects too; rejects with `HttpsFailure` when there is none.
 */
export async function httpsExchange({ method, url, headers, body, ca, timeoutMilliseconds, maxAnswerBytes }: HttpsRequest): Promise<HttpsAnswer> {
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:') throw new HttpsFailure('NotHttps', 'only https is spoken');
  const signal = AbortSignal.timeout(timeoutMilliseconds);
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      reject(signal.aborted ? new HttpsFailure('Unreachable', `no answer within ${timeoutMilliseconds} ms`) : failureOf(error));
    };
    const sent = request(url, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
      agent: false,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      signal,
      // An empty text would mean the authorities of Node, an empty list means nobody.
      ...(ca === undefined ? {} : { ca: [ca] }),
    }, (answer) => {
      textWithin(answer, maxAnswerBytes).then((text) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }), failed);
    });
    sent.once('error', failed);
    sent.end(body);
  });
}

function failureOf(error: Error): HttpsFailure {
  if (error instanceof TooLong) return new HttpsFailure('TooLong', error.message);
  const { code } = error as NodeJS.ErrnoException;
  return new HttpsFailure('Unreachable', `the connection failed${code === undefined ? '' : `: ${code}`}`);
}
