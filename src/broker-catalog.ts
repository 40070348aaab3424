/** Where the broker learns of runs, templates, policies and credentials. */
export class BrokerCatalog {
  /** From the API server: custom resources of the platform's namespaces, and the Secrets that policies name. */
  public static kubernetes(): BrokerCatalog {
    return new BrokerCatalog();
  }

  /**
   * From mounted documents, without any right in the API: one broker for a fixed set of
   * runs. Needs one replica and an existing TLS Secret. Every key that ends in `.yaml`,
   * `.yml` or `.json` holds documents of the kinds `HarnessRun`, `HarnessTemplate`,
   * `ClusterHarnessTemplate`, `BrokerPolicy`, `Workspace`, `AuditEvent` and `Secret`.
   *
   * @param configMapName ConfigMap with the documents that are no secret.
   * @param secretName Secret with the Secret documents. Its key `callers` holds a JSON
   * object from bearer token to `{"namespace", "serviceAccount", "podUid"?, "capabilities"?}`.
   */
  public static directory(configMapName: string, secretName: string): BrokerCatalog {
    return new BrokerCatalog(configMapName, secretName);
  }

  private constructor(
    /** ConfigMap with documents; not set when the API server is the catalog. */
    public readonly configMapName?: string,
    /** Secret with documents and callers; not set when the API server is the catalog. */
    public readonly secretName?: string,
  ) {}
}
