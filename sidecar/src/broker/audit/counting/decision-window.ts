import type { AuditRecord } from '../audit-event';

/** Destinations that a summary shows; as many as an AuditEvent takes. */
const MAX_SAMPLES = 3;

/** Decisions of one kind about one run that are counted instead of recorded. Times in milliseconds since 1970. */
export interface DecisionWindow {
  readonly first: AuditRecord;
  readonly start: number;
  /** Destinations with a record in this window, and its id: it stands for what is counted, too. */
  readonly places: Map<string, string>;
  readonly samples: NonNullable<AuditRecord['destination']>[];
  count: number;
  /** When the last decision was counted. */
  last: number;
}

export function openedWindow(first: AuditRecord, start: number): DecisionWindow {
  return { first, start, places: new Map(), samples: [], count: 0, last: start };
}

export function placeOf({ destination }: AuditRecord): string {
  return destination === undefined ? '' : `${destination.host}:${destination.port}`;
}

export function countDecision(window: DecisionWindow, { destination }: AuditRecord, now: number): void {
  window.count += 1;
  // After a clock was set back, the end must not lie before the start.
  window.last = Math.max(window.last, now);
  const isNew = window.samples.every(({ host, port }) => host !== destination?.host || port !== destination.port);
  if (destination !== undefined && isNew && window.samples.length < MAX_SAMPLES) window.samples.push(destination);
}

/** How many were counted, from the start of the window to the last of them. */
export function summaryOf({ first: { decision, kind, namespace, run, caller }, start, last, samples, count }: DecisionWindow): AuditRecord {
  return {
    decision,
    kind: kind === 'egress-block' ? 'egress-block-summary' : kind,
    namespace,
    run,
    ...(caller === undefined ? {} : { caller }),
    reason: 'too many decisions of this kind to record each',
    count,
    windowStart: new Date(start).toISOString(),
    windowEnd: new Date(last).toISOString(),
    ...(samples.length === 0 ? {} : { sampleDestinations: samples }),
  };
}
