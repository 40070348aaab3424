import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Http, HttpAnswer, HttpFailure } from './http';

export interface HttpsClientOptions {
  /** Authorities to trust in place of those that Node brings, in PEM. */
  readonly ca?: string;
  /** For the whole exchange, from the look-up of the name to the last byte. */
  readonly timeoutMilliseconds?: number;
  readonly maxAnswerBytes?: number;
}

/** A token is minted within half a second as a rule; whoever waits for it has ten themselves. */
const TIMEOUT = 8000;

/** GitHub describes each repository of a token in about 6 KiB, and a policy names up to 128. */
const MAX_ANSWER = 2 * 1024 * 1024;

/** HTTPS by Node. Certificates are verified, nothing is followed, kept or tried again. */
export function httpsClient({ ca, timeoutMilliseconds = TIMEOUT, maxAnswerBytes = MAX_ANSWER }: HttpsClientOptions = {}): Http {
  return ({ url, method, headers, body }) => new Promise((resolve, reject) => {
    const { protocol } = new URL(url);
    if (protocol !== 'https:') throw new HttpFailure('only https is spoken');
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    const failed = (error: Error): void => reject(signal.aborted ? new HttpFailure(`no answer within ${timeoutMilliseconds} ms`) : failureOf(error));
    const sent = httpsRequest(url, {
      method,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      agent: false,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      signal,
      ...(ca === undefined ? {} : { ca }),
    }, (answer) => answerOf(answer, maxAnswerBytes).then(resolve, failed));
    sent.once('error', failed);
    sent.end(body);
  });
}

async function answerOf(answer: IncomingMessage, maxBytes: number): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop ends the connection.
    if (size > maxBytes) throw new HttpFailure(`the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]));
  return { status: answer.statusCode ?? 0, headers, body: Buffer.concat(chunks).toString('utf8') };
}

function failureOf(error: Error): HttpFailure {
  if (error instanceof HttpFailure) return error;
  const { code } = error as NodeJS.ErrnoException;
  return new HttpFailure(`the connection failed${code === undefined ? '' : `: ${code}`}`);
}
