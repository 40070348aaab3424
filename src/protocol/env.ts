import { BROKER_RATES } from './broker-api';
import { EGRESS_RATE, MAX_CONNECTIONS_PER_RUN } from './egress-api';
import { MAX_TTL_SECONDS, RETENTION_RANGE } from './limits';
import { PORTS } from './ports';

/**
 * The environment of each role, as tables. A construct may set only what is listed
 * here and a server reads only what is listed here, so the two cannot drift apart.
 */
export interface EnvVariable {
  /**
   * `listen` is host:port with an optional host; `names` is a comma-separated list of
   * Kubernetes names, `references` one of `namespace/name`; `integer` is a whole number within `range`; `document` is a text that may have many lines.
   */
  readonly kind: 'listen' | 'path' | 'enum' | 'names' | 'references' | 'flag' | 'integer' | 'text' | 'document';
  /** Allowed values of an `enum`. */
  readonly values?: readonly string[];
  /** Smallest and largest value of an `integer`. */
  readonly range?: readonly [number, number];
  /** Used when the variable is not set. Without it an unset variable means what `doc` says. */
  readonly default?: string;
  readonly required?: boolean;
  /** Required only while another variable of the table has this value. */
  readonly requiredWhen?: EnvCondition;
  /** The value never appears in a message. */
  readonly secret?: boolean;
  readonly doc: string;
}

export interface EnvCondition {
  readonly variable: string;
  readonly is: string;
}

export type EnvTable = Readonly<Record<string, EnvVariable>>;

const ADMIN_LISTEN = { kind: 'listen', default: `:${PORTS.admin}`, doc: 'address of /livez, /readyz and /metrics' } as const satisfies EnvVariable;

/** What every part of the platform reads. Workers run the user's image, whose LOG_LEVEL is the user's. */
export const COMMON_ENV = {
  ADMIN_LISTEN,
  LOG_LEVEL: {
    kind: 'enum',
    values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
    default: 'info',
    doc: 'least important lines that are logged',
  },
  DRAIN_SECONDS: {
    kind: 'integer',
    range: [0, 20],
    default: '0',
    doc: 'time between SIGTERM, which ends readiness, and the moment no connection is accepted any more',
  },
} as const satisfies EnvTable;

const API_SERVER = {
  KUBECONFIG: { kind: 'path', doc: "how to reach the API server; unset means that of the pod's own cluster" },
  KUBERNETES_SERVICE_HOST: { kind: 'text', doc: 'address of the API server; set by the kubelet' },
  KUBERNETES_SERVICE_PORT: { kind: 'integer', range: [1, 65_535], default: '443', doc: 'port of the API server; set by the kubelet' },
} as const satisfies EnvTable;

const FROM_API: EnvCondition = { variable: 'CATALOG', is: 'kubernetes' };
const FROM_DIRECTORY: EnvCondition = { variable: 'CATALOG', is: 'directory' };

const IN_CLUSTER: EnvCondition = { variable: 'TRUST', is: 'kubernetes' };
const IN_DIRECTORY: EnvCondition = { variable: 'TRUST', is: 'directory' };

/** Smallest and largest rate of one caller for one run, in requests per second. */
export const RATES = [1, 10_000] as const;

