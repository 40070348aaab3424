import { isTerminal } from '../../../../src/protocol/resources';
import type { Snapshot } from '../catalog/catalog';
import type { Revocations } from '../revocations/revocations';

/** Whose a slot is. Times are milliseconds since 1970. */
export interface Holder {
  /** The run's lease on the credential, whichever slot it has. */
  readonly leaseId: string;
  readonly namespace: string;
  readonly run: string;
  readonly runUid: string;
  /** When the lease ends, renewals included. */
  readonly until: number;
}

export interface Slot {
  /** When it was last leased or renewed. */
  readonly usedAt: number;
  /** Who leased it last; that lease may be over. */
  readonly holder?: Holder;
}

/**
 * Name to slot. The name is made of the token, so it stays when the Secret is edited, and a token that is in two pools is
 * leased once.
 */
export type Slots = ReadonlyMap<string, Slot>;

/** What is known of the world when a slot is looked for. */
export interface SlotFacts {
  readonly now: number;
  readonly subjects: Subjects;
}

/** On whose behalf slots are held, as this replica sees them. */
export type Subjects = Pick<Snapshot, 'run'> & Pick<Revocations, 'isSessionRevoked'>;

/** The clocks of brokers may differ by so much, also when one of them is set. */
const CLOCK_MARGIN = 5 * 60_000;

/**
 * A replica may not have seen a run yet for which another has just leased a slot: so long a lease counts without its run.
 * That is as long as a watch may be silent.
 */
const UNSEEN_MARGIN = CLOCK_MARGIN + 150_000;

/** Slots that are remembered: about 250 bytes each, of the mebibyte that an object of Kubernetes may have. */
const MAX_SLOTS = 3000;

/**
 * The id of a lease on one slot. A run that lost its slot and got another has another lease: were it the same, a renewal
 * would bring back its older bearer, and with it a token that is somebody else's by now.
 */
export function slotLeaseId(leaseId: string, name: string): string {
  return `${leaseId}-${name.slice(0, 16)}`;
}

/** Whether the lease on a slot may still be in use. In doubt it is: two runs with one token are worse than one that waits. */
export function isHeld(name: string, { holder, usedAt }: Slot, { now, subjects }: SlotFacts): boolean {
  if (holder === undefined) return false;
  const { leaseId, until } = holder;
  if (isSession(holder)) return now < until + CLOCK_MARGIN && !subjects.isSessionRevoked(holder.run);
  const run = subjects.run(holder.namespace, holder.run);
  if (run?.uid !== holder.runUid) return now < Math.min(usedAt + UNSEEN_MARGIN, until + CLOCK_MARGIN);
  const renewedUntil = run.leaseExpiries?.get(slotLeaseId(leaseId, name)) ?? until;
  // Revoking the lease on any slot revokes the credential for the run.
  const isRevoked = run.revokedLeases.some((revoked) => revoked === leaseId || revoked.startsWith(`${leaseId}-`));
  return now < Math.max(until, renewedUntil) + CLOCK_MARGIN && !isTerminal(run.phase) && !isRevoked;
}

/** Sessions are in no catalog. Their UID has a blank in it, and that of no run has. */
function isSession({ runUid }: Holder): boolean {
  return runUid.includes(' ');
}

/** A slot and the record in which it is leased. */
export interface Taken {
  readonly name: string;
  readonly slots: Slots;
}

/**
 * Leases one of the slots of a pool: the one that the run has already, or the free one that was not used for longest.
 * Undefined when there is none. A slot whose token was taken out of the pool stays held meanwhile: the token may come back.
 */
export function takeSlot(slots: Slots, pool: readonly string[], holder: Holder, facts: SlotFacts): Taken | undefined {
  const kept = keepSlot(slots, pool, holder, facts.now);
  if (kept !== undefined) return kept;
  const [name] = byUse(pool.filter((one) => isFree(one, slots, facts)), slots);
  return name === undefined ? undefined : { name, slots: bounded(withHolder(slots, name, holder, facts.now), facts) };
}

/** The slot of the pool that the run has, held until the new end. Undefined when it has none, or none any more. */
export function keepSlot(slots: Slots, pool: readonly string[], holder: Holder, now: number): Taken | undefined {
  const name = byUse(pool.filter((one) => slots.get(one)?.holder?.leaseId === holder.leaseId), slots).at(-1);
  if (name === undefined) return undefined;
  const until = Math.max(holder.until, slots.get(name)?.holder?.until ?? -Infinity);
  return { name, slots: withHolder(slots, name, { ...holder, until }, now) };
}

function withHolder(slots: Slots, name: string, holder: Holder, now: number): Slots {
  return new Map([...slots, [name, { usedAt: now, holder }]]);
}


/** How many slots of a pool are held. */
export function heldOf(slots: Slots, pool: readonly string[], facts: SlotFacts): number {
  return pool.filter((name) => !isFree(name, slots, facts)).length;
}

function isFree(name: string, slots: Slots, facts: SlotFacts): boolean {
  const slot = slots.get(name);
  return slot === undefined || !isHeld(name, slot, facts);
}

/** By last use, slots never used first; of equal ones in the order of the pool. */
function byUse(names: readonly string[], slots: Slots): string[] {
  const usedAt = (name: string): number => slots.get(name)?.usedAt ?? Number.MIN_SAFE_INTEGER;
  return [...names].sort((a, b) => usedAt(a) - usedAt(b));
}

/** Forgets what was not used for longest and is free. What is forgotten counts as never used. */
function bounded(slots: Slots, facts: SlotFacts): Slots {
  const surplus = Math.max(slots.size - MAX_SLOTS, 0);
  const forgotten = byUse([...slots.keys()].filter((name) => surplus > 0 && isFree(name, slots, facts)), slots).slice(0, surplus);
  return new Map([...slots].filter(([name]) => !forgotten.includes(name)));
}
