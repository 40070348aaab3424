import type { Audit, AuditRecord } from './audit-event';
import { Limiter, LimiterOptions } from '../server/limiter';

/** Milliseconds in which decisions are counted once a run has made too many. */
const WINDOW = 60_000;

/** Destinations that a summary shows; as many as an AuditEvent takes. */
const MAX_SAMPLES = 3;

/** Decisions of one kind about one run that are counted instead of recorded. */
interface Window {
  readonly first: AuditRecord;
  readonly start: number;
  readonly samples: NonNullable<AuditRecord['destination']>[];
  count: number;
}

export interface CountedAudit extends Pick<Audit, 'write' | 'unready'> {
  /** Records what has been counted so far. */
  flush(): Promise<void>;
}

/**
 * An audit in which no run can make records without end, for decisions that cost the run nothing. While its bucket lasts
 * each is recorded. The one that empties it is recorded too and opens a window in which the others of its kind are
 * counted; after that, one summary says how many they were.
 */
export function countedDecisions(audit: Audit, options: LimiterOptions): CountedAudit {
  const { clock } = options;
  const limiter = new Limiter(options);
  const windows = new Map<string, Window>();

  async function close(key: string, window: Window): Promise<void> {
    windows.delete(key);
    if (window.count === 0) return;
    await audit.write(summaryOf(window, clock())).catch((error: unknown) => {
      // Counted on, until it can be recorded.
      windows.set(key, window);
      throw error;
    });
  }

  return {
    unready: () => audit.unready(),
    write: async (record) => {
      const now = clock();
      // A Map keeps the order of insertion: behind a window that is open, all are. After a clock was set back they end at once.
      for (const [key, window] of windows) {
        if (Math.abs(now - window.start) < WINDOW) break;
        await close(key, window);
      }
      const key = `${record.kind} ${record.namespace}/${record.run}`;
      const open = windows.get(key);
      if (open !== undefined) return count(open, record);
      if (!limiter.take(key).allowed) windows.set(key, { first: record, start: now, samples: [], count: 0 });
      await audit.write(record);
    },
    flush: async () => {
      for (const [key, window] of [...windows]) await close(key, window);
    },
  };
}

function count(window: Window, { destination }: AuditRecord): void {
  window.count += 1;
  if (destination !== undefined && window.samples.length < MAX_SAMPLES) window.samples.push(destination);
}

function summaryOf({ first: { decision, kind, namespace, run, caller }, start, samples, count: total }: Window, now: number): AuditRecord {
  const blocked = kind === 'egress-block';
  return {
    decision,
    kind: blocked ? 'egress-block-summary' : kind,
    namespace,
    run,
    ...(caller === undefined ? {} : { caller }),
    reason: 'too many decisions of this kind to record each',
    count: total,
    windowStart: new Date(start).toISOString(),
    windowEnd: new Date(Math.max(start, now)).toISOString(),
    ...(blocked ? { sampleDestinations: samples } : {}),
  };
}
