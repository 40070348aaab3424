import type { SlotStore } from '../../../../sidecar/src/broker/slots/slot-store';
import type { Slots } from '../../../../sidecar/src/broker/slots/slots';

/** Slots in memory, as several brokers of one test share them. */
export class MemorySlotStore implements SlotStore {
  public slots: Slots = new Map();
  private version = 0;

  async read() {
    return { version: String(this.version), slots: this.slots };
  }

  async write(version: string, slots: Slots): Promise<'written' | 'conflict'> {
    if (version !== String(this.version)) return 'conflict';
    this.version += 1;
    this.slots = slots;
    return 'written';
  }
}
