import { countDecision, DecisionWindow, openedWindow, placeOf, summaryOf } from './decision-window';
import { UnwaitedContext, UnwaitedRecords } from './unwaited-records';
import type { Limiter } from '../../../server/bounds/limiter';
import type { Clock } from '../../../server/time/clock';
import { refuse } from '../../refuse';
import type { Audit } from '../audit-event';

/** Milliseconds in which decisions are counted once a run has made too many. */
const WINDOW = 60_000;

/** Destinations of a run that are recorded in one window; beyond them nothing is decided. */
const MAX_PLACES = 1000;

export interface CountingContext extends UnwaitedContext {
  readonly clock: Clock;
}

export interface CountedAudit extends Pick<Audit, 'write' | 'unready'> {
  /** Records what has been counted so far, and ends. Rejects when that cannot be recorded. */
  close(): Promise<void>;
}

interface OpenWindow {
  readonly window: DecisionWindow;
  readonly cancelEnd: () => void;
}

/**
 * An audit in which no run can make records without end, for decisions that cost the run nothing. While its bucket lasts
 * each is recorded. The one that empties it is recorded too and opens a window in which the others of its kind are
 * counted; after that, one summary says how many they were. Counted are only destinations that the window has a record
 * of, so that no number of decoys hides one: a new one is recorded, and refused when there is no room for it.
 */
export function countedDecisions(audit: Audit, limiter: Limiter, { clock, ...context }: CountingContext): CountedAudit {
  const windows = new Map<string, OpenWindow>();
  const summaries = new UnwaitedRecords(audit, context);

  function open(key: string, window: DecisionWindow): void {
    windows.set(key, { window, cancelEnd: context.after(WINDOW, () => end(key, window)) });
  }

  function end(key: string, window: DecisionWindow): void {
    windows.delete(key);
    if (window.count > 0) summaries.add(summaryOf(window));
  }

  return {
    unready: () => audit.unready(),
    write: async (record) => {
      const now = clock();
      const key = `${record.kind} ${record.namespace}/${record.run}`;
      const place = placeOf(record);
      const known = windows.get(key)?.window;
      const counted = known?.places.get(place);
      // A log that cannot be written takes no decision, so none is counted either.
      if (known !== undefined && counted !== undefined && audit.unready() === undefined) {
        countDecision(known, record, now);
        return counted;
      }
      if (known !== undefined && counted === undefined && known.places.size >= MAX_PLACES) {
        throw refuse('RateLimited', 'the run asks for too many destinations to record each', { retryAfterSeconds: WINDOW / 1000 });
      }
      const window = known ?? (limiter.take(key).allowed ? undefined : openedWindow(record, now));
      if (known === undefined && window !== undefined) open(key, window);
      const auditId = await audit.write(record);
      // Not before: what could not be recorded must not be counted either.
      window?.places.set(place, auditId);
      return auditId;
    },
    close: async () => {
      for (const [key, { window, cancelEnd }] of windows) {
        cancelEnd();
        end(key, window);
      }
      await summaries.close();
    },
  };
}
