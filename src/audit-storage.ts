import { Size } from 'cdk8s';

/** Options of a volume claim for the audit log. */
export interface AuditClaimOptions {
  /**
   * Size of the volume of each replica, 256 MiB or more.
   *
   * @default Size.gibibytes(1)
   */
  readonly size?: Size;

  /**
   * StorageClass of the claims.
   *
   * @default - the cluster's default StorageClass
   */
  readonly storageClassName?: string;
}

/**
 * Where each broker replica keeps its audit log until it is shipped. A decision is
 * answered only once its event is on this storage.
 */
export class AuditStorage {
  /** A volume claim per replica: events survive the loss of the pod and of the node. */
  public static claim(options: AuditClaimOptions = {}): AuditStorage {
    return new AuditStorage(true, options.size ?? Size.gibibytes(1), options.storageClassName);
  }

  /**
   * A folder of the pod: events survive a restart of the container, not the loss of the
   * pod. A pod that is lost with its node takes with it what is not shipped yet: decisions
   * of the last seconds, and uses of hosts of the last ten minutes. One that is ended ships
   * them first, as far as ten seconds suffice. For clusters without storage.
   *
   * @param size Size limit, 256 MiB or more. Default: 256 MiB.
   */
  public static ephemeral(size?: Size): AuditStorage {
    return new AuditStorage(false, size ?? Size.mebibytes(256));
  }

  private constructor(
    /** Whether events outlive the pod. */
    public readonly durable: boolean,
    /** Size of the storage of each replica. */
    public readonly size: Size,
    /** StorageClass of the claims, if one was named. */
    public readonly storageClassName?: string,
  ) {}
}
