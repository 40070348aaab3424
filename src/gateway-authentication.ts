import { ConfigMapKey } from './run-prompt';

/** How the owner of sessions follows from a token. The values are those of the file that the gateway reads. */
export enum IssuerKind {
  /** Any OpenID provider: the owner is `<issuer>#<sub>`. */
  OIDC = 'oidc',
  /** The issuer of a cluster's ServiceAccount tokens: the owner is the account. */
  KUBERNETES = 'kubernetes',
}

/** Somebody whose tokens the gateway takes. */
export interface TokenIssuer {
  /** The claim `iss` of its tokens: an https URL without query and fragment, at most 512 characters. */
  readonly issuer: string;

  /** The audience that tokens must be for, 1 to 512 characters. A token for somebody else is not taken. */
  readonly audience: string;

  /**
   * How the owner of sessions follows from a token.
   *
   * @default IssuerKind.OIDC
   */
  readonly kind?: IssuerKind;

  /**
   * JWK Set with the keys that sign its tokens, read again when it changes. The gateway then needs no way to the issuer.
   *
   * @default - fetched from where discovery says, through `identityProvider` of the platform
   * @see https://openid.net/specs/openid-connect-discovery-1_0.html
   */
  readonly jwks?: ConfigMapKey;

  /**
   * PEM of the authorities that may have signed the issuer's certificate.
   *
   * @default - those of Node
   */
  readonly ca?: ConfigMapKey;

  /**
   * Claim with the roles of somebody; a path with dots leads into objects, such as `realm_access.roles`.
   *
   * @default - nobody has roles
   */
  readonly roleClaim?: string;

  /**
   * Role without which nobody is let in; needs `roleClaim`.
   *
   * @default - none: every token for the audience is taken
   */
  readonly requiredRole?: string;

  /**
   * Role with which somebody may see, use and end every session; needs `roleClaim`.
   *
   * @default - nobody may
   */
  readonly adminRole?: string;
}

/** API keys of the gateway. */
export interface ApiKeyOptions {
  /**
   * Secret in the platform's namespace whose key `api-keys.json` says which hash of a key is whose. Whoever deploys makes it; the
   * gateway is not ready before it is there.
   *
   * @default 'gateway-api-keys'
   */
  readonly secretName?: string;
}

/** How clients of the gateway say who they are. Each sees the sessions of its own. */
export class GatewayAuthentication {
  /**
   * By API keys, of which the gateway knows only the hashes.
   *
   * @param options Where they are.
   */
  public static apiKeys(options: ApiKeyOptions = {}): GatewayAuthentication {
    return new GatewayAuthentication(undefined, options);
  }

  /**
   * By tokens of OpenID providers or clusters.
   *
   * @param issuers Whose tokens are taken, each issuer once; one or more.
   */
  public static oidc(issuers: TokenIssuer[]): GatewayAuthentication {
    return new GatewayAuthentication([...issuers], undefined);
  }

  /**
   * By tokens for people, and by API keys for programs.
   *
   * @param issuers Whose tokens are taken, each issuer once; one or more.
   * @param options Where the API keys are.
   */
  public static oidcAndApiKeys(issuers: TokenIssuer[], options: ApiKeyOptions = {}): GatewayAuthentication {
    return new GatewayAuthentication([...issuers], options);
  }

  /** Not at all: whoever the network lets in is one and the same owner, and shares all sessions with the others. */
  public static anonymous(): GatewayAuthentication {
    return new GatewayAuthentication(undefined, undefined);
  }

  private constructor(
    /** @internal */
    public readonly _issuers: readonly TokenIssuer[] | undefined,
    /** @internal */
    public readonly _apiKeys: ApiKeyOptions | undefined,
  ) {}

  /**
   * Whether everybody is let in.
   *
   * @internal
   */
  public get _anonymous(): boolean {
    return this._issuers === undefined && this._apiKeys === undefined;
  }
}
