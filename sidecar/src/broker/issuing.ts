import type { CatalogRun } from './catalog';
import { expiryText, isRevoked, LeaseClaims, leaseExpiry, leaseId, leaseTtl, notAfterOf, valueLeaseId } from './lease';
import type { Handout, Provider, SecretReader } from './providers/provider';
import { refuse } from './refuse';
import type { IssueResponse } from '../../../src/protocol/broker-api';
import type { CredentialGrantSpec } from '../../../src/protocol/policy';
import type { Keyring } from '../crypto/keyring';
import { seal } from '../crypto/sealed-token';

export interface Issuing {
  readonly keyring: Keyring;
  readonly provider: Provider;
  /** Known to exist and to be active. */
  readonly run: CatalogRun;
  readonly grant: CredentialGrantSpec;
  readonly secrets: SecretReader;
  readonly now: number;
  /** When the run ends at the latest, if that is known. */
  readonly deadline?: number;
}

/** Leases a granted credential to a run. The same lease is not issued again once it is revoked. */
export async function issueLease(issuing: Issuing): Promise<IssueResponse> {
  const { keyring, provider, run, grant, secrets } = issuing;
  const id = leaseId(keyring.idKey, provider.leaseTag, run.uid, grant.name);
  if (isRevoked(run.revokedLeases, id)) throw refuse('PolicyRevoked', `the lease on credential ${grant.name} is revoked for the rest of the run`);
  const handout = await provider.issue(grant, secrets);
  return handout.delivery === 'InContainer' ? inContainer(issuing, handout) : proxyInjected(issuing, id, handout.hosts);
}

async function proxyInjected(issuing: Issuing, id: string, hosts: readonly string[]): Promise<IssueResponse> {
  const { keyring, provider, run, grant, now, deadline } = issuing;
  const notAfter = notAfterOf(now, deadline);
  if (notAfter <= now) throw refuse('RunTerminated', 'the run is past its deadline');
  const claims: LeaseClaims = {
    v: 1,
    leaseId: id,
    namespace: run.namespace,
    run: run.name,
    runUid: run.uid,
    credential: grant.name,
    provider: provider.kind,
    hosts,
    issuedAt: now,
    ttl: leaseTtl(grant.provider.rotationSeconds),
    notAfter,
  };
  return {
    value: await seal(keyring, provider.bearerKind, claims),
    leaseId: id,
    expiresAt: expiryText(leaseExpiry(claims)),
    provider: provider.kind,
    deliveryMode: 'ProxyInjected',
    hosts,
  };
}

type InContainer = Extract<Handout, { delivery: 'InContainer' }>;

function inContainer({ keyring, provider, run, grant, now }: Issuing, { value, reason }: InContainer): IssueResponse {
  const { rotationSeconds } = grant.provider;
  return {
    value,
    leaseId: valueLeaseId(keyring.idKey, provider.leaseTag, run.uid, grant.name, value),
    expiresAt: expiryText(rotationSeconds === undefined ? undefined : now + leaseTtl(rotationSeconds)),
    provider: provider.kind,
    deliveryMode: 'InContainer',
    inContainerReason: reason,
  };
}
