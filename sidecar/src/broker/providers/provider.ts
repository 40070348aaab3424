import type { CredentialGrantSpec } from '../../../../src/protocol/policy';
import type { ProviderKind } from '../../../../src/protocol/resources';
import type { TokenKind } from '../../crypto/sealed-token';

/** Reads a key of a Secret in the run's namespace, now. Undefined when it is not there. */
export type SecretReader = (secret: string, key: string) => Promise<Buffer | undefined>;

/** Where a surrogate travels, and what it is exchanged for there. */
export type Carrier =
  /** The value of a header, alone or after a scheme; in `authorization` also as user or password of Basic. */
  | { readonly in: 'header'; readonly name: string }
  | { readonly in: 'query'; readonly name: string };

/** What is handed out for a credential. */
export type Handout =
  /** A bearer is sealed for these hosts. */
  | { readonly delivery: 'ProxyInjected'; readonly hosts: readonly string[] }
  /** The credential itself. Without `rotationSeconds` in its grant it does not expire. */
  | { readonly delivery: 'InContainer'; readonly value: string; readonly reason: string };

/** How a request changes when its surrogate is exchanged. */
export interface Exchange {
  readonly setHeaders?: Readonly<Record<string, string>>;
  readonly removeHeaders?: readonly string[];
  readonly setQueryParams?: Readonly<Record<string, string>>;
  /** Headers that pass beside those that always do. */
  readonly allowedHeaders?: readonly string[];
}

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
  /** Reads the Secret too, so that a wrong one shows when the run starts. */
  issue(grant: CredentialGrantSpec, secrets: SecretReader): Promise<Handout>;
  /** Undefined when the grant hands out the credential itself, so that nothing is exchanged. */
  carrier(grant: CredentialGrantSpec): Carrier | undefined;
  /** Reads the Secret each time: a changed one is used by the next request. */
  exchange(grant: CredentialGrantSpec, secrets: SecretReader): Promise<Exchange>;
}