export const BROKER_ENV = {
  BROKER_LISTEN: { kind: 'listen', default: `127.0.0.1:${PORTS['broker-api']}`, doc: 'address of the broker API' },
  ...COMMON_ENV,
  TLS_DIR: { kind: 'path', doc: 'folder with tls.crt and tls.key; unset means plain HTTP, which is accepted on loopback only' },
  TLS_SELF_MADE: { kind: 'flag', default: 'false', doc: 'make the serving certificate, in place of TLS_DIR; needs CATALOG=kubernetes' },
  AUDIT_MAX_MEBIBYTES: { kind: 'integer', range: [192, 1_048_576], doc: 'most that the audit log may take; unset means what the volume has' },
  CATALOG: { kind: 'enum', values: ['kubernetes', 'directory'], default: 'kubernetes', doc: 'where runs, templates and policies come from' },
  CATALOG_DIR: { kind: 'path', requiredWhen: FROM_DIRECTORY, doc: 'folder with the documents of the directory catalog' },
  CALLERS_FILE: { kind: 'path', requiredWhen: FROM_DIRECTORY, doc: 'JSON file that says which bearer token is which caller' },
  STATE_DIR: { kind: 'path', required: true, doc: 'folder that keeps the audit log and, without API server, slots and revocations' },
  KEYRING_DIR: { kind: 'path', doc: 'folder with the keys that seal bearers; unset means a folder inside STATE_DIR' },
  RUN_NAMESPACES: { kind: 'names', default: '', doc: 'namespaces whose runs the broker serves' },
  POD_NAME: { kind: 'text', requiredWhen: FROM_API, doc: 'name of this replica: the id of its audit stream' },
  POD_NAMESPACE: { kind: 'text', requiredWhen: FROM_API, doc: 'namespace of the key Secrets' },
  ISSUE_PER_SECOND: { kind: 'integer', range: RATES, default: `${BROKER_RATES.issue.perSecond}`, doc: 'credentials that one caller gets for one run; twice as many at once' },
  VALIDATE_PER_SECOND: { kind: 'integer', range: RATES, default: `${BROKER_RATES.validate.perSecond}`, doc: 'answers about connections that one caller gets for one run; twice as many at once' },
  SUBSTITUTE_PER_SECOND: { kind: 'integer', range: RATES, default: `${BROKER_RATES.substitute.perSecond}`, doc: 'bearers that one caller exchanges for one run; twice as many at once' },
  IDENTITIES_FILE: { kind: 'path', doc: 'JSON file that says which ServiceAccount has which capabilities; unset means none has any' },
  ...API_SERVER,
} as const satisfies EnvTable;

/** Where sessions are kept; of controller and gateway alike. */
const STORE = {
  STORE_URL: { kind: 'text', required: true, secret: true, doc: 'store of sessions: redis[s]://[[user]:password@]host[:port][/database][?cluster=true]' },
  STORE_PASSWORD_FILE: { kind: 'path', doc: 'file with the password of the store, read again when it changes; wins over the one in STORE_URL' },
  STORE_CA_FILE: { kind: 'path', doc: 'PEM file with the authorities that may have signed the certificate of the store; unset means those of Node' },
} as const satisfies EnvTable;

const PODS: EnvCondition = { variable: 'PROVIDER', is: 'pods' };
const PROCESSES: EnvCondition = { variable: 'PROVIDER', is: 'process' };

export const CONTROLLER_ENV = {
  CONTROLLER_LISTEN: { kind: 'listen', default: `127.0.0.1:${PORTS['controller-api']}`, doc: 'address of the API of sessions' },
  ...COMMON_ENV,
  TLS_DIR: { kind: 'path', doc: 'folder with tls.crt and tls.key; unset means plain HTTP, which is accepted on loopback only' },
  TLS_SELF_MADE: { kind: 'flag', default: 'false', doc: 'make the serving certificate, in place of TLS_DIR; needs PROVIDER=pods' },
  PROVIDER: { kind: 'enum', values: ['pods', 'process'], default: 'pods', doc: 'where workers come from: warm pods of the cluster, or processes beside the controller' },
  POOLS_FILE: { kind: 'path', required: true, doc: 'JSON file with the pools, read again when it changes' },
  AUTH: { kind: 'enum', values: ['token-review', 'file', 'none'], default: 'token-review', doc: 'how callers are known: by ServiceAccount tokens, by tokens of CALLERS_FILE, or not at all, as in AgentCube' },
  CALLERS_FILE: { kind: 'path', doc: 'JSON file that says who may call, read again when it changes; required unless AUTH=none' },
  ...STORE,
  STATE_DIR: { kind: 'path', requiredWhen: PROCESSES, doc: 'folder that keeps keys and workspaces' },
  SESSION_KEYS_DIR: { kind: 'path', doc: 'folder with the mounted keys that seal sessions, for as long as their Secret cannot be read' },
  STORE_ACCESS: { kind: 'flag', default: 'false', doc: 'fill the Secrets by which the store of the platform is reached; needs PROVIDER=pods' },
  SESSION_PROGRAM: { kind: 'path', doc: 'session daemon that PROVIDER=process starts; unset means session.mjs beside the controller' },
  CLAIM_SECONDS: { kind: 'integer', range: [0, 60], default: '10', doc: 'longest wait for a worker of an empty pool' },
  BROKER_URL: { kind: 'text', doc: 'https URL of the credential broker; unset means that sessions have no way out' },
  BROKER_CA_FILE: { kind: 'path', doc: 'PEM file with the authorities that may have signed its certificate; unset means those of Node' },
  BROKER_TOKEN_FILE: { kind: 'path', doc: 'file with the token for the broker, read for each request' },
  POD_NAME: { kind: 'text', requiredWhen: PODS, doc: 'name of this replica, as holder of the lease' },
  POD_NAMESPACE: { kind: 'text', requiredWhen: PODS, doc: "namespace of the platform's own objects" },
  ...API_SERVER,
} as const satisfies EnvTable;

