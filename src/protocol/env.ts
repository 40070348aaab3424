/**
 * The environment of each role, as tables. A construct may set only what is listed
 * here and a server reads only what is listed here, so the two cannot drift apart.
 */
export interface EnvVariable {
  /** `listen` is host:port with an optional host; `names` is a comma-separated list of Kubernetes names. */
  readonly kind: 'listen' | 'path' | 'enum' | 'names' | 'flag' | 'text';
  /** Allowed values of an `enum`. */
  readonly values?: readonly string[];
  /** Used when the variable is not set. Without it an unset variable means what `doc` says. */
  readonly default?: string;
  readonly required?: boolean;
  readonly doc: string;
}

export type EnvTable = Readonly<Record<string, EnvVariable>>;

const ADMIN_LISTEN: EnvVariable = { kind: 'listen', default: ':8081', doc: 'address of /livez, /readyz and /metrics' };

export const BROKER_ENV = {
  BROKER_LISTEN: { kind: 'listen', default: '127.0.0.1:8443', doc: 'address of the broker API' },
  ADMIN_LISTEN,
  TLS_DIR: { kind: 'path', doc: 'folder with tls.crt and tls.key; unset means plain HTTP, which is accepted on loopback only' },
  CATALOG: { kind: 'enum', values: ['kubernetes', 'directory'], default: 'kubernetes', doc: 'where runs, templates and policies come from' },
  STATE_DIR: { kind: 'path', required: true, doc: 'folder that keeps the audit log' },
  KEYRING_DIR: { kind: 'path', doc: 'folder with the keys that seal bearers; unset means a folder inside STATE_DIR' },
  RUN_NAMESPACES: { kind: 'names', default: '', doc: 'namespaces whose runs the broker serves' },
  POD_NAME: { kind: 'text', required: true, doc: 'name of this replica: the id of its audit stream' },
  POD_NAMESPACE: { kind: 'text', required: true, doc: 'namespace of the key Secrets' },
} as const satisfies EnvTable;

export const SESSION_ENV = {
  SESSION_LISTEN: { kind: 'listen', default: '127.0.0.1:8080', doc: 'address of the session API' },
  ADMIN_LISTEN,
  SESSION_WORKSPACE: { kind: 'path', required: true, doc: 'folder that files and commands of the session are confined to' },
  SESSION_REQUIRE_BOOT_ID: { kind: 'flag', default: 'false', doc: 'refuse init tokens that do not name this boot of the daemon' },
  POD_UID: { kind: 'text', doc: 'UID of the pod; compared with the pod_uid claim of init tokens' },
} as const satisfies EnvTable;
