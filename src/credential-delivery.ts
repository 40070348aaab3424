import type { CredentialGrantSpec } from './protocol/policy';

type DeliverySpec = NonNullable<CredentialGrantSpec['provider']['deliveryMode']>;

/** How the egress proxy puts a credential into a request header. */
export interface HeaderDeliveryProps {
  /** Hosts that receive the credential, such as `api.example.com` or `*.example.com`; at least one, each covered by an egress grant of the policy. */
  readonly hosts: string[];

  /** Name of the request header, such as `X-Api-Key`. */
  readonly header: string;

  /**
   * Text in front of the value, such as `Bearer ` with the space at its end.
   * @default - the header holds the value alone
   */
  readonly valuePrefix?: string;
}

/** How the egress proxy puts a credential into the query of a URL. */
export interface QueryParameterDeliveryProps {
  /** Hosts that receive the credential, such as `api.example.com` or `*.example.com`; at least one, each covered by an egress grant of the policy. */
  readonly hosts: string[];

  /** Name of the query parameter, such as `key`. */
  readonly parameter: string;
}

/** How the egress proxy sends a credential as the password of HTTP Basic authentication. */
export interface BasicAuthDeliveryProps {
  /** Hosts that receive the credential, such as `api.example.com` or `*.example.com`; at least one, each covered by an egress grant of the policy. */
  readonly hosts: string[];

  /** User name sent with the credential, such as `oauth2`. */
  readonly username: string;
}

/** Why a credential is handed to the agent itself. */
export interface InContainerDeliveryProps {
  /** The reason, kept in the policy and in the status of every run: 20 to 500 characters. */
  readonly reason: string;
}

/**
 * How a credential of your own reaches the service it is for.
 *
 * With `header`, `queryParameter` and `basicAuth` the agent holds only a surrogate,
 * which the egress proxy exchanges on the way out.
 */
export class CredentialDelivery {
  /** The egress proxy sets a request header. */
  public static header(props: HeaderDeliveryProps): CredentialDelivery {
    const { hosts, header, valuePrefix } = props;
    return new CredentialDelivery({ proxyInjected: { hosts: [...hosts], header: { name: header, valuePrefix } } });
  }

  /** The egress proxy sets a query parameter. */
  public static queryParameter(props: QueryParameterDeliveryProps): CredentialDelivery {
    return new CredentialDelivery({ proxyInjected: { hosts: [...props.hosts], queryParam: { name: props.parameter } } });
  }

  /** The egress proxy sets HTTP Basic authentication. */
  public static basicAuth(props: BasicAuthDeliveryProps): CredentialDelivery {
    return new CredentialDelivery({ proxyInjected: { hosts: [...props.hosts], basicAuth: { username: props.username } } });
  }

  /**
   * The agent receives the credential itself, as an environment variable.
   * It can leak it; calling this accepts that, and the reason is put on record.
   */
  public static inContainer(props: InContainerDeliveryProps): CredentialDelivery {
    return new CredentialDelivery({ inContainer: { accepted: true, reason: props.reason } });
  }

  /** @internal */
  private constructor(
    /** @internal */
    public readonly _spec: DeliverySpec,
  ) {}
}
