import { createHash } from 'node:crypto';
import { DecisionGroup, DecisionLine, groupsOf } from './ship-groups';
import { auditEventObject, AuditEventObject, eventName } from './ship-object';
import { auditEventSpec, AuditEventSpec, MAX_REASON_LENGTH } from '../../../../../src/protocol/resources/audit-event';
import { namespaceName } from '../../../../../src/protocol/resources/common';
import { problemsOf } from '../../../../../src/protocol/schema/validate';
import { cutText } from '../../../server/text/cut-text';
import type { AuditRecord } from '../audit-event';

export interface EventsOptions {
  /** Namespace of the platform: where events go that name no namespace that can exist. */
  readonly systemNamespace: string;
  readonly eachOfRun: number;
}

/**
 * The events of a batch, each made when it is asked for. The same lines give the same events, names included, so what is sent
 * twice is there once.
 */
export function* eventsOf(lines: readonly DecisionLine[], { systemNamespace, eachOfRun }: EventsOptions): Generator<AuditEventObject, void> {
  for (const group of groupsOf(lines, eachOfRun)) yield eventOf(group, systemNamespace);
}

function eventOf(group: DecisionGroup, systemNamespace: string): AuditEventObject {
  const [{ head, content: { event } }] = group.lines;
  const hash = group.lines.length === 1 ? head.hash : digest(group.lines);
  const namespace = problemsOf(namespaceName, event.namespace, '').length === 0 ? event.namespace : systemNamespace;
  return auditEventObject(namespace, eventName('ae', head, hash), specOf(group));
}

function specOf(group: DecisionGroup): AuditEventSpec {
  const spec = structured(group);
  if (problemsOf(auditEventSpec, spec, 'spec').length === 0) return spec;
  // A record that does not fit the schema is told as text: an event that nobody takes would never leave the log.
  const { decision, kind, timestamp, count, windowStart, windowEnd, reason, detail } = spec;
  const record = cutText(JSON.stringify(group.lines[0].content.event), MAX_REASON_LENGTH);
  return { decision, kind, timestamp, count, windowStart, windowEnd, reason, detail: { ...detail, record } };
}

function structured({ lines, folded }: DecisionGroup): AuditEventSpec {
  const events = lines.map(({ content }) => content.event);
  const [first] = events;
  const isBlockSummary = first.kind === 'egress-block-summary' || (folded && first.kind === 'egress-block');
  const { credential, destination, matchedPolicy } = folded ? shared(events) : first;
  return {
    runRef: { name: first.run },
    decision: first.decision,
    kind: isBlockSummary ? 'egress-block-summary' : first.kind,
    ...timesOf(lines, isBlockSummary),
    ...(destination && { destination }),
    ...(isBlockSummary && { sampleDestinations: samples(events) }),
    ...(credential && { credential }),
    ...(matchedPolicy !== undefined && { matchedPolicy: { name: matchedPolicy } }),
    ...reasonOf(events),
    detail: detailOf(lines),
  };
}

/** The fields that all have alike. */
function shared(events: readonly AuditRecord[]): Pick<AuditRecord, 'credential' | 'destination' | 'matchedPolicy'> {
  const alike = <Field extends keyof AuditRecord>(field: Field): AuditRecord[Field] | undefined => {
    const text = JSON.stringify(events[0][field]);
    return events.every((event) => JSON.stringify(event[field]) === text) ? events[0][field] : undefined;
  };
  return { credential: alike('credential'), destination: alike('destination'), matchedPolicy: alike('matchedPolicy') };
}

/**
 * A record may stand for many decisions itself. The clock may have been set back meanwhile, so the window is from the least to
 * the greatest; texts of this form sort as times do.
 */
function timesOf(lines: readonly DecisionLine[], isSummary: boolean): Pick<AuditEventSpec, 'timestamp' | 'count' | 'windowStart' | 'windowEnd'> {
  const count = lines.reduce((sum, { content }) => sum + (content.event.count ?? 1), 0);
  const starts = lines.map(({ content: { event, time } }) => event.windowStart ?? time).sort();
  const ends = lines.map(({ content: { event, time } }) => event.windowEnd ?? time).sort();
  const windowEnd = ends[ends.length - 1];
  return { timestamp: windowEnd, ...((count > 1 || isSummary) && { count, windowStart: starts[0], windowEnd }) };
}

const MAX_SAMPLES = 3;

function samples(events: readonly AuditRecord[]): AuditEventSpec['sampleDestinations'] {
  const seen = events.flatMap(({ destination, sampleDestinations = [] }) => destination === undefined ? sampleDestinations : [destination]);
  return [...new Map(seen.map((destination) => [JSON.stringify(destination), destination])).values()].slice(0, MAX_SAMPLES);
}

function reasonOf(events: readonly AuditRecord[]): { reason?: string } {
  const reasons = new Set(events.map(({ reason }) => reason));
  const first = [...reasons].find((reason) => reason !== undefined);
  if (first === undefined) return {};
  return { reason: reasons.size === 1 ? first : cutText(`several decisions, one of them: ${first}`, MAX_REASON_LENGTH) };
}

/** Where the whole records are. */
function detailOf(lines: readonly DecisionLine[]): Record<string, string> {
  const [{ head, content: { event, cut } }] = lines;
  const last = lines[lines.length - 1].head.sequence;
  const callers = new Set(lines.map(({ content }) => content.event.caller));
  return {
    stream: head.stream,
    sequence: String(head.sequence),
    ...(last !== head.sequence && { lastSequence: String(last) }),
    ...(callers.size === 1 && event.caller !== undefined && { caller: event.caller }),
    ...(cut && { cut: cut.join(',') }),
  };
}

/** Of which lines exactly: a summary over others is another event. */
function digest(lines: readonly DecisionLine[]): string {
  const sum = createHash('sha256');
  for (const { head } of lines) sum.update(head.hash);
  return sum.digest('hex');
}
