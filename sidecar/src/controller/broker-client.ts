import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BROKER_ROUTES, IssueEgressRequest, IssueEgressResponse, RevokedSession, RevokeRequest, SessionSubject } from '../../../src/protocol/broker-api';
import { isFields } from '../server/fields';
import { readText } from '../server/read-file';

/** Why the broker did not do what it was asked for. */
export type BrokerCode =
  /** No answer in time, or one that says to come again. */
  | 'Unavailable'
  /** It will not, however often it is asked. */
  | 'Refused';

/** The text names a code of the broker at most: nothing of a token. */
export class BrokerFailure extends Error {
  constructor(readonly code: BrokerCode, message: string) {
    super(message);
    this.name = 'BrokerFailure';
  }
}

/** The broker, as far as sessions need it. Both reject with `BrokerFailure`, and can be repeated. */
export interface EgressTokens {
  /** A token by which the session connects outwards. */
  issue(session: SessionSubject): Promise<string>;
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

interface Answer {
  readonly status: number;
  readonly body: string;
}

export function brokerClient(options: BrokerClientOptions): EgressTokens {
  return {
    issue: async (session) => tokenIn(await ask(options, BROKER_ROUTES.issueEgress, { session } satisfies IssueEgressRequest)),
    revoke: async (session) => {
      const { status, body } = await ask(options, BROKER_ROUTES.revoke, { session } satisfies RevokeRequest);
      if (status !== 204 && status !== 200) throw refusedBy(status, body);
    },
  };
}

function tokenIn({ status, body }: Answer): string {
  if (status !== 200) throw refusedBy(status, body);
  const { value } = (jsonOf(body) ?? {}) as Partial<IssueEgressResponse>;
  if (typeof value !== 'string' || value === '') throw new BrokerFailure('Refused', 'the broker answered without a token');
  return value;
}

/** Asks over a connection of its own. Certificates are verified, nothing is followed or tried again. */
async function ask({ url, caFile, tokenFile, timeout = TIMEOUT }: BrokerClientOptions, path: string, body: object): Promise<Answer> {
  const target = new URL(path, url);
  if (target.protocol !== 'https:') throw new BrokerFailure('Refused', 'the broker is spoken to by https only');
  const [ca, token] = await Promise.all([textOf(caFile), textOf(tokenFile)]);
  const text = JSON.stringify(body);
  const signal = AbortSignal.timeout(timeout);
  return new Promise<Answer>((resolve, reject) => {
    const failed = (error: Error): void => reject(failureOf(error, signal.aborted ? `no answer within ${timeout} ms` : undefined));
    const sent = httpsRequest(target, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        ...(token === undefined ? {} : { authorization: `Bearer ${token.trim()}` }),
      },
      agent: false,
      minVersion: 'TLSv1.2',
      signal,
      ...(ca === undefined ? {} : { ca }),
    }, (answer) => read(answer).then((got) => resolve({ status: answer.statusCode ?? 0, body: got }), failed));
    sent.once('error', failed);
    sent.end(text);
  });
}

/** A file that is not there yet may come: the kubelet mounts it, or its owner fills it. */
async function textOf(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return readText(file, MAX_FILE).catch(() => {
    throw new BrokerFailure('Unavailable', `${file} cannot be read`);
  });
}

async function read(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop ends the connection.
    if (size > MAX_ANSWER) throw new BrokerFailure('Refused', `the answer of the broker is longer than ${MAX_ANSWER} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refusedBy(status: number, body: string): BrokerFailure {
  const { code } = jsonOf(body) ?? {};
  const shown = typeof code === 'string' ? ` ${JSON.stringify(code.slice(0, 64))}` : '';
  const again = status === 429 || status >= 500;
  return new BrokerFailure(again ? 'Unavailable' : 'Refused', `the broker answered ${status}${shown}`);
}

function failureOf(error: Error, timedOut: string | undefined): BrokerFailure {
  if (error instanceof BrokerFailure) return error;
  const { code } = error as NodeJS.ErrnoException;
  return new BrokerFailure('Unavailable', timedOut ?? `the connection to the broker failed${code === undefined ? '' : `: ${code}`}`);
}

function jsonOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
