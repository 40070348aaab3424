import { Duration, Size } from 'cdk8s';
import { ContainerResources } from 'cdk8s-plus-28';
import { AgentNamespace } from './agent-namespace';
import { IHarnessTemplate } from './harness-template-ref';
import { NetworkPeer } from './network-peer';
import { Placement } from './placement';
import { WorkerWorkload } from './worker-workload';

/** An object store that workers reach directly. */
export interface ObjectStore {
  /** Where it is: `NetworkPeer.internet()`, a network, or pods. A network that holds a cloud metadata address is refused. */
  readonly peers: NetworkPeer[];

  /**
   * Ports of it, each once, 1 to 65535.
   *
   * @default [443]
   */
  readonly ports?: number[];

  /**
   * Addresses of its host names, written into the workers' `/etc/hosts`: workers have no DNS.
   *
   * @default - none; the workers must know it by address
   */
  readonly hostAddresses?: Record<string, string>;
}

/** Properties of `WorkerPool`. */
export interface WorkerPoolProps {
  /** Namespace of the workers. */
  readonly namespace: AgentNamespace;

  /**
   * Name of the pool: an RFC 1123 label of at most 45 characters that begins with a letter, unique in its namespace.
   *
   * @default - the construct id
   */
  readonly name?: string;

  /** Image of the workers, as Kubernetes pulls it. A reference with a digest always runs the same content. */
  readonly image: string;

  /**
   * How the workers live: warm pool, sticky or batch.
   *
   * @default WorkerWorkload.warmPool()
   */
  readonly workload?: WorkerWorkload;

  /**
   * Longest life of a session of a warm pool, however often it is extended: whole seconds, a minute to 30 days. Its worker ends with it.
   *
   * @default Duration.hours(8)
   */
  readonly maxSession?: Duration;

  /**
   * Longest time without a request after which a session of a warm pool ends, unless it asks for another: whole seconds,
   * from 10 up to `maxSession`.
   *
   * @default Duration.minutes(15)
   */
  readonly idleTimeout?: Duration;

  /**
   * HarnessTemplate of the namespace whose policies say what sessions of a warm pool may connect to and which credentials they may use.
   *
   * @default - nothing is granted
   */
  readonly template?: IHarnessTemplate;

  /**
   * Names of credentials that every session of a warm pool gets as environment variables: surrogates, for which the egress proxy
   * puts the real values into requests. The template must require them, and a policy must grant them so, or no session can be
   * made. At most 32, each once.
   *
   * @default - all that the template and its base require, as far as this app makes them; otherwise none
   */
  readonly credentials?: string[];

  /**
   * UID and GID of the processes in the image, 1 to 2147483647.
   *
   * @default 1000
   */
  readonly userId?: number;

  /**
   * Environment of the daemon and of all commands. The values are taken literally.
   * Names that the platform sets itself are refused.
   *
   * @default - none
   */
  readonly env?: Record<string, string>;

  /**
   * Size of the workspace of workers that do not keep it. A worker that fills it is evicted.
   *
   * @default Size.gibibytes(10)
   */
  readonly workspaceSize?: Size;

  /**
   * CPU, memory and ephemeral storage of each worker.
   *
   * @default - requests of 250m CPU and 512 MiB, limits of 2 CPU and 4 GiB
   */
  readonly resources?: ContainerResources;

  /**
   * Whole numbers of extended resources such as `nvidia.com/gpu`.
   *
   * @default - none
   */
  readonly extendedResources?: Record<string, number>;

  /**
   * Where the pool keeps bulk data, reached without the egress gateway: nothing is
   * inspected or replaced on the way, so credentials for it are the workers' own.
   *
   * @default - nowhere
   */
  readonly objectStore?: ObjectStore;

  /**
   * Where the workers may run. A RuntimeClass isolates them from the node's kernel.
   *
   * @default - anywhere, with the cluster's default runtime
   */
  readonly placement?: Placement;
}
