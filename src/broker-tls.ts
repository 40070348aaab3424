/** Where the broker's serving certificate comes from. */
export class BrokerTls {
  /**
   * The broker makes its own CA and certificate on first start, keeps them in the
   * Secret `broker-tls`, renews them, and publishes the CA in the ConfigMap `broker-ca`.
   */
  public static selfManaged(): BrokerTls {
    return new BrokerTls(undefined);
  }

  /**
   * A Secret of type `kubernetes.io/tls` in the platform's namespace that something else
   * keeps up to date, such as cert-manager. Its certificate must name
   * `broker.<namespace>.svc`; the broker reads it again when it changes. Where the platform
   * has sessions, the key `ca.crt` must hold the authority that signed it: the controller of
   * sessions trusts that one.
   *
   * @param secretName Name of the Secret; it is mounted, and the broker gets no API right to it.
   */
  public static existingSecret(secretName: string): BrokerTls {
    return new BrokerTls(secretName);
  }

  private constructor(
    /** Name of the existing Secret, if there is one. */
    public readonly secretName?: string,
  ) {}
}
