import { Duration } from 'cdk8s';
import type { CredentialDelivery } from './credential-delivery';
import type { CredentialGrantSpec } from './protocol/policy';

/**
 * Where a secret value is kept: a key of a Secret in the namespace of the policy.
 * It is a reference; the value itself never passes through synthesis.
 */
export interface SecretKey {
  /** Name of the Secret. */
  readonly name: string;

  /** Key in the Secret's data. */
  readonly key: string;
}

/** A credential of any service. */
export interface UserSuppliedCredentialProps {
  /** Where the credential is kept. */
  readonly secret: SecretKey;

  /** How it reaches the service. */
  readonly delivery: CredentialDelivery;

  /**
   * Time after which a lease on the credential is renewed: whole seconds, at least 60.
   * @default Duration.minutes(60)
   */
  readonly rotation?: Duration;
}

/** An API key of Anthropic. */
export interface AnthropicApiCredentialProps {
  /** Where the API key is kept. */
  readonly secret: SecretKey;

  /**
   * Hosts that receive the key, each covered by an egress grant of the policy.
   * @default ['api.anthropic.com']
   */
  readonly hosts?: string[];

  /**
   * Time after which a lease on the key is renewed: whole seconds, at least 60.
   * @default Duration.minutes(60)
   */
  readonly rotation?: Duration;
}

/** Installation tokens of a GitHub App. */
export interface GitHubAppCredentialProps {
  /** Where the App's RSA private key is kept, as PEM. */
  readonly secret: SecretKey;

  /** Id of the App: a decimal number of at most 20 digits, as text. */
  readonly appId: string;

  /** Id of the App's installation: a decimal number of at most 20 digits, as text. */
  readonly installationId: string;

  /**
   * Hosts that receive the tokens, each covered by an egress grant of the policy.
   * @default ['github.com', 'api.github.com']
   */
  readonly hosts?: string[];

  /**
   * URL of the REST API of a GitHub Enterprise Server, as in `https://github.example.com/api/v3`; needs `hosts`.
   * @default - the API of github.com
   */
  readonly apiEndpoint?: string;
}

/** A pool of personal access tokens, one per run. */
export interface PatPoolCredentialProps {
  /** Where the tokens are kept, one per line; empty lines and lines that begin with `#` are skipped. */
  readonly secret: SecretKey;

  /** Hosts that receive the tokens: at least one, each covered by an egress grant of the policy. */
  readonly hosts: string[];

  /**
   * Time after which a lease on a token is renewed: whole seconds, at least 60.
   * @default Duration.minutes(60)
   */
  readonly rotation?: Duration;
}

/** An access key of AWS, or of a service with the API of S3. */
export interface AwsAccessKeyCredentialProps {
  /**
   * Where the key is kept: a credentials file with a profile `[default]`, as `~/.aws/credentials` is one.
   * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
   */
  readonly secret: SecretKey;

  /** Hosts whose requests are signed with the key, such as `*.s3.eu-central-1.amazonaws.com`: at least one, each covered by an egress grant of the policy. */
  readonly hosts: string[];

  /**
   * Regions that requests may be signed for, such as `eu-central-1`; at least one.
   * @default - every region
   */
  readonly regions?: string[];

  /**
   * Services that requests may be signed for, as signatures name them, such as `s3` or `dynamodb`; at least one.
   * @default - every service
   */
  readonly services?: string[];

  /**
   * Time after which a lease on the key is renewed: whole seconds, at least 60.
   * @default Duration.minutes(60)
   */
  readonly rotation?: Duration;
}

/** Lets runs use a credential without ever holding it. The name is the environment variable that carries its surrogate. */
export class CredentialGrant {
  /** A credential of any service, delivered as you say. */
  public static userSupplied(name: string, props: UserSuppliedCredentialProps): CredentialGrant {
    return new CredentialGrant({
      name,
      provider: { kind: 'UserSuppliedSecret', secretRef: secretRef(props.secret), ...rotation(props.rotation), deliveryMode: props.delivery._spec },
    });
  }

  /** An API key of Anthropic, set as `x-api-key`. */
  public static anthropicApi(name: string, props: AnthropicApiCredentialProps): CredentialGrant {
    return new CredentialGrant({
      name,
      provider: { kind: 'AnthropicAPI', secretRef: secretRef(props.secret), ...hosts(props.hosts), ...rotation(props.rotation) },
    });
  }

  /** Short-lived installation tokens of a GitHub App, limited to the policy's repositories when it lists some. */
  public static gitHubApp(name: string, props: GitHubAppCredentialProps): CredentialGrant {
    const { appId, installationId, apiEndpoint } = props;
    return new CredentialGrant({
      name,
      provider: { kind: 'GitHubApp', secretRef: secretRef(props.secret), appId, installationId, apiEndpoint, ...hosts(props.hosts) },
    });
  }

  /** Personal access tokens, each leased to one run at a time. */
  public static patPool(name: string, props: PatPoolCredentialProps): CredentialGrant {
    return new CredentialGrant({
      name,
      provider: { kind: 'PATPool', secretRef: secretRef(props.secret), hosts: [...props.hosts], ...rotation(props.rotation) },
    });
  }

  /** An access key of AWS, by which requests are signed anew on their way out. Clients take the surrogate as session token, so a usual name is `AWS_SESSION_TOKEN`. */
  public static awsAccessKey(name: string, props: AwsAccessKeyCredentialProps): CredentialGrant {
    const { regions, services } = props;
    return new CredentialGrant({
      name,
      provider: {
        kind: 'AWSAccessKey',
        secretRef: secretRef(props.secret),
        ...hosts(props.hosts),
        ...(regions && { regions: [...regions] }),
        ...(services && { services: [...services] }),
        ...rotation(props.rotation),
      },
    });
  }

  /** Name by which templates require the credential. */
  public readonly credentialName: string;

  /** @internal */
  private constructor(
    /** @internal */
    public readonly _spec: CredentialGrantSpec,
  ) {
    this.credentialName = _spec.name;
  }
}

function secretRef({ name, key }: SecretKey): SecretKey {
  return { name, key };
}

function hosts(list: string[] | undefined): { hosts?: string[] } {
  return list === undefined ? {} : { hosts: [...list] };
}

function rotation(time: Duration | undefined): { rotationSeconds?: number } {
  return time === undefined ? {} : { rotationSeconds: time.toSeconds({ integral: false }) };
}
