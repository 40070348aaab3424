import { k8s } from 'cdk8s-plus-28';

/** Where pods may run, how their images are fetched, and what isolates them from the node. */
export interface Placement {
  /**
   * Labels that a node must have.
   *
   * @default - any node
   */
  readonly nodeSelector?: Record<string, string>;

  /**
   * Taints that the pods tolerate.
   *
   * @default - none
   */
  readonly tolerations?: k8s.Toleration[];

  /**
   * PriorityClass of the pods.
   *
   * @default - the cluster's default priority
   */
  readonly priorityClassName?: string;

  /**
   * RuntimeClass of the pods, such as one for gVisor or Kata Containers.
   * See https://kubernetes.io/docs/concepts/containers/runtime-class/
   *
   * @default - the cluster's default runtime
   */
  readonly runtimeClassName?: string;

  /**
   * Secrets with registry credentials, in the namespace of the pods.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];
}