export const GATEWAY_ENV = {
  GATEWAY_LISTEN: { kind: 'listen', default: `127.0.0.1:${PORTS['gateway-api']}`, doc: 'address that clients use' },
  ...COMMON_ENV,
  TLS_DIR: { kind: 'path', doc: 'folder with tls.crt and tls.key; unset means plain HTTP, for a proxy in front that speaks TLS' },
  ISSUERS_FILE: { kind: 'path', doc: 'JSON file with the issuers whose tokens are taken' },
  API_KEYS_FILE: { kind: 'path', doc: 'JSON file with the hashes of API keys, read again when it changes' },
  ANONYMOUS: { kind: 'flag', default: 'false', doc: 'let everybody in; nobody is told apart, and they share the sessions without an owner; excludes ISSUERS_FILE and API_KEYS_FILE' },
  CONTROLLER_URL: { kind: 'text', required: true, doc: 'URL of the controller; https unless it is on loopback' },
  CONTROLLER_CA_FILE: { kind: 'path', doc: 'PEM file with the authorities that may have signed its certificate, read again when it changes; unset means those of Node' },
  CONTROLLER_TOKEN_FILE: { kind: 'path', required: true, doc: 'file with the token for the controller, read for each request' },
  ...STORE,
  SESSION_KEYS_DIR: { kind: 'path', required: true, doc: 'folder with the keys that seal sessions, read again when it changes' },
  REQUESTS_PER_SECOND: { kind: 'integer', range: RATES, default: '100', doc: 'requests that one client may begin; twice as many at once' },
  CONCURRENT_PER_CLIENT: { kind: 'integer', range: [1, 10_000], default: '100', doc: 'requests of one client that are open at the same time' },
  CONCURRENT: { kind: 'integer', range: [1, 100_000], default: '1000', doc: 'requests that are open at the same time' },
} as const satisfies EnvTable;

