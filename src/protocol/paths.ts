/** Where things are mounted in the platform's containers. The root file system is read-only everywhere. */
export const PATHS = {
  /** Serving certificate: `tls.crt` and `tls.key`. */
  tls: '/etc/agent-platform/tls',
  /** Keys that seal bearers, one file per key id. */
  keyring: '/etc/agent-platform/keyring',
  /** Documents of a broker without API server, in the folders `documents` and `secrets`. */
  catalog: '/etc/agent-platform/catalog',
  /** Folder of the file that says which ServiceAccount may do what. */
  identities: '/etc/agent-platform/identities',
  /** Folder of the callers file of a broker without API server. */
  callers: '/etc/agent-platform/callers',
  /** Files of controller and gateway: pools, callers, issuers, API keys. */
  pools: '/etc/agent-platform/pools',
  issuers: '/etc/agent-platform/issuers',
  apiKeys: '/etc/agent-platform/api-keys',
  /** Keys that seal what the store keeps. */
  sessionKeys: '/etc/agent-platform/session-keys',
  /** Password of the store, and who may have signed its certificate. */
  storeAccess: '/etc/agent-platform/store-access',
  storeCa: '/etc/agent-platform/store-ca',
  /** Configuration of a store of our own, and what it keeps across restarts. */
  storeConfig: '/etc/agent-platform/store',
  storeData: '/data',
  /** Who may have signed the certificates of controller and broker. */
  controllerCa: '/etc/agent-platform/controller-ca',
  brokerCa: '/etc/agent-platform/broker-ca',
  /** What the egress proxy may reach besides the public internet, whom it trusts there, and how it passes the next proxy. */
  destinations: '/etc/agent-platform/destinations',
  upstreamCa: '/etc/agent-platform/upstream-ca',
  upstreamProxy: '/etc/agent-platform/upstream-proxy',
  /** Projected ServiceAccount tokens for controller and broker. */
  controllerToken: '/etc/agent-platform/controller-token',
  brokerToken: '/etc/agent-platform/broker-token',
  /** What a role keeps across restarts. */
  state: '/var/lib/agent-platform',
  /** The session daemon with Node and its libraries: a folder of the sidecar image, and a copy of it in worker pods of any image. */
  runtime: '/opt/agent-platform',
  /** Where the init container that makes the copy has the volume for it; at `runtime` it would hide its own. */
  runtimeCopy: '/mnt/runtime',
  /** What the roles publish for workers: the public keys that sign init tokens. */
  trust: '/etc/agent-platform/trust',
  /** The working directory of sessions. */
  workspace: '/workspace',
  /** Home directory in pods that run a user's image. */
  home: '/home/agent',
  temporary: '/tmp',
  /** What a probe pod is to try. */
  probe: '/etc/agent-platform/probe',
  /** Where the kubelet reads why a container ended. */
  terminationLog: '/dev/termination-log',
  /** Where client libraries look for the API token and the cluster's CA. */
  apiToken: '/var/run/secrets/kubernetes.io/serviceaccount',
} as const;

/** Entry points inside the sidecar image. */
export const ENTRY_POINTS = {
  broker: '/app/broker.mjs',
  controller: '/app/controller.mjs',
  gateway: '/app/gateway.mjs',
  egress: '/app/egress.mjs',
  operator: '/app/operator.mjs',
  /** Removes old AuditEvents, then ends. */
  retention: '/app/retention.mjs',
  /** Ends as soon as the NetworkPolicy of its pod holds. */
  fence: '/app/fence.mjs',
  probe: '/app/probe.mjs',
  /** Copies the session daemon and its runtime to the folder given as argument, then ends. */
  installRuntime: '/app/install-runtime.mjs',
} as const;

/** Files below `PATHS.runtime`, in the image and after the copy. */
export const RUNTIME_FILES = {
  node: `${PATHS.runtime}/bin/node`,
  /** Starts the daemon, whose arguments follow `--`, and stays process 1. */
  helper: `${PATHS.runtime}/bin/session-helper`,
  /** Folder of the program loader and of what Node links to. */
  libraries: `${PATHS.runtime}/lib`,
  session: `${PATHS.runtime}/session.mjs`,
} as const;

/** UID, GID and fsGroup of platform pods; the number that distroless images call nonroot. */
export const PLATFORM_UID = 65532;

/** UID and GID of pods that run a user's image, unless the image needs another. */
export const AGENT_UID = 1000;

/** User name behind `AGENT_UID`, for USER and LOGNAME. */
export const AGENT_USER = 'agent';
