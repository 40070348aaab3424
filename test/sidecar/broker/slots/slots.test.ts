import { factsOf, holderOf, MINUTE, POOL, runNamed, slotNamed } from './facts';
import { heldOf, Holder, isHeld, keepSlot, slotLeaseId, Slots, takeSlot } from '../../../../sidecar/src/broker/slots/slots';
import { HOUR, T0 } from '../example-grants';

const RUNS = ['r1', 'r2', 'r3', 'r4'].map((name) => runNamed(name));
const [A, B, C] = POOL;
const NONE: Slots = new Map();

/** Leases slots one after another; the names, and the record at the end. */
function taken(runs: readonly string[], slots = NONE, facts = factsOf(RUNS), pool: readonly string[] = POOL) {
  const names: (string | undefined)[] = [];
  for (const run of runs) {
    const one = takeSlot(slots, pool, holderOf(run, facts.now + HOUR), facts);
    names.push(one?.name);
    slots = one?.slots ?? slots;
  }
  return { names, slots };
}

describe('a slot is leased', () => {
  test('to one run at a time, in the order of the pool', () => {
    expect(taken(['r1', 'r2', 'r3']).names).toEqual([A, B, C]);
  });

  test('again to the run that has it (idempotent issue)', () => {
    const { names, slots } = taken(['r1', 'r2', 'r1', 'r1']);
    expect(names).toEqual([A, B, A, A]);
    expect(heldOf(slots, POOL, factsOf(RUNS))).toBe(2);
  });

  test('for the longer of two times when it is asked for again', () => {
    const { slots } = taken(['r1']);
    const again = takeSlot(slots, POOL, holderOf('r1', T0 + MINUTE), factsOf(RUNS))!;
    expect(again.slots.get(A)?.holder?.until).toBe(T0 + HOUR);
  });

  test('that was not used for longest, so that use is spread over the pool', () => {
    const { slots } = taken(['r1', 'r2', 'r3']);
    const ended = RUNS.map((run) => ({ ...run, phase: run.name === 'r4' ? 'Running' as const : 'Succeeded' as const }));
    const again = taken(['r1'], slots, factsOf([runNamed('r1', { uid: 'later' }), ...ended.slice(1)], T0 + HOUR));
    expect(again.names).toEqual([A]);
    expect(taken(['r4'], again.slots, factsOf(ended, T0 + HOUR)).names).toEqual([B]);
  });

  test('and its name does not depend on its place in the Secret (B17)', () => {
    const { slots } = taken(['r1']);
    const edited = [slotNamed('d'), C, B, A];
    expect(taken(['r1', 'r2'], slots, factsOf(RUNS), edited).names).toEqual([A, slotNamed('d')]);
  });

  test('once, when a token is in two pools', () => {
    const { slots } = taken(['r1']);
    expect(taken(['r2'], slots, factsOf(RUNS), [A]).names).toEqual([undefined]);
  });
});

describe('a slot is not leased', () => {
  test('when all are held: the fourth of three runs gets none', () => {
    expect(taken(['r1', 'r2', 'r3', 'r4']).names).toEqual([A, B, C, undefined]);
  });

  test('while its token was taken out of the Secret and came back (B17)', () => {
    const first = taken(['r1']);
    const moved = taken(['r1'], first.slots, factsOf(RUNS), [B]);
    expect(moved.names).toEqual([B]);
    expect(taken(['r2', 'r3'], moved.slots, factsOf(RUNS), [A, B]).names).toEqual([undefined, undefined]);
  });

  test('from an empty pool', () => {
    expect(taken(['r1'], NONE, factsOf(RUNS), []).names).toEqual([undefined]);
  });
});

