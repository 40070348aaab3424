import { MAX_REASON_LENGTH } from '../../../../../src/protocol/resources/audit-event';
import { MAX_LABEL } from '../../../../../src/protocol/resources/common';
import { cutText } from '../../../server/text/cut-text';
import type { AuditRecord } from '../audit-event';

/** Longest name of an object and longest host, as in the AuditEvent schema. */
const MAX_NAME = 253;
const MAX_PROVIDER = 64;

/** What a line of the log is about. Every line also carries the stream, a sequence number and its hash. */
export type AuditContent = EventContent | StartedContent | SegmentContent | RecoveredContent | PrunedContent;

/** A decision. */
export interface EventContent {
  readonly type: 'event';
  readonly time: string;
  readonly event: AuditRecord;
  /** Fields that were longer than the schema allows and are not whole. */
  readonly cut?: readonly string[];
}

/** First line of a stream. */
export interface StartedContent {
  readonly type: 'started';
  readonly time: string;
}

/** First line of every segment but the first. */
export interface SegmentContent {
  readonly type: 'segment';
  readonly time: string;
  /** Hash of the last line of the segment before. */
  readonly previous: string;
}

/** Written when the log goes on after a crash or a failed write. */
export interface RecoveredContent {
  readonly type: 'recovered';
  readonly time: string;
  readonly cause: string;
  /** What was cut off: no writer was told that it is durable. */
  readonly cut?: CutOff;
}

/** Written before the oldest segments are removed, whose lines are all shipped. So a log that was cut at its beginning by others shows. */
export interface PrunedContent {
  readonly type: 'pruned';
  readonly time: string;
  /** Number of the last line that is removed. */
  readonly through: number;
}

/** Bytes that were cut off the end of the log, and the file that keeps them. */
export interface CutOff {
  readonly bytes: number;
  readonly sha256: string;
  readonly file: string;
}

/**
 * A decision as it is written: its fields in a fixed order, and each text cut to what the AuditEvent schema
 * takes. Nothing that a client sends can make a line that no AuditEvent can be made of by its length.
 */
export function eventContent(record: AuditRecord, time: string): EventContent {
  const cut: string[] = [];
  const fit = (field: string, text: string, limit: number): string => {
    const fitting = cutText(text, limit);
    if (fitting !== text) cut.push(field);
    return fitting;
  };
  const { destination, credential, matchedPolicy, reason, caller, count, windowStart, windowEnd, sampleDestinations } = record;
  const event: AuditRecord = {
    decision: record.decision,
    kind: record.kind,
    namespace: fit('namespace', record.namespace, MAX_LABEL),
    run: fit('run', record.run, MAX_LABEL),
    ...(destination && { destination: { host: fit('destination.host', destination.host, MAX_NAME), port: destination.port } }),
    ...(credential && {
      credential: {
        name: fit('credential.name', credential.name, MAX_NAME),
        ...(credential.provider !== undefined && { provider: fit('credential.provider', credential.provider, MAX_PROVIDER) }),
      },
    }),
    ...(matchedPolicy !== undefined && { matchedPolicy: fit('matchedPolicy', matchedPolicy, MAX_NAME) }),
    ...(reason !== undefined && { reason: fit('reason', reason, MAX_REASON_LENGTH) }),
    ...(caller !== undefined && { caller: fit('caller', caller, MAX_LABEL + 1 + MAX_NAME) }),
    ...(count !== undefined && { count, windowStart, windowEnd }),
    ...(sampleDestinations && { sampleDestinations: sampleDestinations.map(({ host, port }) => ({ host: fit('sampleDestinations', host, MAX_NAME), port })) }),
  };
  return { type: 'event', time, event, ...(cut.length > 0 && { cut }) };
}
