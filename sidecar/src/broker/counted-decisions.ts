import type { Audit, AuditRecord } from './audit-event';
import { refuse } from './refuse';
import type { Clock } from '../server/clock';
import type { Limiter } from '../server/limiter';

/** Milliseconds in which decisions are counted once a run has made too many. */
const WINDOW = 60_000;

/** Destinations that a summary shows; as many as an AuditEvent takes. */
const MAX_SAMPLES = 3;

/** Destinations of a run that are recorded in one window; beyond them nothing is decided. */
const MAX_PLACES = 1000;

/** Decisions of one kind about one run that are counted instead of recorded. */
interface Window {
  readonly first: AuditRecord;
  readonly start: number;
  /** Destinations with a record in this window, and its id: it stands for what is counted, too. */
  readonly places: Map<string, string>;
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
 * counted; after that, one summary says how many they were. Counted are only destinations that the window has a record
 * of, so that no number of decoys hides one: a new one is recorded, and refused when there is no room for it.
 */
export function countedDecisions(audit: Audit, limiter: Limiter, clock: Clock): CountedAudit {
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
      const place = placeOf(record);
      const counted = open?.places.get(place);
      if (open !== undefined && counted !== undefined) {
        count(open, record);
        return counted;
      }
      if (open !== undefined && open.places.size >= MAX_PLACES) {
        throw refuse('RateLimited', 'the run asks for too many destinations to record each', { retryAfterSeconds: WINDOW / 1000 });
      }
      const window = open ?? (limiter.take(key).allowed ? undefined : opened(record, now));
      if (open === undefined && window !== undefined) windows.set(key, window);
      const auditId = await audit.write(record);
      // Not before: what could not be recorded must not be counted either.
      window?.places.set(place, auditId);
      return auditId;
    },
    flush: async () => {
      for (const [key, window] of [...windows]) await close(key, window);
    },
  };
}

function opened(first: AuditRecord, start: number): Window {
  return { first, start, places: new Map(), samples: [], count: 0 };
}

function placeOf({ destination }: AuditRecord): string {
  return destination === undefined ? '' : `${destination.host}:${destination.port}`;
}

function count(window: Window, { destination }: AuditRecord): void {
  window.count += 1;
  const isNew = window.samples.every(({ host, port }) => host !== destination?.host || port !== destination.port);
  if (destination !== undefined && isNew && window.samples.length < MAX_SAMPLES) window.samples.push(destination);
}

function summaryOf({ first: { decision, kind, namespace, run, caller }, start, samples, count: total }: Window, now: number): AuditRecord {
  return {
    decision,
    kind: kind === 'egress-block' ? 'egress-block-summary' : kind,
    namespace,
    run,
    ...(caller === undefined ? {} : { caller }),
    reason: 'too many decisions of this kind to record each',
    count: total,
    windowStart: new Date(start).toISOString(),
    windowEnd: new Date(Math.max(start, now)).toISOString(),
    ...(samples.length === 0 ? {} : { sampleDestinations: samples }),
  };
}
