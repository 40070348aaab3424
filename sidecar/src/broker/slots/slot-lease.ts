import type { SlotStore } from './slot-store';
import { heldOf, Holder, keepSlot, SlotFacts, Slots, Taken, takeSlot } from './slots';
import { refuse } from '../refuse';

export interface LeasedSlot {
  readonly name: string;
  /** Slots of the pool that are leased now, this one included. */
  readonly leased: number;
}

/** Each conflict means that another broker got further; so many in a row mean that something is broken. */
const MAX_ATTEMPTS = 20;

/** Changes that wait for the one before; while the store hangs, more would only wait longer than anybody listens. */
const MAX_WAITING = 100;

/**
 * Leases slots by compare-and-set, so that brokers that share a store never lease one twice, whenever one of them stops.
 * Within this broker one change follows another: they would only fail each other.
 */
export class SlotLeases {
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(private readonly store: SlotStore) {}

  /** Leases a slot of the pool; undefined when all are held. */
  take(pool: readonly string[], holder: Holder, facts: SlotFacts): Promise<LeasedSlot | undefined> {
    return this.change((slots) => takeSlot(slots, pool, holder, facts), pool, facts);
  }

  /** Holds the slot that the run has until a later end; undefined when it has none, or none any more. */
  keep(pool: readonly string[], holder: Holder, facts: SlotFacts): Promise<LeasedSlot | undefined> {
    return this.change((slots) => keepSlot(slots, pool, holder, facts.now), pool, facts);
  }

  private async change(decide: (slots: Slots) => Taken | undefined, pool: readonly string[], facts: SlotFacts): Promise<LeasedSlot | undefined> {
    if (this.waiting >= MAX_WAITING) return unavailable('too many changes are waiting');
    this.waiting += 1;
    const work = this.last.then(() => this.compareAndSet(decide)).finally(() => { this.waiting -= 1; });
    this.last = work.catch(() => undefined);
    const taken = await work;
    return taken === undefined ? undefined : { name: taken.name, leased: heldOf(taken.slots, pool, facts) };
  }

  private async compareAndSet(decide: (slots: Slots) => Taken | undefined): Promise<Taken | undefined> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const { version, slots } = await this.store.read().catch(unavailable);
      const taken = decide(slots);
      if (taken === undefined || await this.store.write(version, taken.slots).catch(unavailable) === 'written') return taken;
    }
    return unavailable('too many conflicts');
  }
}

function unavailable(cause: unknown): never {
  throw refuse('Unavailable', 'the slots of pools cannot be read or written now; try again', { cause, retryAfterSeconds: 1 });
}
