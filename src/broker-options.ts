import { ContainerResources } from 'cdk8s-plus-28';
import { AuditRetention } from './audit-retention';
import { AuditStorage } from './audit-storage';
import { BrokerCaller } from './broker-caller';
import { BrokerCatalog } from './broker-catalog';
import { BrokerLimits } from './broker-limits';
import { BrokerTls } from './broker-tls';

/** What can be chosen about the broker. */
export interface BrokerOptions {
  /**
   * Number of replicas, 1 to 9. Any replica answers any request.
   *
   * @default - 2; 1 with a catalog of mounted documents
   */
  readonly replicas?: number;

  /**
   * Where the broker learns of runs, templates, policies and credentials.
   *
   * @default BrokerCatalog.kubernetes()
   */
  readonly catalog?: BrokerCatalog;

  /**
   * Where the serving certificate comes from.
   *
   * @default BrokerTls.selfManaged()
   */
  readonly tls?: BrokerTls;

  /**
   * Where the audit log is kept until it is shipped.
   *
   * @default AuditStorage.claim()
   */
  readonly auditStorage?: AuditStorage;

  /**
   * For how long the AuditEvents that the broker makes in the cluster are kept. Refused with `BrokerCatalog.directory`, with which it makes none.
   *
   * @default AuditRetention.atLeast(Duration.days(7))
   */
  readonly auditRetention?: AuditRetention;

  /**
   * ServiceAccounts from elsewhere that may act for runs and sessions that are not their own.
   *
   * @default - none
   */
  readonly callers?: BrokerCaller[];

  /**
   * How often one caller may ask for one run.
   *
   * @default - 5 credentials, 100 answers about connections and 50 exchanges in a second
   */
  readonly limits?: BrokerLimits;

  /**
   * CPU and memory of each replica.
   *
   * @default - requests of 100m CPU and 128 MiB, a memory limit of 256 MiB, no CPU limit
   */
  readonly resources?: ContainerResources;
}
