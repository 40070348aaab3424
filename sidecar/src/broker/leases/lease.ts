import type { KeyObject } from 'node:crypto';
import { BEARER_KINDS } from './bearer-kinds';
import { mac } from './keyed-mac';
import { NO_EXPIRY } from '../../../../src/protocol/broker-api';
import { PROVIDER_KINDS, ProviderKind } from '../../../../src/protocol/resources';
import { LONGEST_LIFETIME } from '../../crypto/key-schedule';
import type { Opened, TokenClaims } from '../../crypto/sealed-token';
import { isSubject, Subject } from '../callers/subject';

/** What a bearer says. Times and durations in milliseconds. */
export interface LeaseClaims extends Subject, TokenClaims {
  /** Form of these claims: a broker that does not know it cannot judge the bearer. */
  readonly v: 1;
  readonly leaseId: string;
  readonly credential: string;
  readonly provider: ProviderKind;
  readonly hosts: readonly string[];
  readonly issuedAt: number;
  readonly ttl: number;
  /** Name of the slot of a pool. */
  readonly slot?: string;
}

/** How long a lease lives unless its grant or a renewal says otherwise. */
export const DEFAULT_TTL = 60 * 60 * 1000;

/** Lifetime of a lease: `rotationSeconds` of its grant, or an hour. */
export function leaseTtl(rotationSeconds: number | undefined): number {
  return rotationSeconds === undefined ? DEFAULT_TTL : rotationSeconds * 1000;
}

/** When the bytes of a bearer are worthless whatever is renewed: at the run's deadline, and never later than any lifetime allows. */
export function notAfterOf(now: number, deadline: number | undefined): number {
  return Math.min(deadline ?? Infinity, now + LONGEST_LIFETIME);
}

/** When the lease ends: after its TTL or as late as it was renewed to. Renewal moves the lease, not the bytes. */
export function leaseExpiry({ issuedAt, ttl, notAfter }: LeaseClaims, renewedUntil = -Infinity): number {
  return Math.min(notAfter, Math.max(issuedAt + ttl, renewedUntil));
}

/**
 * The id of a run's lease on a credential. Asking again answers the same id, on every replica and after a restart,
 * so there is nothing to lose and nothing to keep. 128 bits, because runs of all times share the space.
 */
export function leaseId(idKey: KeyObject, tag: string, runUid: string, credential: string): string {
  return `${tag}-${mac(idKey, 'lease', runUid, credential).slice(0, 32)}`;
}

/**
 * The id of a lease whose value is handed out as it is: another value is another lease, so that the audit shows which
 * one a run holds. Keyed, because a plain hash in a status would let anybody try out values.
 */
export function valueLeaseId(idKey: KeyObject, tag: string, runUid: string, credential: string, value: string): string {
  return `${leaseId(idKey, tag, runUid, credential)}-${mac(idKey, 'value', runUid, credential, value).slice(0, 16)}`;
}

/** Whether a text can be the id of a lease. */
export function isLeaseId(text: string): boolean {
  return /^[a-z]{1,16}-[0-9a-f]{32}(-[0-9a-f]{16})?$/.test(text);
}

/** Whether a lease is revoked. Revoking one value revokes the credential: an edited Secret must not bring it back. */
export function isRevoked(revoked: readonly string[], id: string): boolean {
  return revoked.some((one) => withoutValue(one) === withoutValue(id));
}

/** The claims of an opened bearer; undefined when they are not those of a lease, or of another provider than its kind says. */
export function leaseOf(opened: Opened): LeaseClaims | undefined {
  if (opened.failure !== undefined || !isLease(opened.claims)) return undefined;
  return BEARER_KINDS[opened.claims.provider] === opened.kind ? opened.claims : undefined;
}

/** A time as clients read it: RFC 3339 in whole seconds, never later than the truth. */
export function expiryText(expiry: number | undefined): string {
  return expiry === undefined ? NO_EXPIRY : new Date(expiry).toISOString().replace(/\.\d+Z$/, 'Z');
}

function withoutValue(id: string): string {
  return id.split('-').slice(0, 2).join('-');
}

function isLease(claims: object): claims is LeaseClaims {
  const lease = claims as Partial<Record<keyof LeaseClaims, unknown>>;
  const texts = [lease.leaseId, lease.credential];
  const times = [lease.issuedAt, lease.ttl, lease.notAfter];
  const kinds: readonly unknown[] = PROVIDER_KINDS;
  return lease.v === 1
    && isSubject(claims)
    && texts.every((text) => typeof text === 'string' && text !== '')
    && times.every((time) => typeof time === 'number' && Number.isFinite(time))
    && kinds.includes(lease.provider)
    && ['undefined', 'string'].includes(typeof lease.slot)
    && Array.isArray(lease.hosts) && lease.hosts.every((host) => typeof host === 'string');
}
