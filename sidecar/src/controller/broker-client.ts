import {
  BROKER_ROUTES, DeliveryMode, IssueEgressRequest, IssueEgressResponse, IssueRequest, IssueResponse, RevokedSession, RevokeRequest, SessionSubject,
} from '../../../src/protocol/broker-api';
import { isFields } from '../server/fields';
import { HttpsAnswer, httpsExchange, HttpsFailure } from '../server/https-exchange';
import { readText } from '../server/read-file';

/** Why the broker did not do what it was asked for. */
export type BrokerCode =
  /** No answer in time, or one that says to come again. */
  | 'Unavailable'
  /** It will not, however often it is asked. */
  | 'Refused';

/** The text names a code of the broker at most: nothing of a token. */
export class BrokerFailure extends Error {
  constructor(
    readonly code: BrokerCode,
    message: string,
    /** The code that the broker answered with; undefined where it said none. */
    readonly answered?: string,
  ) {
    super(message);
    this.name = 'BrokerFailure';
  }
}

/** What the broker hands out. */
export type Credential = Pick<IssueResponse, 'value' | 'deliveryMode'>;

/** The broker, as far as sessions need it. All reject with `BrokerFailure`, and can be repeated. */
export interface SessionBroker {
  /** A token by which the session connects outwards. */
  issue(session: SessionSubject): Promise<string>;
  /** A credential for the session that the token is for. */
  credential(name: string, egressToken: string): Promise<Credential>;
  /** Makes every token of the session worthless; also when there is none. */
  revoke(session: RevokedSession): Promise<void>;
}

export interface BrokerClientOptions {
  /** https. */
  readonly url: string;
  /** PEM of the authorities that may have signed the broker's certificate; those of Node without. Read for each request. */
  readonly caFile?: string;
  /** Read for each request; without it none is sent. */
  readonly tokenFile?: string;
  /** Milliseconds for the whole exchange. */
  readonly timeout?: number;
}

const TIMEOUT = 5000;
const MAX_ANSWER = 64 * 1024;
const MAX_FILE = 1024 * 1024;

export function brokerClient(options: BrokerClientOptions): SessionBroker {
  return {
    issue: async (session) => tokenIn(await ask(options, BROKER_ROUTES.issueEgress, { session } satisfies IssueEgressRequest)),
    credential: async (name, egressToken) => credentialIn(await ask(options, BROKER_ROUTES.issue, { name, egressToken } satisfies IssueRequest)),
    revoke: async (session) => {
      const { status, body } = await ask(options, BROKER_ROUTES.revoke, { session } satisfies RevokeRequest);
      if (status !== 204 && status !== 200) throw refusedBy(status, body);
    },
  };
}

function tokenIn({ status, body }: HttpsAnswer): string {
  if (status !== 200) throw refusedBy(status, body);
  const { value } = (jsonOf(body) ?? {}) as Partial<IssueEgressResponse>;
  if (typeof value !== 'string' || value === '') throw new BrokerFailure('Refused', 'the broker answered without a token');
  return value;
}

const DELIVERIES: readonly unknown[] = ['ProxyInjected', 'InContainer'] satisfies DeliveryMode[];

function credentialIn({ status, body }: HttpsAnswer): Credential {
  if (status !== 200) throw refusedBy(status, body);
  const { value, deliveryMode } = (jsonOf(body) ?? {}) as Partial<IssueResponse>;
  const isWhole = typeof value === 'string' && value !== '' && DELIVERIES.includes(deliveryMode);
  if (!isWhole) throw new BrokerFailure('Refused', 'the broker answered without a credential');
  return { value, deliveryMode: deliveryMode! };
}

async function ask({ url, caFile, tokenFile, timeout = TIMEOUT }: BrokerClientOptions, path: string, body: object): Promise<HttpsAnswer> {
  const [ca, token] = await Promise.all([textOf(caFile), textOf(tokenFile)]);
  return httpsExchange({
    method: 'POST',
    url: new URL(path, url).href,
    headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token.trim()}` }) },
    body: JSON.stringify(body),
    ca,
    timeoutMilliseconds: timeout,
    maxAnswerBytes: MAX_ANSWER,
  }).catch(failed);
}

/** A file that is not there yet may come: the kubelet mounts it, or its owner fills it. */
async function textOf(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return readText(file, MAX_FILE).catch(() => {
    throw new BrokerFailure('Unavailable', `${file} cannot be read`);
  });
}

function refusedBy(status: number, body: string): BrokerFailure {
  const { code } = jsonOf(body) ?? {};
  const answered = typeof code === 'string' ? code.slice(0, 64) : undefined;
  const shown = answered === undefined ? '' : ` ${JSON.stringify(answered)}`;
  const again = status === 429 || status >= 500;
  return new BrokerFailure(again ? 'Unavailable' : 'Refused', `the broker answered ${status}${shown}`, answered);
}

/** The broker has no business with plain HTTP or with long answers, and repeating changes neither. */
function failed(error: unknown): never {
  if (!(error instanceof HttpsFailure)) throw error;
  throw new BrokerFailure(error.code === 'Unreachable' ? 'Unavailable' : 'Refused', `asking the broker: ${error.message}`);
}

function jsonOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
