import { BROKER_STATUS, type BrokerCode } from '../../../../src/protocol/broker-api';
import { fieldsOf } from '../../server/text/fields';

export type FailureKind =
  /** No answer in time, or one that says nothing about the question: asking again may help. */
  | 'Unavailable'
  /** The client's question is refused, and will be however often it is asked. */
  | 'Refused';

interface FailureDetails extends ErrorOptions {
  readonly code?: BrokerCode;
  readonly status?: number;
}

/** Why there is nothing to go by. The text names a code of the broker at most: nothing of a token, nor of what the broker wrote. */
export class BrokerFailure extends Error {
  /** What the broker said. With `Refused` always there. */
  readonly code: BrokerCode | undefined;
  /** Of its answer; undefined when none came. */
  readonly status: number | undefined;

  constructor(readonly kind: FailureKind, message: string, { code, status, cause }: FailureDetails = {}) {
    super(message, { cause });
    this.name = 'BrokerFailure';
    this.code = code;
    this.status = status;
  }
}

/** Codes that say nothing about the question: our own token, our own version, our own haste. */
const OURS: readonly BrokerCode[] = ['Unauthorized', 'NotFound', 'RateLimited'];

/** The failure that an answer with another status than 200 means. What is refused is the client's matter, all else that between the broker and us. */
export function failureIn(status: number, text: string): BrokerFailure {
  const code = codeIn(status, text);
  const isClients = code !== undefined && status < 500 && !OURS.includes(code);
  return new BrokerFailure(isClients ? 'Refused' : 'Unavailable', `the broker answered ${status}${code === undefined ? '' : ` ${code}`}`, { code, status });
}

/** Whether it is the broker's decision, which ends an open tunnel too. */
export function isRefusal(error: unknown): boolean {
  return error instanceof BrokerFailure && error.kind === 'Refused';
}

/** A code that the broker has, with a status that goes with it. */
function codeIn(status: number, text: string): BrokerCode | undefined {
  const code = fieldsOf(text)?.code;
  if (typeof code !== 'string' || !Object.hasOwn(BROKER_STATUS, code)) return undefined;
  const statuses: readonly number[] = BROKER_STATUS[code as BrokerCode];
  return statuses.includes(status) ? code as BrokerCode : undefined;
}
