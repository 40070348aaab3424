import { Duration } from 'cdk8s';

/** For how long the AuditEvents in the cluster are kept. The audit log of the broker is another matter. */
export class AuditRetention {
  /**
   * Events are removed once they are older than that: by a CronJob of its own account, which looks once an hour.
   *
   * @param time From one hour to 1,825 days, in whole seconds.
   */
  public static atLeast(time: Duration): AuditRetention {
    return new AuditRetention(time);
  }

  /** The platform removes none. They are in the cluster's etcd, so somebody else has to before that is full. */
  public static forever(): AuditRetention {
    return new AuditRetention();
  }

  private constructor(
    /** Age at which events are removed; missing when they are not. */
    public readonly time?: Duration,
  ) {}
}
