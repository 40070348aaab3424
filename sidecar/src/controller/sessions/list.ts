import { sessionView } from './session-view';
import { MAX_SESSION_PAGE, SessionListResponse } from '../../../../src/protocol/sessions-api';
import { isStoreError } from '../../store/store-error';
import { Principal, sees } from '../auth/principal';
import type { ControllerDeps } from '../controller-deps';
import { refusalOf, refuse } from '../refuse';

export interface ListQuery {
  readonly cursor?: string;
  readonly limit?: string;
}

export const LIST_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { cursor: { type: 'string', minLength: 1, maxLength: 4096 }, limit: { type: 'string', pattern: '^[0-9]{1,4}$' } },
} as const;

/** One page of the sessions that the principal sees. */
export async function listSessions(deps: Pick<ControllerDeps, 'store' | 'clock' | 'metrics'>, principal: Principal, { cursor, limit }: ListQuery): Promise<SessionListResponse> {
  const wanted = limit === undefined ? MAX_SESSION_PAGE : Number(limit);
  if (wanted < 1 || wanted > MAX_SESSION_PAGE) throw refuse('BAD_REQUEST', `limit must be from 1 to ${MAX_SESSION_PAGE}, got ${wanted}`);
  const { owner, seesAll } = principal;
  try {
    // What has no owner is in no index of its own.
    const listing = seesAll || owner === undefined ? {} : { owner };
    const page = await deps.store.list(listing, { limit: wanted, ...(cursor === undefined ? {} : { cursor }) });
    page.poisoned.forEach(() => deps.metrics.poison());
    const now = deps.clock();
    const seen = page.sessions.filter(({ record }) => sees(principal, record));
    return { sessions: seen.map((kept) => sessionView(kept, now)), ...(page.cursor === undefined ? {} : { next: page.cursor }) };
  } catch (error) {
    if (error instanceof RangeError) throw refuse('BAD_REQUEST', 'cursor must be the next of a page before');
    if (isStoreError(error)) throw refusalOf(error, '');
    throw error;
  }
}
