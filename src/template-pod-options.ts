import type { Size } from 'cdk8s';
import type { ImagePullPolicy } from './image-pull-policy';
import type { Placement } from './placement';

/** A directory that all runs of a namespace share, whatever their templates: the one with the same name. It stays when runs go. */
export interface SharedDirectory {
  /** Name of the directory, unique in the namespace: a DNS name of at most 56 characters. */
  readonly name: string;

  /**
   * Size of its volume, more than zero. It counts when the volume is made, for the first run that wants it.
   * @default Size.gibibytes(10)
   */
  readonly size?: Size;

  /**
   * StorageClass of its volume, one that several nodes can write to (ReadWriteMany).
   * @default - the cluster's default class
   */
  readonly storageClassName?: string;

  /**
   * Absolute path of the directory in the agent's container. No other volume may be in it, or it in another.
   * @default - '/shared/' and the name
   */
  readonly mountPath?: string;

  /**
   * Whether runs of the template may only read it.
   * @default false
   */
  readonly readOnly?: boolean;
}

/** The pods of the runs of a template, within what every pod of the platform is held to. */
export interface TemplatePodOptions {
  /**
   * Name of the user, for USER, LOGNAME and the home directory `/home/<name>`: at most 32 lower-case letters, digits, `_` and `-`.
   * @default - that of the base template, else 'agent'
   */
  readonly userName?: string;

  /**
   * UID of the processes in the image, from 1 to 2147483647.
   * @default - that of the base template, else 1000
   */
  readonly userId?: number;

  /**
   * GID of the processes in the image, from 1 to 2147483647.
   * @default - that of the base template, else `userId`
   */
  readonly groupId?: number;

  /**
   * When a node pulls the image of the agent.
   * @default - as the base template says, else ImagePullPolicy.IF_NOT_PRESENT
   */
  readonly imagePullPolicy?: ImagePullPolicy;

  /**
   * Where the pods may run. A RuntimeClass isolates them from the node's kernel.
   * @default - as the base template says, else anywhere, with the cluster's default runtime
   */
  readonly placement?: Placement;

  /**
   * Most that the home directory takes, more than zero. It starts empty, and a pod that fills it is evicted.
   * @default - that of the base template, else Size.gibibytes(1)
   */
  readonly homeSize?: Size;

  /**
   * Most that `/tmp` takes, more than zero. A pod that fills it is evicted.
   * @default - that of the base template, else Size.gibibytes(1)
   */
  readonly temporarySize?: Size;

  /**
   * Directories that all runs of a namespace share, at most 16. They replace those of a base template.
   * @default - those of the base template, else none
   */
  readonly sharedDirectories?: SharedDirectory[];
}
