import { Duration, Size } from 'cdk8s';

/** Options of a warm pool. */
export interface WarmPoolOptions {
  /**
   * Workers that wait for a session, 0 to 500. A claimed worker leaves the pool and is replaced.
   *
   * @default 2
   */
  readonly replicas?: number;
}

/** Options of workers that keep their workspace. */
export interface StickyPoolOptions {
  /**
   * Number of workers, 0 to 500. Each keeps its name and its volume.
   *
   * @default 1
   */
  readonly replicas?: number;

  /**
   * Size of each worker's volume, mounted as its workspace.
   *
   * @default Size.gibibytes(10)
   */
  readonly volumeSize?: Size;

  /**
   * StorageClass of the volumes.
   *
   * @default - the cluster's default StorageClass
   */
  readonly storageClassName?: string;
}

/** Options of a batch of workers. */
export interface BatchOptions {
  /** The program that the workers run in place of a session. Ends with 0 when the work is done. */
  readonly command: string[];

  /**
   * Runs that must succeed, 1 to 10000.
   *
   * @default 1
   */
  readonly completions?: number;

  /**
   * Runs at the same time, 0 to 500; 0 pauses the batch.
   *
   * @default 1
   */
  readonly parallelism?: number;

  /**
   * Failed runs after which the batch fails, 0 to 100.
   *
   * @default 3
   */
  readonly backoffLimit?: number;

  /**
   * Time after which a finished batch is deleted, in whole seconds up to a year; zero deletes it at once.
   *
   * @default Duration.hours(1)
   */
  readonly ttlAfterFinished?: Duration;

  /**
   * Time after which a batch that still runs is ended, in whole seconds up to a year.
   *
   * @default - no limit
   */
  readonly activeDeadline?: Duration;
}

/** How the workers of a pool live. */
export class WorkerWorkload {
  /** Interchangeable workers that wait for a session, each used once: a Deployment. */
  public static warmPool(options: WarmPoolOptions = {}): WorkerWorkload {
    return new WorkerWorkload(options, undefined, undefined);
  }

  /** Workers with a name and a volume of their own, addressed one by one: a StatefulSet. */
  public static sticky(options: StickyPoolOptions = {}): WorkerWorkload {
    return new WorkerWorkload(undefined, options, undefined);
  }

  /** Workers that run a program of the image to its end, without a session: a Job. */
  public static batch(options: BatchOptions): WorkerWorkload {
    return new WorkerWorkload(undefined, undefined, options);
  }

  private constructor(
    /** @internal */
    public readonly _warm?: WarmPoolOptions,
    /** @internal */
    public readonly _sticky?: StickyPoolOptions,
    /** @internal */
    public readonly _batch?: BatchOptions,
  ) {}
}
