/**
 * Names of the objects that a role owns or reads by name. They are fixed: there is one
 * platform in a namespace, so manifests, servers and documentation can all say the same name.
 */
export const OBJECTS = {
  broker: 'broker',
  brokerHeadless: 'broker-headless',
  /** Keys that seal bearers; filled by the broker. */
  brokerKeyring: 'broker-keyring',
  /** Serving certificate, unless an existing Secret is named. */
  brokerTls: 'broker-tls',
  /** Which ServiceAccount may do what for runs that are not its own. */
  brokerIdentities: 'broker-identities',
  /** `ca.crt` that callers of the broker trust. */
  brokerCa: 'broker-ca',
  /** Which run holds which slot of a PAT pool. */
  brokerSlots: 'broker-slots',
  /** Session id to the time until which its bearers stay refused. */
  revokedSessions: 'revoked-sessions',
  controller: 'controller',
  /** Serving certificate; filled by the controller. */
  controllerTls: 'controller-tls',
  /** `ca.crt` that the gateway trusts. */
  controllerCa: 'controller-ca',
  /** Keys that sign init tokens; filled by the controller. */
  controllerBootstrap: 'controller-bootstrap',
  /** Keys that seal what the store keeps; filled by the controller, mounted by the gateway too. */
  sessionKeys: 'session-keys',
  /** Which replica of the controller ends sessions. */
  controllerLease: 'controller',
  /** Pools, and who may call; made at synth. */
  controllerPools: 'controller-pools',
  controllerCallers: 'controller-callers',
  egress: 'egress',
  /** CAs that sign what agents see in place of upstreams' certificates; filled by the egress proxy. */
  egressCa: 'egress-ca',
  /** Networks of the cluster and private destinations; made at synth. */
  egressDestinations: 'egress-destinations',
  operator: 'operator',
  /** Which replica of the operator acts. */
  operatorLease: 'operator',
  /** What removes old AuditEvents. */
  retention: 'retention',
  /** In each namespace: the account of the pods of runs. It has no rights, and the pods have no token of it. */
  agent: 'agent',
  /** In each namespace: how many objects people may make there. */
  agentQuota: 'agent-quota',
  gateway: 'gateway',
  /** Issuers whose tokens the gateway takes; made at synth. */
  gatewayIssuers: 'gateway-issuers',
  /** API keys of the gateway, unless another Secret is named; filled by whoever deploys. */
  gatewayApiKeys: 'gateway-api-keys',
  store: 'session-store',
  storeHeadless: 'session-store-headless',
  storeConfig: 'session-store',
  /** Serving certificate of the store; filled by the controller. */
  storeTls: 'session-store-tls',
  /** `ca.crt` that controller and gateway trust. */
  storeCa: 'session-store-ca',
  /** Password of the store and its access list; filled by the controller. */
  storeAccess: 'session-store-access',
  /** In each namespace of workers: what the roles publish for them, mounted at `PATHS.trust`. */
  agentTrust: 'agent-trust',
  /** Account of the pods that try the network. It has no rights. */
  probe: 'probe',
} as const;

/** ConfigMap in the namespace of a pool that owns its claimed workers: whoever deletes it ends them. */
export function poolObject(pool: string): string {
  return `pool-${pool}`;
}

/** Keys with the files of controller and gateway, and names of the files they become. */
export const SESSIONS_KEYS = { pools: 'pools.json', callers: 'callers.json', issuers: 'issuers.json', apiKeys: 'api-keys.json' } as const;

/** Keys of the Secret that a store of our own is reached with: the password, and the access list that has only its hash. */
export const STORE_ACCESS_KEYS = { password: 'password', acl: 'users.acl' } as const;

/** Keys of the ConfigMap that workers trust, beside the public keys of the controller. */
export const TRUST_KEYS = {
  /** URL of the proxy that is their only way out; filled by the egress gateway. */
  proxyUrl: 'proxy-url',
} as const;

/** Key with the destinations, and name of the file it becomes. */
export const DESTINATIONS_KEY = 'destinations.json';

/** Name of the one user of a store of our own. */
export const STORE_USER = 'sessions';

/** Key with the configuration of a store of our own, and name of the file it becomes. */
export const STORE_CONFIG_KEY = 'valkey.conf';

/** Key of the ConfigMaps that say who may have signed a certificate. */
export const CA_KEY = 'ca.crt';

/** Keys of a Secret with a serving certificate. https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets */
export const TLS_KEYS = { certificate: 'tls.crt', key: 'tls.key' } as const;

/** Name of the file that a projected token becomes. */
export const TOKEN_FILE = 'token';

/** Key with the identities, and name of the file it becomes. */
export const IDENTITIES_KEY = 'identities.json';

/** Key with the callers, in the Secret of a broker without API server, and name of the file it becomes. */
export const CALLERS_KEY = 'callers';
