import type { Audit, AuditRecord } from './audit-event';
import type { Clock } from '../server/clock';
import { ExpiringMap } from '../server/lru';

/** Decisions that are remembered at a time, about 500 bytes each. */
const MAX_REMEMBERED = 10_000;

/**
 * An audit that takes the same decision once in a while. An answer that may be used for some seconds is one decision
 * for that time, whether the client keeps it or asks again: so is its record. What differs in anything is another
 * decision, and a log that cannot be written ends the memory, too.
 */
export function onceIn(milliseconds: number, audit: Audit, clock: Clock): Pick<Audit, 'write'> {
  const recorded = new ExpiringMap<string, true>({ max: MAX_REMEMBERED, clock });
  return {
    write: async (record: AuditRecord) => {
      const key = JSON.stringify(record);
      if (audit.unready() === undefined && recorded.get(key) === true) return;
      // The time runs from when it was asked, not from when the disk was done.
      const until = clock() + milliseconds;
      await audit.write(record);
      recorded.set(key, true, until);
    },
  };
}