/** The proxy that is the only way out of agents and workers. */
export const EGRESS_ENV = {
  EGRESS_LISTEN: { kind: 'listen', default: `127.0.0.1:${PORTS['egress-proxy']}`, doc: 'address of the proxy' },
  EGRESS_BASE_URL_LISTEN: { kind: 'listen', default: `127.0.0.1:${PORTS['egress-base-url']}`, doc: 'address for clients that cannot use a proxy: http://<address>/<host>/<path>' },
  EGRESS_FENCE_LISTEN: { kind: 'listen', doc: 'address that no agent may reach once its NetworkPolicy holds; unset means none' },
  ...COMMON_ENV,
  BROKER_URL: { kind: 'text', required: true, doc: 'https URL of the credential broker' },
  BROKER_CA_FILE: { kind: 'path', doc: 'PEM file with the authorities that may have signed its certificate, read again when it changes; unset means those of Node' },
  BROKER_TOKEN_FILE: { kind: 'path', required: true, doc: 'file with the token for the broker, read again when it changes' },
  TRUST: { kind: 'enum', values: ['kubernetes', 'directory'], default: 'kubernetes', doc: 'where the CA is kept and published: a Secret and ConfigMaps of the cluster, or STATE_DIR' },
  STATE_DIR: { kind: 'path', requiredWhen: IN_DIRECTORY, doc: 'folder that keeps the CA, and has what agents mount in its folder trust' },
  AGENT_NAMESPACES: { kind: 'names', default: '', doc: 'namespaces whose agents are told where the proxy is' },
  POD_NAMESPACE: { kind: 'text', requiredWhen: IN_CLUSTER, doc: "namespace of the proxy's own objects" },
  DESTINATIONS_FILE: { kind: 'path', doc: 'JSON file with networks of the cluster and private destinations; unset means that no private address is reached' },
  UPSTREAM_CA_FILE: { kind: 'path', doc: 'PEM file with authorities that upstreams may have besides the public ones, read again when it changes; agents are told to trust them too' },
  UPSTREAM_PROXY_URL: { kind: 'text', doc: 'http URL of a proxy through which everything leaves, by CONNECT; it resolves the names, so addresses are its matter' },
  UPSTREAM_PROXY_CREDENTIALS_FILE: { kind: 'path', doc: 'file with user:password for that proxy, read for each connection' },
  INSPECT: { kind: 'enum', values: ['substituted', 'always'], default: 'substituted', doc: 'which TLS connections end here: those to hosts whose credentials are substituted, or all' },
  CONNECTIONS_PER_RUN: { kind: 'integer', range: [1, 10_000], default: `${MAX_CONNECTIONS_PER_RUN}`, doc: 'connections and requests of one run that are open at the same time' },
  REQUESTS_PER_SECOND: { kind: 'integer', range: RATES, default: `${EGRESS_RATE}`, doc: 'connections and requests that one run may begin; twice as many at once' },
  ...API_SERVER,
} as const satisfies EnvTable;

/** Turns runs into pods. */
export const OPERATOR_ENV = {
  ...COMMON_ENV,
  RUN_NAMESPACES: { kind: 'names', default: '', doc: 'namespaces whose runs are served' },
  BROKER_URL: { kind: 'text', required: true, doc: 'https URL of the credential broker' },
  BROKER_CA_FILE: { kind: 'path', doc: 'PEM file with the authorities that may have signed its certificate, read for each request; unset means those of Node' },
  BROKER_TOKEN_FILE: { kind: 'path', required: true, doc: 'file with the token for the broker, read for each request' },
  SIDECAR_IMAGE: { kind: 'text', required: true, doc: 'image of the platform, from which pods of runs have the program that waits for their NetworkPolicy' },
  SIDECAR_IMAGE_PINNED: { kind: 'flag', default: 'false', doc: 'SIDECAR_IMAGE always means the same content' },
  PULL_SECRETS: { kind: 'references', default: '', doc: 'Secrets with credentials of registries, which the pods of runs of their namespace get besides those of the template' },
  SEED_IMAGE: { kind: 'text', required: true, doc: 'image with git and sh, which clones the repositories of Workspaces' },
  SEED_IMAGE_PULL_POLICY: { kind: 'enum', values: ['Always', 'IfNotPresent', 'Never'], doc: 'when a node pulls it; unset means always, unless it has a digest' },
  WORKSPACE_SIZE: { kind: 'text', default: '1Gi', doc: 'size of the Workspace that a run gets which names none' },
  WORKSPACE_STORAGE_CLASS: { kind: 'text', doc: 'StorageClass of such a Workspace; unset means that of the cluster' },
  TTL_SECONDS_AFTER_FINISHED: { kind: 'integer', range: [0, MAX_TTL_SECONDS], doc: 'time after which a run that is over is deleted, unless it says itself; unset means that it stays' },
  POD_SECURITY_VERSION: { kind: 'text', default: 'v1.30', doc: 'version of the Pod Security rules that pods of runs are held against' },
  RECONCILES: { kind: 'integer', range: [1, 64], default: '8', doc: 'objects that are worked on at the same time' },
  POD_NAME: { kind: 'text', required: true, doc: 'name of this replica, as holder of the lease' },
  POD_NAMESPACE: { kind: 'text', required: true, doc: "namespace of the platform's own objects, and its name" },
  ...API_SERVER,
} as const satisfies EnvTable;

