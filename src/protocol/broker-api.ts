/**
 * The broker's HTTP API as paddock's clients know it: HTTP/JSON over TLS, always POST.
 * Fields marked additive are ours; clients that do not send or read them work unchanged.
 */

export const BROKER_ROUTES = {
  issue: '/v1/issue',
  validateEgress: '/v1/validate-egress',
  substituteAuth: '/v1/substitute-auth',
} as const;

/** Name of the run, required; and its namespace, by default the caller's. */
export const RUN_HEADER = 'x-paddock-run';
export const RUN_NAMESPACE_HEADER = 'x-paddock-run-namespace';

/**
 * Every error code with the statuses it may travel with, the usual one first. The body
 * of an error is `{"code", "message"}`.
 */
export const BROKER_STATUS = {
  /** The event could not be made durable; what was decided is discarded. */
  AuditUnavailable: [503],
  /** Malformed body, header or run identity; 405 for another method. */
  BadRequest: [400, 405],
  /** No provider knows the bearer, or its seal is broken. */
  BearerUnknown: [404],
  /** The run's template does not require the credential. */
  CredentialNotFound: [404],
  /** The egress grant is gone. */
  EgressRevoked: [403],
  /** The caller may not act for this run, or not in this way. */
  Forbidden: [403],
  /** The host is outside the lease. */
  HostNotAllowed: [403],
  /** There is no such path. */
  NotFound: [404],
  /** No policy grants the credential. */
  PolicyMissing: [403],
  /** The credential grant is gone, changed its provider, or the lease was revoked. */
  PolicyRevoked: [403],
  /** All slots of a pool are taken. */
  PoolExhausted: [503],
  /** The provider cannot serve: its Secret is missing or malformed, or it is not built in. */
  ProviderFailure: [500],
  RateLimited: [429],
  RunNotFound: [404],
  /** 403 for a run that is over, 404 for one that is not there. */
  RunTerminated: [403, 404],
  /** The bearer is expired, or belongs to another run or namespace. */
  SubstituteFailed: [403],
  Unauthorized: [401],
  /** The broker is starting, stopping or overloaded. */
  Unavailable: [503],
} as const satisfies Readonly<Record<string, readonly number[]>>;

export type BrokerCode = keyof typeof BROKER_STATUS;

/** Names of what a configured identity may be allowed to do; they are endpoint names. */
export const CAPABILITIES = ['issue', 'issue-egress', 'renew', 'revoke', 'validate-egress', 'substitute-auth'] as const;
export type Capability = (typeof CAPABILITIES)[number];

export type DeliveryMode = 'ProxyInjected' | 'InContainer';

export interface IssueRequest {
  readonly name: string;
}

export interface IssueResponse {
  /** The bearer; with delivery `InContainer` the credential itself. */
  readonly value: string;
  readonly leaseId: string;
  /** RFC 3339; `0001-01-01T00:00:00Z` for none. */
  readonly expiresAt: string;
  readonly provider: string;
  readonly deliveryMode: DeliveryMode;
  readonly hosts?: readonly string[];
  readonly inContainerReason?: string;
  readonly poolSecretRef?: { readonly name: string; readonly key: string };
  /** 0 is a slot like any other. */
  readonly poolSlotIndex?: number;
}

export interface ValidateEgressRequest {
  readonly host: string;
  readonly port: number;
}

export interface ValidateEgressResponse {
  readonly allowed: boolean;
  readonly matchedPolicy?: string;
  readonly reason?: string;
  /** Whether requests to the host go through `substitute-auth`. */
  readonly substituteAuth?: boolean;
  readonly discoveryAllow?: boolean;
  /** Additive: seconds for which the answer may be used, at most 10. */
  readonly validForSeconds?: number;
}

export interface SubstituteAuthRequest {
  readonly host: string;
  readonly port: number;
  readonly incomingAuthorization?: string;
  readonly incomingXApiKey?: string;
  /** Additive: the request line and headers, so that a bearer is found wherever its grant says it travels. */
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SubstituteAuthResponse {
  readonly setHeaders?: Readonly<Record<string, string>>;
  readonly removeHeaders?: readonly string[];
  /** Absent or empty: every header but those set is stripped. */
  readonly allowedHeaders?: readonly string[];
  /** Absent or empty: every query parameter but those set is stripped. */
  readonly allowedQueryParams?: readonly string[];
  /** Additive: query parameters to set, replacing what the request carries. */
  readonly setQueryParams?: Readonly<Record<string, string>>;
}

/** `expiresAt` of a lease that does not expire. */
export const NO_EXPIRY = '0001-01-01T00:00:00Z';

/** Prefix of every bearer, before its kind: `pdk-<kind>-<sealed>`. A token that starts so is ours and never passes upstream. */
export const BEARER_PREFIX = 'pdk-';

/** Longest body of a request, in bytes. */
export const MAX_BROKER_BODY = 64 * 1024;
