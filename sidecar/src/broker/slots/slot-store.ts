import type { Slots } from './slots';

/** The record of all slots and its version. */
export interface StoredSlots {
  readonly version: string;
  readonly slots: Slots;
}

/**
 * Where brokers agree on who holds which slot. A write succeeds only when nobody has written since the version was read;
 * one that rejects may have been made all the same.
 */
export interface SlotStore {
  read(): Promise<StoredSlots>;
  write(version: string, slots: Slots): Promise<'written' | 'conflict'>;
}
