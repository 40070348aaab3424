import type { KubeObject } from './client';

/** Who leads, as the Lease says. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/ */
export interface LeaseRecord {
  /** None when nobody leads. */
  readonly holder: string | undefined;
  readonly durationSeconds: number | undefined;
  readonly transitions: number;
  readonly acquireTime: string | undefined;
  /** Tells one renewal from another. Whose clock it is nobody knows, so it is never compared with the time. */
  readonly renewTime: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

export function recordIn({ spec }: KubeObject): LeaseRecord {
  const { holderIdentity, leaseDurationSeconds, leaseTransitions, acquireTime, renewTime } = (spec ?? {}) as Fields;
  return {
    holder: text(holderIdentity),
    durationSeconds: number(leaseDurationSeconds),
    transitions: number(leaseTransitions) ?? 0,
    acquireTime: text(acquireTime),
    renewTime: text(renewTime),
  };
}

/** The Lease with another record; what else is in it stays. */
export function withRecord(lease: KubeObject, { holder, durationSeconds, transitions, acquireTime, renewTime }: LeaseRecord): KubeObject {
  const spec = { holderIdentity: holder, leaseDurationSeconds: durationSeconds, leaseTransitions: transitions, acquireTime, renewTime };
  return { ...lease, spec: { ...(lease.spec as Fields | undefined), ...spec } };
}

/** The record after the holder has renewed it, or after somebody has become its holder. */
export function heldBy(identity: string, record: LeaseRecord, now: number, durationSeconds: number): LeaseRecord {
  const renewTime = microTime(now);
  if (record.holder === identity) return { ...record, durationSeconds, renewTime };
  return { holder: identity, durationSeconds, transitions: record.transitions + 1, acquireTime: renewTime, renewTime };
}

/** The record after its holder has let go; the others need not wait. */
export function released(record: LeaseRecord, now: number): LeaseRecord {
  return { ...record, holder: undefined, durationSeconds: 1, renewTime: microTime(now) };
}

/** As `metav1.MicroTime` is written. */
function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}
