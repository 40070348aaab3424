import type { EndReason } from './due';
import type { Kept, Page } from './store';
import type { StoreError } from './store-error';

/**
 * How the reaper walks through what is due. A round goes from the first page to the last; what fails to end stays where
 * it is and is tried again in the next round, so it keeps nobody behind it from being looked at. When there is no time
 * for all pages, the next turn goes on with the same round.
 */
export interface Round {
  /** What is due later waits for the next round, so that a round has an end. */
  readonly dueBy: number;
  readonly cursor?: string;
}

/** A session that has to end, and why. */
export interface Verdict {
  readonly session: Kept;
  readonly reason: EndReason;
}

export function newRound(now: number): Round {
  return { dueBy: now };
}

/** The sessions of a page that are over, as the rule says. */
export function verdictsOf({ sessions }: Page, why: (session: Kept) => EndReason | undefined): readonly Verdict[] {
  return sessions.flatMap((session) => {
    const reason = why(session);
    return reason === undefined ? [] : [{ session, reason }];
  });
}

/** Where the round goes on after a page; undefined when that was the last. */
export function afterPage({ dueBy }: Round, { cursor }: Page): Round | undefined {
  return cursor === undefined ? undefined : { dueBy, cursor };
}

/** Where it goes on when a page could not be had: one server of a cluster that is away holds up none of the others. */
export function afterFailure({ dueBy }: Round, { next }: StoreError): Round | undefined {
  return next === undefined ? undefined : { dueBy, cursor: next };
}
