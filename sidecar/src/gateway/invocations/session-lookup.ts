import type { Principal } from '../principal';
import type { InvocationTarget } from './invocation-target';
import type { SessionRecord } from '../../../../src/protocol/session-record';
import { RETRY_AFTER_NOT_READY, unknownSession } from '../../../../src/protocol/sessions-api';
import { ExpiringMap } from '../../server/bounds/lru';
import type { ApiError } from '../../server/http/errors';
import { refuse } from '../../server/http/sessions-errors';
import type { Clock } from '../../server/time/clock';
import type { SessionStore } from '../../store/store';
import { isStoreError } from '../../store/store-error';

/**
 * Milliseconds for which a record is believed. Within them somebody may still reach a session that has ended: the
 * daemon of a worker that another has by then refuses.
 */
const BELIEVED = 1000;
const MAX_RECORDS = 10_000;

export interface SessionLookupOptions {
  readonly store: Pick<SessionStore, 'get'>;
  readonly clock: Clock;
}

/** Records of the store, each read once for the requests of a second. */
export class SessionLookup {
  private readonly believed: ExpiringMap<string, SessionRecord>;
  private readonly reading = new Map<string, Promise<SessionRecord | undefined>>();

  constructor(private readonly options: SessionLookupOptions) {
    this.believed = new ExpiringMap({ max: MAX_RECORDS, clock: options.clock });
  }

  /** Undefined when there is none. Rejects with `STORE_UNAVAILABLE`. */
  find(id: string): SessionRecord | Promise<SessionRecord | undefined> {
    return this.believed.get(id) ?? this.reading.get(id) ?? this.shared(id);
  }

  /** As the store has it now. */
  fresh(id: string): Promise<SessionRecord | undefined> {
    this.forget(id);
    return this.shared(id);
  }

  forget(id: string): void {
    this.believed.delete(id);
    this.reading.delete(id);
  }

  private shared(id: string): Promise<SessionRecord | undefined> {
    const reading = this.read(id).then((record) => {
      // Nobody believes what was read before it was forgotten.
      if (record !== undefined && this.reading.get(id) === reading) this.believed.set(id, record, this.options.clock() + BELIEVED);
      return record;
    }).finally(() => {
      if (this.reading.get(id) === reading) this.reading.delete(id);
    });
    this.reading.set(id, reading);
    return reading;
  }

  private async read(id: string): Promise<SessionRecord | undefined> {
    try {
      return (await this.options.store.get(id))?.record;
    } catch (error) {
      if (isStoreError(error, 'Poison')) return undefined;
      throw refuse('STORE_UNAVAILABLE', 'sessions cannot be read now', { retryAfterSeconds: RETRY_AFTER_NOT_READY, cause: error });
    }
  }
}

/** The answer for every session that somebody may not reach, whatever the reason. */
export function noSession(id: string): ApiError {
  return refuse('SESSION_NOT_FOUND', unknownSession(id));
}

/** Whether the session is one that the principal may reach under this URL. */
export function isReachable(record: SessionRecord, { owner, admin }: Principal, target: InvocationTarget, now: number): boolean {
  return (admin || record.owner === owner)
    && record.kind === target.kind && record.namespace === target.namespace && record.name === target.name
    && record.phase !== 'ending' && record.expiresAt > now;
}
