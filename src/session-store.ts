import { Size } from 'cdk8s';
import { ContainerResources } from 'cdk8s-plus-28';
import { SecretKey } from './credential-grant';
import { NetworkPeer } from './network-peer';
import { ConfigMapKey } from './run-prompt';

/** Options of a store of the platform's own. */
export interface ValkeyStoreOptions {
  /**
   * Image of Valkey 8, or of a later version that takes the same settings: it must have `valkey-server`, `valkey-cli` and a shell. A reference
   * with a digest always runs the same content.
   *
   * @default 'docker.io/valkey/valkey:8.1'
   */
  readonly image?: string;

  /**
   * Size of the volume that keeps sessions when the pod goes.
   *
   * @default Size.gibibytes(1)
   */
  readonly volumeSize?: Size;

  /**
   * StorageClass of the volume.
   *
   * @default - the cluster's default StorageClass
   */
  readonly storageClassName?: string;

  /**
   * Whether sessions are kept when the pod goes. Without, all of them are lost with it, and their workers are ended.
   *
   * @default true
   */
  readonly durable?: boolean;

  /**
   * CPU and memory. Sessions take at most 60 % of the memory limit; a store that is full refuses new ones.
   *
   * @default - requests of 100m CPU and 256 MiB, a memory limit of 512 MiB, no CPU limit
   */
  readonly resources?: ContainerResources;
}

/** A Redis or Valkey that exists already. */
export interface ExistingStoreOptions {
  /**
   * Its URL, in a Secret of the platform's namespace: `rediss://user:password@host:port`. With `redis://` everything, also
   * the password, passes the network in the clear. `?cluster=true` stands for a cluster of several servers.
   */
  readonly url: SecretKey;

  /**
   * PEM of the authorities that may have signed its certificate, in a ConfigMap of the platform's namespace.
   *
   * @default - those of Node
   */
  readonly ca?: ConfigMapKey;

  /** Where it is, one or more; controller and gateway are let out to it. */
  readonly peers: NetworkPeer[];

  /**
   * Port that it listens on, 1 to 65535. Behind a Service, that of its pods.
   *
   * @default 6379
   */
  readonly port?: number;
}

/** Where sessions are kept. Private keys and environments of sessions are sealed before they get there. */
export class SessionStore {
  /**
   * A Valkey of the platform's own: one restricted pod, reached over TLS and by controller and gateway alone.
   *
   * There is one replica, so a drain of its node interrupts new sessions until it runs elsewhere; a PodDisruptionBudget
   * could only forbid the drain. Clusters that need more name an existing store.
   *
   * @param options Image, volume and resources.
   */
  public static valkey(options: ValkeyStoreOptions = {}): SessionStore {
    return new SessionStore(options, undefined);
  }

  /**
   * A Redis 7 or Valkey that somebody else runs: one server or a cluster.
   *
   * @param options Where it is and how it is reached.
   */
  public static existing(options: ExistingStoreOptions): SessionStore {
    return new SessionStore(undefined, options);
  }

  /**
   * The memory of one process. Controller and gateway are processes of their own, so a platform refuses it; it is what they
   * have when they run as one, without a cluster.
   */
  public static memory(): SessionStore {
    return new SessionStore(undefined, undefined);
  }

  private constructor(
    /** @internal */
    public readonly _valkey: ValkeyStoreOptions | undefined,
    /** @internal */
    public readonly _existing: ExistingStoreOptions | undefined,
  ) {}
}
