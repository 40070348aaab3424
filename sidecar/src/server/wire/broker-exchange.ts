import { Agent } from 'node:https';
import { HttpsAnswer, httpsExchange, HttpsFailure } from './https-exchange';
import { readText } from '../files/read-file';
import { DEFAULT_LIMITS } from '../http/limits';
import { fieldsOf } from '../text/fields';

/** Why the broker did not do what it was asked for. */
export type BrokerFailureCode =
  /** No answer in time, or one that says to come again. */
  | 'Unavailable'
  /** It will not, however often it is asked. */
  | 'Refused';

/** The text names a code of the broker at most: nothing of a token. */
export class BrokerFailure extends Error {
  constructor(
    readonly code: BrokerFailureCode,
    message: string,
    /** The code that the broker answered with; undefined where it said none. */
    readonly answered?: string,
  ) {
    super(message);
    this.name = 'BrokerFailure';
  }
}

/** Where the broker is, and by what both sides are known. */
export interface BrokerEndpoint {
  /** https. */
  readonly url: string;
  /** PEM of the authorities that may have signed the broker's certificate; those of Node without. Read for each request. */
  readonly caFile?: string;
  /** Read for each request; without it none is sent. */
  readonly tokenFile?: string;
  /** Milliseconds for the whole exchange. */
  readonly timeout?: number;
}

export interface BrokerQuestion {
  readonly path: string;
  readonly body: object;
  /** @default - none but those that every question has */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default 65536 */
  readonly maxAnswerBytes?: number;
}

const TIMEOUT = 5000;
const MAX_ANSWER = 64 * 1024;
const MAX_FILE = 1024 * 1024;

/** Connections at once; a question beyond waits for one that is free. */
const CONNECTIONS = 64;

/** Milliseconds that a connection without a question is kept: shorter than the broker keeps it. */
const IDLE = DEFAULT_LIMITS.keepAliveTimeout / 2;

/** Rejects with `BrokerFailure` when there is no answer. A question can be repeated. */
export type AskBroker = (question: BrokerQuestion) => Promise<HttpsAnswer>;

/** Asks over connections that are kept while the file names the same authorities. Idle ones keep no process alive. */
export function brokerAt({ url, caFile, tokenFile, timeout = TIMEOUT }: BrokerEndpoint): AskBroker {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, timeout: IDLE });
  return async ({ path, body, headers, maxAnswerBytes = MAX_ANSWER }) => {
    const [ca, token] = await Promise.all([textOf(caFile), textOf(tokenFile)]);
    return httpsExchange({
      method: 'POST',
      url: new URL(path, url).href,
      headers: { ...headers, 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token.trim()}` }) },
      body: JSON.stringify(body),
      ca,
      agent,
      timeoutMilliseconds: timeout,
      maxAnswerBytes,
    }).catch(failed);
  };
}

/** What an answer says that is not the one that was hoped for. */
export function refusedBy({ status, body }: Pick<HttpsAnswer, 'status' | 'body'>): BrokerFailure {
  const { code } = fieldsOf(body) ?? {};
  const answered = typeof code === 'string' ? code.slice(0, 64) : undefined;
  const shown = answered === undefined ? '' : ` ${JSON.stringify(answered)}`;
  const again = status === 429 || status >= 500;
  return new BrokerFailure(again ? 'Unavailable' : 'Refused', `the broker answered ${status}${shown}`, answered);
}

/** A file that is not there yet may come: the kubelet mounts it, or its owner fills it. */
async function textOf(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return readText(file, MAX_FILE).catch(() => {
    throw new BrokerFailure('Unavailable', `${file} cannot be read`);
  });
}

/** The broker has no business with plain HTTP or with long answers, and repeating changes neither. */
function failed(error: unknown): never {
  if (!(error instanceof HttpsFailure)) throw error;
  throw new BrokerFailure(error.code === 'Unreachable' ? 'Unavailable' : 'Refused', `asking the broker: ${error.message}`);
}
