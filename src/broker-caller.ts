/** What a caller may do for runs and sessions that are not its own. The values are names of endpoints of the broker. */
export enum BrokerCapability {
  /** Get the bearer of a credential. */
  ISSUE = 'issue',
  /** Get the token by which a run or session is known at the egress proxy. */
  ISSUE_EGRESS = 'issue-egress',
  /** Prolong leases. */
  RENEW = 'renew',
  /** End leases and sessions. */
  REVOKE = 'revoke',
  /** Ask whether a connection may leave, for runs and sessions whose token it shows. */
  VALIDATE_EGRESS = 'validate-egress',
  /** Exchange bearers for credentials, for runs and sessions whose token it shows. */
  SUBSTITUTE_AUTH = 'substitute-auth',
}

/** On whose behalf a caller takes credentials and egress tokens. The values are those of the file that the broker reads. */
export enum BrokerSubject {
  /** Runs, which it names. */
  RUNS = 'runs',
  /** Sessions of worker pools, whose egress token it shows. */
  SESSIONS = 'sessions',
}

/**
 * A ServiceAccount from elsewhere that acts for runs, such as the controller of a paddock
 * installation. Beside the leave it needs a way through the network: `brokerCallers` of the platform.
 */
export interface BrokerCaller {
  /** Namespace of the ServiceAccount. */
  readonly namespace: string;

  /** Name of the ServiceAccount. */
  readonly serviceAccount: string;

  /** What it may do, each once; one or more. */
  readonly capabilities: BrokerCapability[];

  /**
   * On whose behalf it may use `ISSUE` and `ISSUE_EGRESS`, each once; one or more. The other capabilities do not depend on it.
   *
   * @default - runs
   */
  readonly subjects?: BrokerSubject[];
}
