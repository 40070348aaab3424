/** What the store keeps of a session. Times in milliseconds since 1970, durations in milliseconds, sizes in bytes. */

/** The kinds of workload that AgentCube's clients create sessions of. */
export const SESSION_KINDS = ['code-interpreter', 'agent-runtime'] as const;
export type SessionKind = (typeof SESSION_KINDS)[number];

/** `creating` has no worker that may be called yet; `ending` is being taken down, and never comes back. */
export const SESSION_PHASES = ['creating', 'ready', 'ending'] as const;
export type SessionPhase = (typeof SESSION_PHASES)[number];

export const ENTRY_POINT_PROTOCOLS = ['HTTP', 'HTTPS'] as const;

/** A port of the worker and the paths that lead to it. */
export interface SessionEntryPoint {
  readonly path: string;
  readonly protocol: (typeof ENTRY_POINT_PROTOCOLS)[number];
  readonly port: number;
}

/** The pod, or process, that serves a session. */
export interface SessionWorker {
  readonly pool: string;
  readonly podName: string;
  /** An address may be given to another pod; a UID never is. */
  readonly podUid: string;
  readonly podIP: string;
  readonly entryPoints: readonly SessionEntryPoint[];
}

/**
 * A later version may add optional fields, which a writer keeps although it does not know them. Any other change is
 * another number.
 */
export const SESSION_SCHEMA = 1;

export interface SessionRecord {
  readonly schema: typeof SESSION_SCHEMA;
  readonly id: string;
  readonly kind: SessionKind;
  readonly namespace: string;
  /** Of the code interpreter or agent runtime. */
  readonly name: string;
  /** The verified identity that created it; none when callers are not told apart. */
  readonly owner?: string;
  readonly phase: SessionPhase;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Longest time without activity, as far as anybody could note it. */
  readonly idleTimeout: number;
  /** From `ready` on. */
  readonly worker?: SessionWorker;
  /** Private key of the session, sealed. */
  readonly sealedKey: string;
  /** Environment of the session, sealed; the controller alone opens it. */
  readonly sealedEnv?: string;
  /** Hash of the request that created it, when that named an idempotency key. */
  readonly fingerprint?: string;
  /** Whether the session has a token for the egress proxy, which has to be revoked at its end. */
  readonly egress?: boolean;
  /** What the client says about it. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** No session lives longer, however often it is extended: keys that seal records are kept for as long. */
export const LONGEST_SESSION = 30 * 24 * 60 * 60 * 1000;

/** Time in which a session becomes ready; one that takes longer has lost its maker. */
export const LONGEST_CREATION = 5 * 60 * 1000;

/** Between two writes of activity by a gateway; one that the store refuses is repeated as often. */
export const ACTIVITY_EVERY = 5_000;

/** Time after which activity is in the store, as long as that answers: one write waits for the next, which may be slow. */
export const ACTIVITY_NOTED_WITHIN = 2 * ACTIVITY_EVERY;

/** A shorter idle time could not be told from the time that noting takes. */
export const SHORTEST_IDLE = ACTIVITY_NOTED_WITHIN;

export const RECORD_LIMITS = {
  /** The whole record as JSON. */
  bytes: 160 * 1024,
  /** A name of Kubernetes: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
  name: 253,
  owner: 1024,
  fingerprint: 64,
  sealedKey: 2 * 1024,
  sealedEnv: 96 * 1024,
  entryPoints: 16,
  path: 1024,
  metadata: 32,
  metadataKey: 128,
  metadataValue: 1024,
} as const;

/**
 * All that a user of the store needs, as rules of its access list; a cluster also wants its slots to be asked for.
 * https://valkey.io/topics/acl/
 */
export const STORE_RIGHTS: readonly string[] = [
  '~session:*', '~session-due:*', '~session-owner:*', '~quarantine:*',
  '+eval', '+evalsha', '+type', '+hset', '+hget', '+hmget', '+hexists', '+hstrlen', '+del', '+rename', '+pexpire',
  '+zadd', '+zrem', '+zscore', '+zrangebyscore', '+select', '+asking', '+cluster|slots', '+cluster|shards',
];