/** Removes old AuditEvents, and ends. */
export const RETENTION_ENV = {
  LOG_LEVEL: COMMON_ENV.LOG_LEVEL,
  RUN_NAMESPACES: { kind: 'names', default: '', doc: 'namespaces whose audit events are removed, besides that of the platform' },
  RETENTION_SECONDS: { kind: 'integer', range: [1, RETENTION_RANGE[1]], required: true, doc: 'age at which an audit event is removed' },
  POD_NAMESPACE: { kind: 'text', required: true, doc: 'namespace of the platform' },
  ...API_SERVER,
} as const satisfies EnvTable;

export const PROBE_ENV = {
  PROBE_CONFIG: { kind: 'path', required: true, doc: 'JSON file that says what to try' },
  POD_IPS: { kind: 'text', required: true, doc: 'addresses of the pod, separated by commas' },
  HOST_IP: { kind: 'text', required: true, doc: 'address of the node' },
  KUBERNETES_SERVICE_HOST: { kind: 'text', required: true, doc: 'address of the API server; set by the kubelet' },
  KUBERNETES_SERVICE_PORT: { kind: 'integer', range: [1, 65_535], required: true, doc: 'port of the API server; set by the kubelet' },
} as const satisfies EnvTable;

/** The init container of agents and workers that waits until their NetworkPolicy holds. */
export const FENCE_ENV = {
  AGENT_TRUST_DIR: { kind: 'path', required: true, doc: 'folder with proxy-url, the address of the egress proxy; read again until it is there' },
} as const satisfies EnvTable;

export const SESSION_ENV = {
  SESSION_LISTEN: { kind: 'listen', default: `127.0.0.1:${PORTS['session-api']}`, doc: 'address of the session API' },
  ADMIN_LISTEN,
  SESSION_WORKSPACE: { kind: 'path', required: true, doc: 'folder that files and commands of the session are confined to' },
  SESSION_HELPER_FD: { kind: 'integer', range: [3, 1023], doc: 'file of the helper that has started the daemon; set by the helper, unset means that there is none' },
  SESSION_REQUIRE_BOOT_ID: { kind: 'flag', default: 'false', doc: 'refuse init tokens that do not name this boot of the daemon' },
  POD_UID: { kind: 'text', doc: 'UID of the pod; compared with the pod_uid claim of init tokens' },
  AGENT_TRUST_DIR: { kind: 'path', doc: 'folder with bootstrap-jwks.json, the public keys that sign init tokens; read again when it changes, wins over PICOD_BOOTSTRAP_PUBLIC_KEY' },
  PICOD_BOOTSTRAP_PUBLIC_KEY: { kind: 'document', doc: 'public keys that sign init tokens: PEM, one or several, or a JWK Set' },
  PICOD_AUTH_PUBLIC_KEY: { kind: 'document', doc: 'older name of PICOD_BOOTSTRAP_PUBLIC_KEY, read when that is not set' },
  PICOD_SESSION_ID: { kind: 'text', doc: 'the one session that the daemon takes; unset means any' },
} as const satisfies EnvTable;

/** Controller and gateway in one process, with the store in memory and session daemons as child processes. For development. */
export const DEV_ENV = {
  GATEWAY_LISTEN: GATEWAY_ENV.GATEWAY_LISTEN,
  ...COMMON_ENV,
  // On a machine that people work at, nothing is for the network before it is said so.
  ADMIN_LISTEN: { ...ADMIN_LISTEN, default: `127.0.0.1:${PORTS.admin}` },
  STATE_DIR: { kind: 'path', doc: 'folder that keeps keys and workspaces; unset means a temporary one' },
  POOLS_FILE: { kind: 'path', doc: 'JSON file with the pools, read again when it changes; unset means one pool, default/sandbox' },
  API_KEYS_FILE: { kind: 'path', doc: 'JSON file with the hashes of API keys, read again when it changes; unset means that one key is made and shown' },
  SESSION_PROGRAM: { kind: 'path', doc: 'session daemon that is started; unset means session.mjs beside this program' },
} as const satisfies EnvTable;
