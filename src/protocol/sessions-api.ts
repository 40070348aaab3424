/**
 * The HTTP API of sessions: what AgentCube's workload manager and router answer, https://github.com/volcano-sh/agentcube.
 * The controller serves the routes of sessions, the gateway the same ones for people, and invocations. Fields, headers and
 * routes marked additive are ours; clients that do not know them work unchanged. Times in RFC 3339.
 */
import type { SessionKind, SessionPhase } from './session-record';

export const SESSIONS_ROUTES = {
  /** `GET`, controller only, without token. */
  health: '/health',
  /** `GET`, gateway only, without token. */
  alive: '/health/live',
  ready: '/health/ready',
  /** `POST` creates. */
  create: { 'code-interpreter': '/v1/code-interpreter', 'agent-runtime': '/v1/agent-runtime' },
  /** `DELETE`; `:sessionId` may be of either kind. */
  remove: { 'code-interpreter': '/v1/code-interpreter/sessions/:sessionId', 'agent-runtime': '/v1/agent-runtime/sessions/:sessionId' },
  /** Additive: `GET` lists. */
  sessions: '/v1/sessions',
  /** Additive: `GET` and `DELETE`. */
  session: '/v1/sessions/:sessionId',
  /** Additive: `POST` moves the end. */
  extend: '/v1/sessions/:sessionId/extend',
  /** Additive, controller only: `POST` makes the worker of a session serve it again after a restart. */
  recover: '/v1/sessions/:sessionId/recover',
} as const;

/** Part of the path of invocations for each kind: `/v1/namespaces/:namespace/<part>/:name/invocations/*`, gateway only, any method. */
export const INVOCATION_KINDS = {
  'code-interpreter': 'code-interpreters',
  'agent-runtime': 'agent-runtimes',
} as const satisfies Readonly<Record<SessionKind, string>>;

/** Names the session, in requests and in every answer to an invocation. */
export const SESSION_HEADER = 'x-agentcube-session-id';

/** A repeated create with the same key and body is answered with the same session. https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
export const IDEMPOTENCY_HEADER = 'idempotency-key';
export const IDEMPOTENCY_KEY_PATTERN = '^[!-~]{1,255}$';

/** Of requests of the gateway to the controller: on whose behalf, percent-encoded, empty for those who are not told apart; or `true` for somebody who may see every session. Exactly one. */
export const OWNER_HEADER = 'x-agent-platform-owner';
export const ADMIN_HEADER = 'x-agent-platform-admin';

/** Every error code with the statuses it may travel with, the usual one first. Upstream's own codes keep their names. */
export const SESSIONS_STATUS = {
  /** Malformed body, header, path or method. */
  BAD_REQUEST: [400, 405, 408, 413, 415, 417, 431],
  /** The session was changed at the same time. */
  CONFLICT: [409],
  /** The gateway gets no answer from the controller. */
  CONTROLLER_UNAVAILABLE: [503],
  /** The worker did not become the session, or the credential broker refuses what the session is to have. */
  CREATION_FAILED: [502],
  CREATION_TIMEOUT: [504],
  /** No entry point of the session has this path. */
  ENTRY_POINT_NOT_FOUND: [404],
  /** The caller may not do this, whatever the session. */
  FORBIDDEN: [403],
  /** The key was used for a create with another body. */
  IDEMPOTENCY_MISMATCH: [422],
  /** A defect of ours. */
  INTERNAL: [500],
  NOT_FOUND: [404],
  /** No worker became free in time. */
  POOL_EMPTY: [503],
  /** There is no such code interpreter or agent runtime. */
  POOL_NOT_FOUND: [404],
  /** The worker answered with what is no HTTP, or ended its answer early. */
  SANDBOX_FAILED: [502],
  SANDBOX_TIMEOUT: [504],
  SANDBOX_UNREACHABLE: [502],
  /** As many requests are open as may be, of all clients together. */
  SERVER_OVERLOADED: [429],
  /** There is none, or it is another's, or of another namespace or name. */
  SESSION_NOT_FOUND: [404],
  /** It is being made, or its worker has restarted. */
  SESSION_NOT_READY: [503],
  /** The key of the session cannot be opened. */
  SESSION_PRIVATE_KEY_NOT_FOUND: [503],
  STORE_UNAVAILABLE: [503],
  /** Of this client, too often or too many at once. */
  TOO_MANY_REQUESTS: [429],
  UNAUTHORIZED: [401],
  /** Starting or stopping, or callers cannot be verified now. */
  UNAVAILABLE: [503],
} as const satisfies Readonly<Record<string, readonly number[]>>;

