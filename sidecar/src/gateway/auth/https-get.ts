import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { readText } from '../../server/read-file';

export interface HttpsGetOptions {
  /** PEM of the authorities to trust in place of those that Node brings, read for each request. */
  readonly caFile?: string;
  readonly maxBytes: number;
  /** For the whole exchange, from the look-up of the name to the last byte. */
  readonly timeoutMilliseconds: number;
}

/** Reads a document over HTTPS. */
export type HttpsGet = (url: string) => Promise<string>;

const MAX_CA_BYTES = 1024 * 1024;

/** HTTPS by Node: certificates are verified, redirects are not followed, nothing but a 200 is taken. */
export function httpsGet({ caFile, maxBytes, timeoutMilliseconds }: HttpsGetOptions): HttpsGet {
  return async (url) => {
    if (!URL.canParse(url) || new URL(url).protocol !== 'https:') throw new Error('only https is spoken');
    const ca = caFile === undefined ? undefined : await readText(caFile, MAX_CA_BYTES);
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => reject(signal.aborted ? new Error(`no answer within ${timeoutMilliseconds} ms`) : error);
      const sent = request(url, {
        headers: { 'accept': 'application/json', 'user-agent': 'cdk8s-agent-platform' },
        agent: false,
        minVersion: 'TLSv1.2',
        rejectUnauthorized: true,
        signal,
        ca,
      }, (answer) => textOf(answer, maxBytes).then(resolve, failed));
      sent.once('error', failed);
      sent.end();
    });
  };
}

async function textOf(answer: IncomingMessage, maxBytes: number): Promise<string> {
  if (answer.statusCode !== 200) {
    answer.destroy();
    throw new Error(`the answer has status ${answer.statusCode}`);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop ends the connection.
    if (size > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
