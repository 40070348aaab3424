import type { Kept } from './store';
import { ACTIVITY_NOTED_WITHIN, LONGEST_CREATION } from '../../../src/protocol/session-record';

/** Why a session has to end. */
export type EndReason =
  | 'Expired'
  | 'Idle'
  /** It was never made ready: whoever made it is gone. */
  | 'Unfinished'
  /** Its end was begun; whoever began it is gone, or is about to finish it. */
  | 'Ending';

/** The first moment at which the session has to end, and why. */
interface End {
  readonly at: number;
  readonly reason: EndReason;
}

/** When the reaper has to look at the session, in milliseconds since 1970. Activity and extension move it. */
export function dueAt(session: Pick<Kept, 'record' | 'lastActivity'>): number {
  return endOf(session).at;
}

/**
 * Why the session is over; undefined when it goes on. Whoever knows for how long nobody could note activity since the last that
 * was noted says so: that is no idle time.
 */
export function whyOver(session: Pick<Kept, 'record' | 'lastActivity'>, now: number, unnoted = 0): EndReason | undefined {
  const { at, reason } = endOf(session, unnoted);
  return at <= now ? reason : undefined;
}

function endOf({ record, lastActivity }: Pick<Kept, 'record' | 'lastActivity'>, unnoted = 0): End {
  const { phase, createdAt, expiresAt, idleTimeout } = record;
  if (phase === 'ending') return { at: createdAt, reason: 'Ending' };
  const expiry: End = { at: expiresAt, reason: 'Expired' };
  // Nobody can be active in it yet, so that it is idle says nothing.
  const other: End = phase === 'creating'
    ? { at: createdAt + LONGEST_CREATION, reason: 'Unfinished' }
    // The last request of the idle time is not known at once.
    : { at: lastActivity + unnoted + idleTimeout + ACTIVITY_NOTED_WITHIN, reason: 'Idle' };
  return other.at < expiry.at ? other : expiry;
}
