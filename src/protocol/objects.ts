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
  /** In each namespace of workers: what the roles publish for them, mounted at `PATHS.trust`. */
  agentTrust: 'agent-trust',
  /** Account of the pods that try the network. It has no rights. */
  probe: 'probe',
} as const;

/** Key with the identities, and name of the file it becomes. */
export const IDENTITIES_KEY = 'identities.json';

/** Key with the callers, in the Secret of a broker without API server, and name of the file it becomes. */
export const CALLERS_KEY = 'callers';