export type SessionsCode = keyof typeof SESSIONS_STATUS;

/** Clients of the router read `error`, those of the workload manager `message`: it is the same text. */
export interface SessionsErrorBody {
  readonly code: SessionsCode;
  readonly error: string;
  readonly message: string;
}

/** Text of an unknown session; the id is in it as upstream writes it. */
export function unknownSession(id: string): string {
  return `sessions.agentcube.volcano.sh ${JSON.stringify(id)} not found`;
}

export interface CreateSessionRequest {
  readonly name: string;
  readonly namespace: string;
  /** Seconds until the session ends; at most, and without it, what the pool allows. */
  readonly ttl?: number;
  /** Additive: longest time without activity, a duration as Go writes it, from `SHORTEST_IDLE` to `LONGEST_SESSION`. Without it that of the pool. */
  readonly idleTimeout?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Additive: environment of all commands. */
  readonly env?: Readonly<Record<string, string>>;
  /** Upstream's clients may send it; the route decides. */
  readonly kind?: string;
}

export interface EntryPointView {
  readonly path: string;
  readonly protocol: string;
  /** `address:port` inside the cluster. */
  readonly endpoint: string;
}

export interface CreateSessionResponse {
  readonly kind: 'Sandbox';
  readonly sessionId: string;
  /** UID of the pod. */
  readonly sandboxId: string;
  readonly sandboxName: string;
  readonly entryPoints: readonly EntryPointView[];
  readonly ownerId?: string;
  /** Additive. */
  readonly expiresAt: string;
}

/** A session as lists show it. */
export interface SessionView {
  readonly sessionId: string;
  readonly kind: SessionKind;
  readonly namespace: string;
  readonly name: string;
  readonly ownerId?: string;
  readonly status: SessionPhase;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly lastActivityAt: string;
  /** A duration as Go writes it. */
  readonly idleTimeout: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly sandboxId?: string;
  readonly sandboxName?: string;
  readonly entryPoints?: readonly EntryPointView[];
}

export interface SessionListResponse {
  readonly sessions: readonly SessionView[];
  /** `cursor` of the next page; a page may be empty although others follow. */
  readonly next?: string;
}

export interface ExtendSessionRequest {
  /** Seconds from now. The end never comes sooner than before, nor later than the pool allows. */
  readonly ttl: number;
}

export interface DeleteSessionResponse {
  readonly message: typeof DELETED;
}

export const DELETED = 'Sandbox deleted successfully';

/** Entries of a page, at most, and when nothing is asked for. */
export const MAX_SESSION_PAGE = 100;

/** Longest `env` and `metadata` of a request as JSON, in bytes; what is left of the daemon's environment is the platform's. */
export const MAX_SESSION_ENV = 24 * 1024;
export const MAX_SESSION_METADATA = 64 * 1024;

/** Longest body of a request that is no invocation. */
export const MAX_SESSIONS_BODY = 128 * 1024;

/** Milliseconds in which the controller answers, the wait for a worker aside. Whatever takes longer it gives up. */
export const CONTROLLER_ANSWER_TIME = 40_000;

/** Seconds. */
export const RETRY_AFTER_POOL_EMPTY = 5;
export const RETRY_AFTER_NOT_READY = 1;
