import type { Opened, TokenClaims } from '../../crypto/sealed-token';
import { isSubject, Subject } from '../callers/subject';
import { leaseExpiry, leaseOf } from '../leases/lease';

/** What a token of kind `egress` says. */
export interface EgressClaims extends Subject, TokenClaims {
  /** Form of these claims. */
  readonly v: 1;
}

/** Whom a token speaks for, and until when. */
export interface Proof {
  readonly subject: Subject;
  /** Milliseconds since 1970. */
  readonly until: number;
  /** When the bytes are worthless whatever is renewed. */
  readonly notAfter: number;
  /** The lease, when the proof is the bearer of one. */
  readonly leaseId?: string;
}

/** What an opened token proves: an egress token, or the bearer that a base URL shows. Undefined when it is neither. */
export function proofOf(opened: Opened, renewals: (subject: Subject) => ReadonlyMap<string, number> | undefined): Proof | undefined {
  if (opened.failure !== undefined) return undefined;
  if (opened.kind === 'egress') {
    const { claims } = opened;
    return isEgress(claims) ? { subject: claims, until: claims.notAfter, notAfter: claims.notAfter } : undefined;
  }
  const lease = leaseOf(opened);
  if (lease === undefined) return undefined;
  return { subject: lease, until: leaseExpiry(lease, renewals(lease)?.get(lease.leaseId)), notAfter: lease.notAfter, leaseId: lease.leaseId };
}

function isEgress(claims: object): claims is EgressClaims {
  const { v, notAfter } = claims as Partial<Record<keyof EgressClaims, unknown>>;
  return v === 1 && typeof notAfter === 'number' && Number.isFinite(notAfter) && isSubject(claims);
}
