import type { KeyObject } from 'node:crypto';
import type { SubstituteAuthRequest } from '../../../../src/protocol/broker-api';
import type { CredentialGrantSpec } from '../../../../src/protocol/policy';
import type { BrokerPolicySpec, ProviderKind } from '../../../../src/protocol/resources';
import type { TokenKind } from '../../crypto/sealed-token';
import type { CatalogRun } from '../catalog/catalog';
import type { LeaseClaims } from '../leases/lease';
import type { Subjects } from '../slots/slots';
import type { Carrier } from '../surrogates/carriers';
import type { Exchange } from '../surrogates/forwarding';

/** Reads a key of a Secret in the run's namespace, now. Undefined when it is not there. */
export type SecretReader = (secret: string, key: string) => Promise<Buffer | undefined>;

/** What is handed out for a credential. */
export type Handout =
  /** A bearer is sealed for these hosts, and for one slot when there is a pool. */
  | { readonly delivery: 'ProxyInjected'; readonly hosts: readonly string[]; readonly slot?: PoolSlot }
  /** The credential itself. Without `rotationSeconds` in its grant it does not expire. */
  | { readonly delivery: 'InContainer'; readonly value: string; readonly reason: string };

/** A slot of a pool. The name stays with the token; the index moves when the Secret is edited, and is for display. */
export interface PoolSlot {
  readonly name: string;
  readonly index: number;
}

/** A repository that a policy names, and what may be done to it. */
export type GrantedRepository = NonNullable<BrokerPolicySpec['grants']['gitRepos']>[number];

/** What a provider is told beside the grant. Times are milliseconds since 1970. */
export interface ProviderContext {
  readonly secrets: SecretReader;
  readonly now: number;
  /** Makes names of secrets; never rotated. */
  readonly idKey: KeyObject;
  /** Repositories of the policy that grants the credential. */
  readonly repositories: readonly GrantedRepository[];
}

export interface IssueContext extends ProviderContext {
  readonly run: CatalogRun;
  /** The run's lease on the credential; with a slot its id gets longer. */
  readonly leaseId: string;
  /** When the lease ends unless it is renewed. */
  readonly leaseUntil: number;
  /** All runs and sessions, as this replica sees them now. */
  readonly subjects: Subjects;
}

export interface ExchangeContext extends ProviderContext {
  /** What the bearer says. It has been judged. */
  readonly lease: LeaseClaims;
  readonly request: ExchangedRequest;
}

/** A request as far as the caller shows it, to a destination in its one spelling. */
export type ExchangedRequest = Pick<SubstituteAuthRequest, 'host' | 'port' | 'method' | 'path' | 'query' | 'headers'>;

/**
 * A source of credentials. It decides what is handed out and what a surrogate is exchanged for; sealing, expiry,
 * revocation and policy are the same for all. What it cannot serve it throws as a `ProviderFailure`.
 */
export interface Provider {
  readonly kind: ProviderKind;
  /** Kind of its bearers. */
  readonly bearerKind: TokenKind;
  /** First part of its lease ids, as paddock's clients know them. */
  readonly leaseTag: string;
  /** Reads the Secret too, so that a wrong one shows when the run starts. The same lease may be asked for again. */
  issue(grant: CredentialGrantSpec, context: IssueContext): Promise<Handout>;
  /** Any of these; none when the grant hands out the credential itself, so that nothing is exchanged. */
  carriers(grant: CredentialGrantSpec): readonly Carrier[];
  /** Reads the Secret each time: a changed one is used by the next request. */
  exchange(grant: CredentialGrantSpec, context: ExchangeContext): Promise<Exchange>;
  /**
   * For providers that keep something for a lease: keeps it until the new end, before anybody hears of the renewal, or throws
   * what the renewal is refused with. Resolves with what is kept.
   */
  renew?(grant: CredentialGrantSpec, context: IssueContext): Promise<PoolSlot>;
}
