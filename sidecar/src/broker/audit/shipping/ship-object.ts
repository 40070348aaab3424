import { API_GROUP, API_GROUP_VERSION, LABELS } from '../../../../../src/protocol/names';
import { AUDIT_EVENT, type AuditEventSpec } from '../../../../../src/protocol/resources/audit-event';
import type { AuditHead } from '../log/chain';

/** An AuditEvent as it is sent to the API server. */
export interface AuditEventObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: AuditEventSpec;
}

/** Labels of AuditEvents, as paddock's clients select by them, beside the one of the run. */
export const AUDIT_LABELS = {
  decision: `${API_GROUP}/decision`,
  kind: `${API_GROUP}/kind`,
  component: `${API_GROUP}/component`,
} as const;

/** Who wrote the event. */
const COMPONENT = 'broker';

export function auditEventObject(namespace: string, name: string, spec: AuditEventSpec): AuditEventObject {
  return {
    apiVersion: API_GROUP_VERSION,
    kind: AUDIT_EVENT.kind,
    metadata: {
      name,
      namespace,
      labels: {
        [AUDIT_LABELS.decision]: spec.decision,
        [AUDIT_LABELS.kind]: spec.kind,
        [AUDIT_LABELS.component]: COMPONENT,
        ...(spec.runRef && { [LABELS.run]: spec.runRef.name }),
      },
    },
    spec,
  };
}

/** Digits of a hash in a name. Nobody can know them before the record is written, and so nobody can take the name first. */
const DIGITS = 12;

/** The name of what stands for a line of a stream; the same each time it is made. */
export function eventName(prefix: string, { stream, sequence }: AuditHead, hash: string): string {
  return `${prefix}-${stream}-${sequence}-${hash.slice(0, DIGITS)}`;
}

/** The head of a stream as an AuditEvent of the platform's namespace, where who can change the log cannot change it. */
export function anchorObject(namespace: string, head: AuditHead, now: number): AuditEventObject {
  const { stream, sequence, hash } = head;
  return auditEventObject(namespace, eventName('anchor', head, hash), {
    decision: 'granted',
    kind: 'audit-anchor',
    timestamp: new Date(now).toISOString(),
    detail: { stream, sequence: String(sequence), hash },
  });
}

/** The anchor in a value that was read from the API; undefined when it is something else. */
export function anchorIn(value: unknown): AuditHead | undefined {
  const { spec } = (value ?? {}) as { spec?: Partial<AuditEventSpec> };
  if (spec?.kind !== 'audit-anchor' || spec.detail === undefined) return undefined;
  const { stream, sequence, hash } = spec.detail;
  return { stream, sequence: Number(sequence), hash };
}

/** The same event for the platform's namespace, because its own does not take it. */
export function movedTo(namespace: string, object: AuditEventObject): AuditEventObject {
  const { metadata, spec } = object;
  return { ...object, metadata: { ...metadata, namespace }, spec: { ...spec, detail: { ...spec.detail, namespace: metadata.namespace } } };
}