describe('a lease holds its slot', () => {
  const slot = (holder: Holder, usedAt = T0) => ({ usedAt, holder });
  const held = (holder: Holder, facts = factsOf(RUNS), usedAt = T0) => isHeld(A, slot(holder, usedAt), facts);

  test('until its end, with five minutes for clocks that differ', () => {
    expect(held(holderOf('r1'), factsOf(RUNS, T0 + HOUR + 5 * MINUTE - 1))).toBe(true);
    expect(held(holderOf('r1'), factsOf(RUNS, T0 + HOUR + 5 * MINUTE))).toBe(false);
  });

  test('until the end that the status of its run shows, if that is later', () => {
    const renewed = [runNamed('r1', { leaseExpiries: new Map([[slotLeaseId('pat-r1', A), T0 + 2 * HOUR]]) })];
    expect(held(holderOf('r1'), factsOf(renewed, T0 + 2 * HOUR))).toBe(true);
    expect(isHeld(B, slot(holderOf('r1')), factsOf(renewed, T0 + 2 * HOUR))).toBe(false);
  });

  test.each(['Succeeded', 'Failed', 'Cancelled'] as const)('no longer when its run is %s (B18)', (phase) => {
    expect(held(holderOf('r1'), factsOf([runNamed('r1', { phase })]))).toBe(false);
  });

  test.each(['pat-r1', slotLeaseId('pat-r1', A), slotLeaseId('pat-r1', B)])('no longer when %s is revoked', (id) => {
    expect(held(holderOf('r1'), factsOf([runNamed('r1', { revokedLeases: [id] })]))).toBe(false);
  });

  test('when another lease of its run is revoked', () => {
    expect(held(holderOf('r1'), factsOf([runNamed('r1', { revokedLeases: ['pat-r10', 'uss-r1'] })]))).toBe(true);
  });

  test.each([['is not there', []], ['has another UID', [runNamed('r1', { uid: 'later' })]]])('no longer when its run %s, and that is no lag of this replica', (_, runs) => {
    expect(held(holderOf('r1'), factsOf(runs, T0 + 7.5 * MINUTE - 1))).toBe(true);
    expect(held(holderOf('r1'), factsOf(runs, T0 + 7.5 * MINUTE))).toBe(false);
    expect(held(holderOf('r1'), factsOf(runs, T0 + 8 * MINUTE), T0 + 6 * MINUTE)).toBe(true);
  });

  test('of a session, which no catalog knows, until its end or its revocation', () => {
    const session = { ...holderOf('s1'), runUid: 'session pool s1 pod-uid' };
    expect(held(session, factsOf([], T0 + HOUR))).toBe(true);
    expect(held(session, factsOf([], T0 + HOUR + 5 * MINUTE))).toBe(false);
    expect(held(session, factsOf([], T0, ['s1']))).toBe(false);
  });
});

describe('a renewal', () => {
  test('keeps the slot until the new end', () => {
    const { slots } = taken(['r1']);
    const kept = keepSlot(slots, POOL, holderOf('r1', T0 + 2 * HOUR), T0 + HOUR / 2)!;
    expect(kept).toMatchObject({ name: A });
    expect(kept.slots.get(A)).toEqual({ usedAt: T0 + HOUR / 2, holder: holderOf('r1', T0 + 2 * HOUR) });
  });

  test('is refused when another run has the slot by now', () => {
    const later = factsOf(RUNS, T0 + 2 * HOUR);
    const { slots } = taken(['r2'], taken(['r1'], NONE, factsOf(RUNS), [A]).slots, later, [A]);
    expect(keepSlot(slots, [A], holderOf('r1', T0 + 3 * HOUR), later.now)).toBeUndefined();
  });

  test('is refused when the token was taken out of the Secret', () => {
    expect(keepSlot(taken(['r1']).slots, [B, C], holderOf('r1'), T0)).toBeUndefined();
  });

  test('never takes a slot that the run did not have', () => {
    expect(keepSlot(NONE, POOL, holderOf('r1'), T0)).toBeUndefined();
  });
});

test('a run that lost its slot and got another has another lease: renewing it does not bring the first bearer back', () => {
  expect(slotLeaseId('pat-1', A)).not.toBe(slotLeaseId('pat-1', B));
});

test('the record stays small enough for an object of Kubernetes, and what is held is never forgotten', () => {
  const many = new Map(Array.from({ length: 3500 }, (_, index) => [`f${index}`, { usedAt: T0 - index, holder: holderOf('gone', T0 - HOUR) }] as const));
  const { slots } = taken(['r2'], new Map([...taken(['r1']).slots, ...many]));
  expect(slots.size).toBe(3000);
  expect([slots.get(A)?.holder?.run, slots.get(B)?.holder?.run]).toEqual(['r1', 'r2']);
});
