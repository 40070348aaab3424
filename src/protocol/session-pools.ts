/** The files that tell controller and gateway what the deployment has. Durations in seconds. */
import { PORTS } from './ports';
import type { SessionEntryPoint } from './session-record';

/** A pool whose workers can be claimed. */
export interface PoolEntry {
  readonly namespace: string;
  /** Name of the pool: that of the code interpreter or agent runtime in requests. */
  readonly name: string;
  /** HarnessTemplate whose policies say where its sessions may connect to; without it nowhere. */
  readonly template?: string;
  /** Names of credentials whose surrogates its sessions get, as variables of the same name; with a template only. */
  readonly credentials?: readonly string[];
  /** Longest life of a session, at most `LONGEST_SESSION`. */
  readonly maxSessionSeconds: number;
  /** Longest time without activity of a session that asks for nothing else, at least `SHORTEST_IDLE`. */
  readonly idleSeconds: number;
  /** @default DEFAULT_ENTRY_POINTS */
  readonly entryPoints?: readonly SessionEntryPoint[];
  /** Workers that the controller itself keeps warm; without API server only. */
  readonly replicas?: number;
}

/** `POOLS_FILE`: every pool once. */
export interface PoolsFile {
  readonly pools: readonly PoolEntry[];
}

/** As many as a template may require. */
export const MAX_POOL_CREDENTIALS = 32;

/** As AgentCube's: 8 h and 15 min. */
export const POOL_DEFAULTS = { maxSessionSeconds: 8 * 60 * 60, idleSeconds: 15 * 60 } as const;

/** Of a pool that names none: everything leads to the session daemon. */
export const DEFAULT_ENTRY_POINTS: readonly SessionEntryPoint[] = [{ path: '/', protocol: 'HTTP', port: PORTS['session-api'] }];

/** Who may call the controller, and what for. */
export interface ControllerCallerEntry {
  /** Speaks for owners, whom it has verified itself; that is the gateway. */
  readonly onBehalf?: boolean;
  /** Where it may have sessions of its own; only in its own namespace when left out. */
  readonly namespaces?: readonly string[];
}

/** `CALLERS_FILE` with `AUTH=token-review`: `namespace/serviceAccount` to what it may do. */
export type ControllerCallersFile = Readonly<Record<string, ControllerCallerEntry>>;

/** `CALLERS_FILE` with `AUTH=file`: bearer token to identity. */
export type ControllerTokensFile = Readonly<Record<string, ControllerCallerEntry & { readonly namespace: string; readonly serviceAccount: string }>>;

/** Somebody whose tokens the gateway takes: an OpenID provider, or the cluster's own issuer of ServiceAccount tokens. */
export interface IssuerEntry {
  /** `iss` of its tokens, an https URL. */
  readonly issuer: string;
  readonly audience: string;
  /**
   * `kubernetes` reads `sub` as `system:serviceaccount:<namespace>:<name>`; owners of others are `<issuer>#<sub>`, as
   * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#configuring-the-api-server has it.
   */
  readonly kind: 'oidc' | 'kubernetes';
  /** Mounted JWK Set, read again when it changes; without it the one that discovery names. */
  readonly jwksFile?: string;
  /** Mounted PEM of the authorities that may have signed the provider's certificate. */
  readonly caFile?: string;
  /** Where roles are: a claim, or a path of claims with dots. */
  readonly roleClaim?: string;
  /** Without this role nobody passes. */
  readonly requiredRole?: string;
  /** With this role somebody sees all sessions. */
  readonly adminRole?: string;
}

/** `ISSUERS_FILE`. */
export interface IssuersFile {
  readonly issuers: readonly IssuerEntry[];
}

/** What a key of the gateway stands for. */
export interface ApiKeyEntry {
  /** Owner of its sessions is `api-key:<name>`. */
  readonly name: string;
  readonly admin?: boolean;
}

/** `API_KEYS_FILE`: `sha256:` and the hash of the key in lower-case hexadecimal digits, to what it stands for. The key itself is in no file. */
export type ApiKeysFile = Readonly<Record<string, ApiKeyEntry>>;

export const API_KEY_HASH_PATTERN = '^sha256:[0-9a-f]{64}$';

/** The shortest key of the gateway; what is shorter could be guessed. */
export const MIN_API_KEY = 32;

export const OWNER_PREFIXES = { apiKey: 'api-key:', serviceAccount: 'system:serviceaccount:' } as const;
