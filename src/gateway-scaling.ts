/** Options of a gateway that grows with its load. */
export interface CpuScalingOptions {
  /**
   * Fewest replicas, 1 to 100.
   *
   * @default 2
   */
  readonly minReplicas?: number;

  /**
   * Most replicas, 1 to 100.
   *
   * @default 10
   */
  readonly maxReplicas?: number;

  /**
   * Load of the processor that is aimed at, in percent of what each replica requests, 1 to 100.
   *
   * @default 70
   */
  readonly targetUtilization?: number;
}

/** How many replicas of the gateway there are. */
export class GatewayScaling {
  /**
   * As many as the load of the processor needs. The cluster must serve `metrics.k8s.io`, as with metrics-server; without
   * it the number stays as it is.
   *
   * @param options Bounds and aim.
   * @see https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/
   */
  public static cpu(options: CpuScalingOptions = {}): GatewayScaling {
    return new GatewayScaling(undefined, options);
  }

  /**
   * Always the same.
   *
   * @param replicas Number of replicas, 1 to 100.
   */
  public static fixed(replicas: number): GatewayScaling {
    return new GatewayScaling(replicas, undefined);
  }

  private constructor(
    /** @internal */
    public readonly _replicas: number | undefined,
    /** @internal */
    public readonly _cpu: CpuScalingOptions | undefined,
  ) {}
}
