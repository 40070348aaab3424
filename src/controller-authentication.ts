/** A ServiceAccount that has sessions without the gateway. Beside the leave it needs a way through the network: `controllerCallers` of the platform. */
export interface ControllerCaller {
  /** Namespace of the ServiceAccount. */
  readonly namespace: string;

  /** Name of the ServiceAccount. */
  readonly serviceAccount: string;

  /**
   * Namespaces of pools that it may have sessions of, each once; one or more.
   *
   * @default - its own
   */
  readonly namespaces?: string[];

  /**
   * Whether it speaks for owners whom it has verified itself, as a gateway does. Then it may see and end every session.
   *
   * @default false
   */
  readonly onBehalf?: boolean;
}

/** How the controller knows its callers. */
export class ControllerAuthentication {
  /**
   * By ServiceAccount tokens of the audience `agent-platform-controller`, which the API server reviews. The gateway of the platform is known.
   *
   * @param callers Who else may call, each once.
   * @see https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/
   */
  public static tokenReview(...callers: ControllerCaller[]): ControllerAuthentication {
    return new ControllerAuthentication([...callers]);
  }

  /**
   * Not at all, as AgentCube's workload manager by default: whoever the network lets in may have, see and end every session,
   * and no session has an owner. The gateway must then let everybody in as well.
   */
  public static none(): ControllerAuthentication {
    return new ControllerAuthentication(undefined);
  }

  private constructor(
    /** @internal */
    public readonly _callers: readonly ControllerCaller[] | undefined,
  ) {}
}
