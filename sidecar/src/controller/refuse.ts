import { BrokerFailure } from './broker-client';
import { HandshakeError } from './handshake';
import { ProviderError } from './worker-provider';
import { RETRY_AFTER_NOT_READY, RETRY_AFTER_POOL_EMPTY, unknownSession } from '../../../src/protocol/sessions-api';
import type { ApiError } from '../server/http/errors';
import { refuse } from '../server/http/sessions-errors';
import { StoreError } from '../store/store-error';

export { refuse };

/** The one answer for a session that is not there, is over, or is somebody else's. */
export function missing(id: string): ApiError<'SESSION_NOT_FOUND'> {
  return refuse('SESSION_NOT_FOUND', unknownSession(id));
}

export function notReady(message: string, cause?: unknown): ApiError<'SESSION_NOT_READY'> {
  return refuse('SESSION_NOT_READY', message, { retryAfterSeconds: RETRY_AFTER_NOT_READY, cause });
}

/** What went wrong with a session, for whoever asked for it. What is no trouble of the parts behind stays as it is. */
export function refusalOf(error: unknown, id: string): unknown {
  if (error instanceof StoreError) return ofStore(error, id);
  if (error instanceof ProviderError) return ofProvider(error);
  if (error instanceof HandshakeError) return ofHandshake(error);
  if (error instanceof BrokerFailure) return ofBroker(error);
  return error;
}

function ofStore(cause: StoreError, id: string): ApiError {
  switch (cause.code) {
    case 'Conflict': return refuse('CONFLICT', 'the session was changed at the same time; try again', { cause });
    case 'Missing': return missing(id);
    // Whose it is cannot be told. The reaper puts it aside, and then it is missing.
    case 'Poison': return refuse('STORE_UNAVAILABLE', 'what is kept of the session cannot be read now', { retryAfterSeconds: RETRY_AFTER_NOT_READY, cause });
    case 'Unavailable': return refuse('STORE_UNAVAILABLE', 'the store of sessions does not answer; try again', { retryAfterSeconds: RETRY_AFTER_NOT_READY, cause });
  }
}

function ofProvider(cause: ProviderError): ApiError {
  if (cause.code === 'Unavailable') return refuse('UNAVAILABLE', 'workers cannot be reached now; try again', { retryAfterSeconds: RETRY_AFTER_NOT_READY, cause });
  return refuse('POOL_EMPTY', 'no worker of the pool became free in time', { retryAfterSeconds: RETRY_AFTER_POOL_EMPTY, cause });
}

/** What a worker says goes to the log only: foreign code may have said it. */
function ofHandshake(cause: HandshakeError): ApiError {
  if (cause.code === 'Unreachable') return refuse('CREATION_TIMEOUT', 'the worker did not become the session in time', { cause });
  return refuse('CREATION_FAILED', 'the worker did not become the session', { cause });
}

function ofBroker(cause: BrokerFailure): ApiError {
  if (cause.code === 'Unavailable') return refuse('UNAVAILABLE', 'the credential broker does not answer; try again', { retryAfterSeconds: RETRY_AFTER_NOT_READY, cause });
  return refuse('CREATION_FAILED', 'the credential broker does not let the session have a way out', { cause });
}
