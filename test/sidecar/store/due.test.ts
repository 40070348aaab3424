import * as fc from 'fast-check';
import { MINUTE, recordOf, T0 } from './records';
import { dueAt, whyOver } from '../../../sidecar/src/store/due';
import { afterFailure, afterPage, newRound, verdictsOf } from '../../../sidecar/src/store/round';
import type { Kept } from '../../../sidecar/src/store/store';
import { StoreError } from '../../../sidecar/src/store/store-error';
import { ACTIVITY_NOTED_WITHIN as NOTED, LONGEST_CREATION, SESSION_PHASES, SessionRecord } from '../../../src/protocol/session-record';

function kept(changes: Partial<SessionRecord> = {}, lastActivity = T0): Kept {
  return { record: recordOf('s1', changes), version: 1, lastActivity };
}

test.each<[string, Kept, number, string | undefined]>([
  ['goes on until its idle time is over', kept(), T0 + 15 * MINUTE, undefined],
  ['goes on as long as its last request may not have been noted', kept(), T0 + 15 * MINUTE + NOTED - 1, undefined],
  ['is idle when both are over', kept(), T0 + 15 * MINUTE + NOTED, 'Idle'],
  ['goes on after activity', kept({}, T0 + MINUTE), T0 + 15 * MINUTE + NOTED, undefined],
  ['is expired at its end, however active', kept({}, T0 + 59 * MINUTE), T0 + 60 * MINUTE, 'Expired'],
  ['is expired and not idle when both come at once', kept({}, T0 + 45 * MINUTE - NOTED), T0 + 60 * MINUTE, 'Expired'],
  ['is not idle while it is created', kept({ phase: 'creating', idleTimeout: 1 }), T0 + MINUTE, undefined],
  ['is unfinished when it was never made ready', kept({ phase: 'creating' }), T0 + LONGEST_CREATION, 'Unfinished'],
  ['is expired when its whole life is shorter than creation may take', kept({ phase: 'creating', expiresAt: T0 + 1 }), T0 + 1, 'Expired'],
  ['is over at once when its end has begun', kept({ phase: 'ending' }), T0, 'Ending'],
])('a session %s', (_what, session, now, reason) => {
  expect(whyOver(session, now)).toBe(reason);
});

const sessions = fc.record({
  phase: fc.constantFrom(...SESSION_PHASES),
  life: fc.integer({ min: 1, max: 1e9 }),
  idleTimeout: fc.integer({ min: 1, max: 1e9 }),
  active: fc.nat(1e9),
}).map(({ life, active, ...changes }) => kept({ ...changes, expiresAt: T0 + life }, T0 + active));

test('a session is over from the moment that it is due, and never before', () => {
  fc.assert(fc.property(sessions, (session) => {
    expect(whyOver(session, dueAt(session))).toBeDefined();
    expect(whyOver(session, dueAt(session) - 1)).toBeUndefined();
  }));
});

test('no activity keeps a session beyond its end, and none ends it earlier', () => {
  fc.assert(fc.property(sessions, fc.nat(1e9), (session, later) => {
    const after = dueAt({ ...session, lastActivity: session.lastActivity + later });
    expect(after).toBeGreaterThanOrEqual(dueAt(session));
    expect(after).toBeLessThanOrEqual(session.record.expiresAt);
  }));
});

test('while nobody could note activity no idle time passes, and all else goes on', () => {
  fc.assert(fc.property(sessions, fc.nat(2e9), fc.nat(2e9), (session, unnoted, passed) => {
    const now = T0 + unnoted + passed;
    expect(whyOver(session, now, Infinity)).toBe(whyOver({ ...session, lastActivity: Infinity }, now));
    expect(whyOver(session, now, unnoted)).toBe(whyOver({ ...session, lastActivity: session.lastActivity + unnoted }, now));
  }));
});

describe('a round', () => {
  const page = { sessions: [kept(), kept({ idleTimeout: 30 * MINUTE })], poisoned: [], cursor: 'next' };

  test('names those of a page that are over, with the reason', () => {
    expect(verdictsOf(page, (session) => whyOver(session, T0 + 20 * MINUTE))).toEqual([{ session: page.sessions[0], reason: 'Idle' }]);
  });

  test('goes on behind the page with the time it began with, so that it has an end', () => {
    expect(afterPage(newRound(T0), page)).toEqual({ dueBy: T0, cursor: 'next' });
    expect(afterPage({ dueBy: T0, cursor: 'last' }, { ...page, cursor: undefined })).toBeUndefined();
  });

  test('goes on behind what cannot be reached, and ends when nothing is behind', () => {
    expect(afterFailure(newRound(T0), new StoreError('Unavailable', 'away', { next: 'other' }))).toEqual({ dueBy: T0, cursor: 'other' });
    expect(afterFailure(newRound(T0), new StoreError('Unavailable', 'away'))).toBeUndefined();
  });
});
