import { Duration } from 'cdk8s';
import { ContainerResources } from 'cdk8s-plus-28';
import { ControllerAuthentication } from './controller-authentication';

/** What can be chosen about the controller of sessions. */
export interface ControllerOptions {
  /**
   * Number of replicas, 1 to 9. Any replica answers any request, one at a time ends what is over.
   *
   * @default 2
   */
  readonly replicas?: number;

  /**
   * How the controller knows its callers.
   *
   * @default ControllerAuthentication.tokenReview()
   */
  readonly authentication?: ControllerAuthentication;

  /**
   * Longest wait for a worker of an empty pool, in whole seconds up to a minute.
   *
   * @default Duration.seconds(10)
   */
  readonly claimTimeout?: Duration;

  /**
   * CPU and memory of each replica.
   *
   * @default - requests of 100m CPU and 128 MiB, a memory limit of 256 MiB, no CPU limit
   */
  readonly resources?: ContainerResources;
}
