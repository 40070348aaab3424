import { ExpiringMap } from '../../../server/bounds/lru';
import type { Clock } from '../../../server/time/clock';
import type { Audit, AuditRecord } from '../audit-event';

/** Decisions that are remembered at a time, about 500 bytes each. */
const MAX_REMEMBERED = 10_000;

interface Recorded {
  readonly auditId: string;
  readonly asked: number;
}

/**
 * An audit that takes the same decision once in a while. An answer that may be used for some seconds is one decision
 * for that time, whether the client keeps it or asks again: so is its record. What differs in anything is another
 * decision, and a log that cannot be written ends the memory, too.
 */
export function onceIn(milliseconds: number, audit: Pick<Audit, 'write' | 'unready'>, clock: Clock): Pick<Audit, 'write'> {
  const recorded = new ExpiringMap<string, Recorded>({ max: MAX_REMEMBERED, clock });
  return {
    write: async (record: AuditRecord) => {
      const key = JSON.stringify(record);
      // The time runs from when it was asked, not from when the disk was done.
      const asked = clock();
      // After a clock was set back, what was recorded lies ahead and says nothing about now.
      const known = recorded.get(key);
      if (known !== undefined && known.asked <= asked && audit.unready() === undefined) return known.auditId;
      const auditId = await audit.write(record);
      recorded.set(key, { auditId, asked }, asked + milliseconds);
      return auditId;
    },
  };
}
