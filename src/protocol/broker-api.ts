/**
 * The broker's HTTP API as paddock's clients know it: HTTP/JSON over TLS, always POST.
 * Fields marked additive are ours; clients that do not send or read them work unchanged.
 */

export const BROKER_ROUTES = {
  issue: '/v1/issue',
  /** Additive. */
  issueEgress: '/v1/issue-egress',
  /** Additive. */
  renew: '/v1/renew',
  revoke: '/v1/revoke',
  validateEgress: '/v1/validate-egress',
  substituteAuth: '/v1/substitute-auth',
} as const;

/** Name of the run, required; and its namespace, by default the caller's. */
export const RUN_HEADER = 'x-paddock-run';
export const RUN_NAMESPACE_HEADER = 'x-paddock-run-namespace';

/** Additive: UID that the run must have, so that a later run of the same name is not taken for it; any run of that name without. */
export const RUN_UID_HEADER = 'x-paddock-run-uid';

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
  /** The run's template does not require the credential, or is another one than the request says. */
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
  /** Also when the run of that name has another UID than the headers say. */
  RunNotFound: [404],
  /** 403 for a run that is over, 404 for one that is not there. */
  RunTerminated: [403, 404],
  /** The bearer is expired, belongs to another run or namespace, or cannot be exchanged in this request. */
  SubstituteFailed: [403],
  Unauthorized: [401],
  /** The broker is starting, stopping or overloaded, or cannot reach the API server. */
  Unavailable: [503],
} as const satisfies Readonly<Record<string, readonly number[]>>;

export type BrokerCode = keyof typeof BROKER_STATUS;

/** Names of what a configured identity may be allowed to do; they are endpoint names. */
export const CAPABILITIES = ['issue', 'issue-egress', 'renew', 'revoke', 'validate-egress', 'substitute-auth'] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** On whose behalf a configured identity may take credentials and egress tokens; runs, unless it says otherwise. */
export const SUBJECT_KINDS = ['runs', 'sessions'] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

export type DeliveryMode = 'ProxyInjected' | 'InContainer';

/** Additive: by what a caller that is not the run itself shows on whose behalf it asks. */
export interface EgressProof {
  /** A token of `issue-egress`, or a bearer of the run or session. */
  readonly egressToken?: string;
  /** Address that the run or session connects from, IPv4 or IPv6. */
  readonly clientAddress?: string;
}

/** Additive: a `TemplateIdentity`. */
export interface NamedTemplate {
  readonly name: string;
  readonly kind: 'HarnessTemplate' | 'ClusterHarnessTemplate';
  /** `sha256:…` of the image that the template runs, when its image is pinned. */
  readonly imageDigest?: string;
  /** A namespaced template with the name of an existing cluster template. */
  readonly shadows?: boolean;
}

export interface IssueRequest {
  readonly name: string;
  /** Additive: what the caller makes the pod of. A template that is another one for the broker gets nothing; any template without. */
  readonly template?: NamedTemplate;
  /** Additive: the session that the credential is for, in place of the run of the headers. */
  readonly egressToken?: string;
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

/** A session of a WorkerPool, as the controller knows it. */
export interface SessionSubject {
  readonly namespace: string;
  readonly pool: string;
  readonly id: string;
  readonly podUID: string;
  readonly podIPs: readonly string[];
  /** The HarnessTemplate that the pool names: its policies are those of the session. Without it nothing is granted. */
  readonly template?: string;
  /** RFC 3339: when the session ends at the latest. */
  readonly notAfter: string;
}

export interface IssueEgressRequest {
  /** In place of the run of the headers. */
  readonly session?: SessionSubject;
}

export interface IssueEgressResponse {
  readonly value: string;
  /** RFC 3339. */
  readonly expiresAt: string;
}

export interface RenewRequest {
  /** Names of credentials whose leases go on. */
  readonly names: readonly string[];
}

export interface RenewedLease {
  readonly name: string;
  readonly leaseId: string;
  /** RFC 3339. It counts once it is in the `issuedLeases` of the run's status. */
  readonly expiresAt: string;
}

export interface RefusedRenewal {
  readonly name: string;
  readonly code: string;
}

/** Every name is in one of the lists, but those of credentials that are handed out as they are: nothing of them can be renewed. */
export interface RenewResponse {
  readonly leases: readonly RenewedLease[];
  readonly refused?: readonly RefusedRenewal[];
}

/** A lease, or additive: a session. Answered with 204 and no body, also when there is nothing to revoke. */
export interface RevokeRequest {
  readonly provider?: string;
  readonly leaseId?: string;
  readonly credentialName?: string;
  readonly session?: RevokedSession;
}

export interface RevokedSession {
  readonly namespace: string;
  readonly id: string;
  /** RFC 3339: the end of the session, from which on nothing has to be remembered. */
  readonly notAfter: string;
}

export interface ValidateEgressRequest extends EgressProof {
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
  /** Additive: the record that stands for the decision: `<stream>-<sequence>` of its line in the audit log. */
  readonly auditId?: string;
}

export interface SubstituteAuthRequest extends EgressProof {
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
  /** Additive: the record that stands for the decision: `<stream>-<sequence>` of its line in the audit log. */
  readonly auditId?: string;
}

/** `expiresAt` of a lease that does not expire. */
export const NO_EXPIRY = '0001-01-01T00:00:00Z';

/** Prefix of every bearer, before its kind: `pdk-<kind>-<sealed>`. A token that starts so is ours and never passes upstream. */
export const BEARER_PREFIX = 'pdk-';

/** Requests of one caller for one run or session, each second and at once. Those of issue and substitution are what paddock's clients know. */
export const BROKER_RATES = {
  issue: { perSecond: 5, burst: 10 },
  issueEgress: { perSecond: 5, burst: 10 },
  renew: { perSecond: 5, burst: 10 },
  validate: { perSecond: 100, burst: 200 },
  substitute: { perSecond: 50, burst: 100 },
  /** Decisions of `validate-egress` about one run that are recorded one by one; what is beyond is counted. */
  recorded: { perSecond: 2, burst: 500 },
} as const;

/** Longest body of a request, in bytes. */
export const MAX_BROKER_BODY = 64 * 1024;
