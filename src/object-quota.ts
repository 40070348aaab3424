/**
 * How many objects people may make in one namespace. Namespaces share the broker and the operator, which keep something of each
 * object in their memory. What is beyond is refused by the API server; what is there stays. A cluster to which the definitions
 * are new counts after some minutes, and until then refuses everything that has a limit.
 * See https://kubernetes.io/docs/concepts/policy/resource-quotas/#object-count-quota
 */
export interface ObjectQuota {
  /**
   * HarnessRuns, finished ones too, 0 to 1000000. A finished run of which nothing else is left takes the operator about 10 KiB.
   *
   * @default 5000
   */
  readonly runs?: number;

  /**
   * HarnessTemplates, 0 to 1000000.
   *
   * @default 500
   */
  readonly templates?: number;

  /**
   * Workspaces, 0 to 1000000. A run that names none has one of its own until it is deleted.
   *
   * @default - 1000 more than `runs`
   */
  readonly workspaces?: number;

  /**
   * BrokerPolicies, 0 to 1000000.
   *
   * @default 200
   */
  readonly policies?: number;
}
