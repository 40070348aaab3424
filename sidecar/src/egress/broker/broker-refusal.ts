import { BrokerFailure } from './broker-failure';
import type { EgressCode } from '../../../../src/protocol/egress-api';
import type { ApiError } from '../../server/http/errors';
import { refuse } from '../refusals/refuse';

/** Seconds. The broker's buckets fill again within one. */
const RETRY_AFTER = 1;

/** What a client is told when the broker did not say whether it may connect. */
export function validateRefusal(error: unknown): ApiError<EgressCode> {
  return isOf(error, 'Refused') ? refuse('TOKEN_REFUSED', `the run token is refused: ${error.message}`, { cause: error }) : failed(error);
}

/** What a client is told when the broker did not exchange its bearer. */
export function substituteRefusal(error: unknown): ApiError<EgressCode> {
  return isOf(error, 'Refused') ? refuse('CREDENTIAL_REFUSED', `the credential is refused: ${error.message}`, { cause: error }) : failed(error);
}

function failed(error: unknown): ApiError<EgressCode> {
  const isLimited = error instanceof BrokerFailure && error.code === 'RateLimited';
  if (isLimited) return refuse('TOO_MANY_REQUESTS', 'too many questions to the broker', { retryAfterSeconds: RETRY_AFTER, cause: error });
  return refuse('BROKER_FAILED', 'the broker gives no usable answer', { cause: error });
}

function isOf(error: unknown, kind: BrokerFailure['kind']): error is BrokerFailure {
  return error instanceof BrokerFailure && error.kind === kind;
}
