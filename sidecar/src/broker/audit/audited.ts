import type { Audit, AuditRecord } from './audit-event';
import { ApiError } from '../../server/http/errors';
import { refuse } from '../refuse';

/** A record while its decision is made: denied until someone grants. */
export type AuditDraft = { -readonly [Field in keyof AuditRecord]: AuditRecord[Field] };

/** What was decided, and the id of the record that stands for it. */
export interface Recorded<T> {
  readonly answer: T;
  readonly auditId: string;
}

/**
 * Makes a decision and its record durable, in this order before anyone hears of it. What `decide` adds to the draft
 * is recorded, whichever way it ends; when it throws, the record says denied. Without a record there is no answer:
 * the value that was decided is dropped here.
 */
export async function audited<T>(audit: Pick<Audit, 'write'>, denied: AuditDraft, decide: (draft: AuditDraft) => Promise<T>): Promise<Recorded<T>> {
  const draft = { ...denied };
  try {
    const answer = await decide(draft);
    return { answer, auditId: await record(audit, draft) };
  } catch (error) {
    if (error instanceof ApiError && error.code === 'AuditUnavailable') throw error;
    const refusal = error instanceof ApiError ? error : refuse('ProviderFailure', 'the request cannot be decided now', { cause: error });
    await record(audit, { ...draft, decision: 'denied', kind: denied.kind, reason: `${refusal.code}: ${refusal.message}` });
    throw refusal;
  }
}

/** Writes a record and answers its id, or refuses. An audit that has a refusal of its own is asked for too much. */
export async function record(audit: Pick<Audit, 'write'>, event: AuditRecord): Promise<string> {
  try {
    return await audit.write(event);
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw refuse('AuditUnavailable', 'the decision could not be recorded, so there is none', { cause });
  }
}
