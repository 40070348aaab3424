import type { IncomingHttpHeaders } from 'node:http';
import { Http, HttpAnswer, HttpFailure } from './http';
import { httpsExchange, HttpsFailure } from '../../server/wire/https-exchange';

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

/** HTTPS by Node, as `httpsExchange` does it. */
export function httpsClient({ ca, timeoutMilliseconds = TIMEOUT, maxAnswerBytes = MAX_ANSWER }: HttpsClientOptions = {}): Http {
  return async (request) => {
    const { status, headers, body } = await httpsExchange({ ...request, ca, timeoutMilliseconds, maxAnswerBytes }).catch(failed);
    return { status, headers: joined(headers), body };
  };
}

function joined(headers: IncomingHttpHeaders): HttpAnswer['headers'] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]));
}

function failed(error: unknown): never {
  throw error instanceof HttpsFailure ? new HttpFailure(error.message) : error;
}
