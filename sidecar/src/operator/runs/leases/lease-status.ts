import { IssueResponse, NO_EXPIRY, RenewedLease } from '../../../../../src/protocol/broker-api';
import type { HarnessRunStatus, ProviderKind } from '../../../../../src/protocol/resources';

export type Lease = NonNullable<HarnessRunStatus['issuedLeases']>[number];
export type IssuedCredential = NonNullable<HarnessRunStatus['credentials']>[number];

type LeaseStatus = Pick<HarnessRunStatus, 'issuedLeases' | 'credentials'>;

/** A list that would be empty is not there. */
interface Answered {
  readonly issuedLeases: Lease[] | undefined;
  readonly credentials: IssuedCredential[] | undefined;
}

/**
 * What the status of a run says once the broker has answered for some of the credentials that it needs. A provider has one
 * lease on a credential, which the answer is or takes the place of; that of another provider stays, to be revoked.
 */
export function withIssued(before: LeaseStatus, names: readonly string[], answers: ReadonlyMap<string, IssueResponse>): Answered {
  const { issuedLeases = [], credentials = [] } = before;
  const issued = [...answers].map(([name, answer]) => leaseOf(name, answer));
  const others = issuedLeases.filter((lease) => !issued.some((one) => isSuccessor(one, lease)));
  const known = new Map(credentials.map((credential) => [credential.name, credential]));
  for (const [name, answer] of answers) known.set(name, credentialOf(name, answer));
  return {
    issuedLeases: someOf([...others, ...issued].sort((a, b) => compare(a.credentialName, b.credentialName) || compare(a.leaseID, b.leaseID))),
    credentials: someOf(names.flatMap((name) => known.get(name) ?? [])),
  };
}

/** The leases with the later ends that the broker has told. An end never comes nearer: the pod has been promised it. */
export function withRenewed(leases: readonly Lease[], renewed: readonly RenewedLease[]): Lease[] {
  return leases.map((lease) => {
    const end = renewed.find(({ name, leaseId }) => name === lease.credentialName && leaseId === lease.leaseID)?.expiresAt;
    return end === undefined || !(Date.parse(end) > endOf(lease)) ? lease : { ...lease, expiresAt: end };
  });
}

/** Leases that the broker has not said to be revoked. */
export function openLeases({ issuedLeases = [] }: LeaseStatus, { revokedLeases = {} }: Pick<HarnessRunStatus, 'revokedLeases'>): Lease[] {
  return issuedLeases.filter(({ leaseID }) => !Object.hasOwn(revokedLeases, leaseID));
}

/** Open leases that end and can go on: a credential that was handed out as it is has no end that the broker could move. */
export function renewableLeases(status: LeaseStatus, theirs: Pick<HarnessRunStatus, 'revokedLeases'>): Lease[] {
  const { credentials = [] } = status;
  const isSurrogate = ({ credentialName, provider }: Lease): boolean =>
    credentials.some((one) => one.name === credentialName && one.provider === provider && one.deliveryMode === 'ProxyInjected');
  return openLeases(status, theirs).filter((lease) => lease.expiresAt !== undefined && isSurrogate(lease));
}

/** Milliseconds since 1970; for ever without an end. */
export function endOf({ expiresAt }: Pick<Lease, 'expiresAt'>): number {
  return expiresAt === undefined ? Infinity : Date.parse(expiresAt);
}

/** How many credentials a run has, and how they reach it. */
export function issuedText({ credentials = [] }: LeaseStatus): string {
  const injected = credentials.filter(({ deliveryMode }) => deliveryMode === 'ProxyInjected').length;
  return `${credentials.length} credentials issued: ${injected} proxy-injected, ${credentials.length - injected} in-container`;
}

function leaseOf(credentialName: string, { provider, leaseId, expiresAt, poolSecretRef, poolSlotIndex }: IssueResponse): Lease {
  return {
    provider: provider as ProviderKind,
    leaseID: leaseId,
    credentialName,
    ...(expiresAt === NO_EXPIRY ? {} : { expiresAt }),
    ...(poolSecretRef === undefined || poolSlotIndex === undefined ? {} : { poolRef: { secretRef: poolSecretRef, slotIndex: poolSlotIndex } }),
  };
}

function credentialOf(name: string, { provider, deliveryMode, hosts, inContainerReason }: IssueResponse): IssuedCredential {
  return {
    name,
    provider: provider as ProviderKind,
    deliveryMode,
    ...(hosts === undefined ? {} : { hosts: [...hosts] }),
    ...(inContainerReason === undefined ? {} : { inContainerReason }),
  };
}

function isSuccessor(one: Lease, former: Lease): boolean {
  return one.leaseID === former.leaseID || (one.credentialName === former.credentialName && one.provider === former.provider);
}

function someOf<T>(list: T[]): T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
