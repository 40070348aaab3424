import { ContainerResources } from 'cdk8s-plus-28';
import { GatewayAuthentication } from './gateway-authentication';
import { GatewayScaling } from './gateway-scaling';

/** How much of the gateway its clients may use. What is beyond gets status 429. */
export interface GatewayLimits {
  /**
   * Requests that one client may begin in a second, 1 to 10000; twice as many are taken at once.
   *
   * @default 100
   */
  readonly requestsPerSecond?: number;

  /**
   * Requests of one client that are open at the same time in one replica, 1 to 10000. Streams and WebSockets count.
   *
   * @default 100
   */
  readonly concurrentPerClient?: number;

  /**
   * Requests of all clients that are open at the same time in one replica, 1 to 100000.
   *
   * @default 1000
   */
  readonly concurrent?: number;
}

/** What can be chosen about the gateway. */
export interface GatewayOptions {
  /**
   * How clients say who they are.
   *
   * @default GatewayAuthentication.apiKeys()
   */
  readonly authentication?: GatewayAuthentication;

  /**
   * Secret of type `kubernetes.io/tls` in the platform's namespace with the serving certificate, read again when it changes.
   *
   * @default - plain HTTP, for an ingress in front that speaks TLS
   */
  readonly tlsSecretName?: string;

  /**
   * How many replicas there are.
   *
   * @default GatewayScaling.cpu()
   */
  readonly scaling?: GatewayScaling;

  /**
   * How much clients may use.
   *
   * @default - for each client 100 requests in a second and 100 at the same time, for all together 1000 at the same time
   */
  readonly limits?: GatewayLimits;

  /**
   * CPU and memory of each replica.
   *
   * @default - requests of 100m CPU and 128 MiB, a memory limit of 512 MiB, no CPU limit
   */
  readonly resources?: ContainerResources;
}
