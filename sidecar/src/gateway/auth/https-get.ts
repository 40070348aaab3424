import { readText } from '../../server/files/read-file';
import { httpsExchange } from '../../server/wire/https-exchange';

export interface HttpsGetOptions {
  /** PEM of the authorities to trust in place of those that Node brings, read for each request. */
  readonly caFile?: string;
  readonly maxBytes: number;
  /** For the whole exchange, from the look-up of the name to the last byte. */
  readonly timeoutMilliseconds: number;
}

/** Reads a document over HTTPS. */
export type HttpsGet = (url: string) => Promise<string>;

const HEADERS = { 'accept': 'application/json', 'user-agent': 'cdk8s-agent-platform' };

const MAX_CA_BYTES = 1024 * 1024;

/** HTTPS by Node, as `httpsExchange` does it; nothing but a 200 is taken. */
export function httpsGet({ caFile, maxBytes, timeoutMilliseconds }: HttpsGetOptions): HttpsGet {
  return async (url) => {
    const ca = caFile === undefined ? undefined : await readText(caFile, MAX_CA_BYTES);
    const { status, body } = await httpsExchange({ method: 'GET', url, headers: HEADERS, ca, timeoutMilliseconds, maxAnswerBytes: maxBytes });
    if (status !== 200) throw new Error(`the answer has status ${status}`);
    return body;
  };
}
