import type { IssueResponse } from '../../../../src/protocol/broker-api';
import type { CredentialGrantSpec } from '../../../../src/protocol/policy';
import type { Keyring } from '../../crypto/keyring';
import { seal } from '../../crypto/sealed-token';
import type { SealedSession } from '../callers/subject';
import type { CatalogRun } from '../catalog/catalog';
import { expiryText, isRevoked, LeaseClaims, leaseExpiry, leaseId, leaseTtl, notAfterOf, valueLeaseId } from '../leases/lease';
import type { Handout, IssueContext, PoolSlot, Provider } from '../providers/provider';
import { refuse } from '../refuse';
import { slotLeaseId } from '../slots/slots';

export interface Issuing extends Pick<IssueContext, 'secrets' | 'now' | 'repositories' | 'subjects'> {
  readonly keyring: Keyring;
  readonly provider: Provider;
  /** Known to exist and to be active. */
  readonly run: CatalogRun;
  readonly grant: CredentialGrantSpec;
  /** In case it is a session in place of the run. */
  readonly session?: SealedSession;
}

/**
 * Leases a granted credential to a run. Asking again answers the same lease with other bytes, and the earlier ones stay
 * valid; nothing outlives the run. The lease is not issued again once it is revoked.
 */
export async function issueLease(issuing: Issuing): Promise<IssueResponse> {
  const context = leaseContext(issuing);
  const handout = await issuing.provider.issue(issuing.grant, context);
  return handout.delivery === 'InContainer' ? inContainer(issuing, context.leaseUntil, handout) : proxyInjected(issuing, context.leaseId, handout);
}

/** A lease that goes on: the bytes stay as they are, the lease moves. */
export async function renewLease(issuing: Issuing): Promise<Pick<IssueResponse, 'leaseId' | 'expiresAt'>> {
  const context = leaseContext(issuing);
  const slot = await issuing.provider.renew?.(issuing.grant, context);
  return { leaseId: slotted(context.leaseId, slot), expiresAt: expiryText(context.leaseUntil) };
}

/** The run's lease on the credential, if it may have one now. */
function leaseContext(issuing: Issuing): IssueContext {
  const { keyring, provider, run, grant, now } = issuing;
  if (now >= (run.deadline ?? Infinity)) throw refuse('RunTerminated', 'the run is past its deadline');
  const id = leaseId(keyring.idKey, provider.leaseTag, run.uid, grant.name);
  if (isRevoked(run.revokedLeases, id)) throw refuse('PolicyRevoked', `the lease on credential ${grant.name} is revoked for the rest of the run`);
  const leaseUntil = Math.min(now + ttlOf(issuing), notAfterOf(now, run.deadline));
  return { ...issuing, idKey: keyring.idKey, leaseId: id, leaseUntil };
}

/** Of a session nothing is renewed, so its leases are as long as it may be. */
function ttlOf({ session, run, grant, now }: Issuing): number {
  return session === undefined ? leaseTtl(grant.provider.rotationSeconds) : notAfterOf(now, run.deadline) - now;
}

function slotted(credentialLeaseId: string, slot: PoolSlot | undefined): string {
  return slot === undefined ? credentialLeaseId : slotLeaseId(credentialLeaseId, slot.name);
}

type ProxyInjected = Extract<Handout, { delivery: 'ProxyInjected' }>;

function proxyInjected(issuing: Issuing, credentialLeaseId: string, { hosts, slot }: ProxyInjected): IssueResponse {
  const { keyring, provider, run, session, grant, now } = issuing;
  const id = slotted(credentialLeaseId, slot);
  const claims: LeaseClaims = {
    v: 1,
    leaseId: id,
    namespace: run.namespace,
    run: run.name,
    runUid: run.uid,
    session,
    credential: grant.name,
    provider: provider.kind,
    hosts,
    issuedAt: now,
    ttl: ttlOf(issuing),
    notAfter: notAfterOf(now, run.deadline),
    slot: slot?.name,
  };
  return {
    value: seal(keyring, provider.bearerKind, claims),
    leaseId: id,
    expiresAt: expiryText(leaseExpiry(claims, run.leaseExpiries?.get(id))),
    provider: provider.kind,
    deliveryMode: 'ProxyInjected',
    hosts,
    ...(slot === undefined ? {} : poolFields(grant, slot)),
  };
}

function poolFields({ provider: { secretRef } }: CredentialGrantSpec, { index }: PoolSlot): Partial<IssueResponse> {
  return { poolSecretRef: { name: secretRef.name, key: secretRef.key }, poolSlotIndex: index };
}

type InContainer = Extract<Handout, { delivery: 'InContainer' }>;

function inContainer({ keyring, provider, run, grant }: Issuing, leaseUntil: number, { value, reason }: InContainer): IssueResponse {
  const { rotationSeconds } = grant.provider;
  return {
    value,
    leaseId: valueLeaseId(keyring.idKey, provider.leaseTag, run.uid, grant.name, value),
    expiresAt: expiryText(rotationSeconds === undefined ? undefined : leaseUntil),
    provider: provider.kind,
    deliveryMode: 'InContainer',
    inContainerReason: reason,
  };
}
