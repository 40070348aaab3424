import type { Holder, Slot, Slots } from './slots';

/** Form of the text: a broker that does not know it must not take it for empty. */
const VERSION = 1;

/** The slots as text, one after another by name, so that equal slots are equal texts. */
export function renderSlots(slots: Slots): string {
  return JSON.stringify({ v: VERSION, slots: Object.fromEntries([...slots].sort(([a], [b]) => (a < b ? -1 : 1))) });
}

/** The slots of a text. Throws when any of it is not as it was rendered: taken for free, a slot would be leased twice. */
export function parseSlots(text: string): Slots {
  const record = fields(JSON.parse(text));
  if (record?.v !== VERSION) throw new Error(`the record of slots is not of version ${VERSION}`);
  const entries = Object.entries(fields(record.slots) ?? { malformed: undefined });
  return new Map(entries.map(([name, slot]) => {
    if (!/^[0-9a-f]{32}$/.test(name) || !isSlot(slot)) throw new Error('the record of slots is malformed');
    return [name, slot];
  }));
}

function isSlot(value: unknown): value is Slot {
  const slot = fields(value);
  return slot !== undefined && isTime(slot.usedAt) && (slot.holder === undefined || isHolder(slot.holder));
}

function isHolder(value: unknown): value is Holder {
  const holder = fields(value) ?? {};
  return [holder.leaseId, holder.namespace, holder.run, holder.runUid].every((text) => typeof text === 'string' && text !== '') && isTime(holder.until);
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value);
}

function fields(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Readonly<Record<string, unknown>> : undefined;
}
