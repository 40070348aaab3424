import type { ServingCertificate } from '../../kube/serving-certificate';
import type { Logger } from '../../server/telemetry/log';
import type { Clock } from '../../server/time/clock';
import type { AuditEvents } from '../audit/shipping/ship-delivery';
import type { BrokerDeps } from '../broker-deps';
import type { BrokerMetrics } from '../metrics';
import type { SlotStore } from '../slots/slot-store';

/** What every world is opened with. */
export interface WorldContext {
  readonly log: Logger;
  readonly clock: Clock;
  readonly metrics: Pick<BrokerMetrics, 'reviewed'>;
}

/** Where a broker takes what it knows from, and keeps what others must know. */
export interface BrokerWorld extends Pick<BrokerDeps, 'catalog' | 'callers' | 'keyring' | 'revocations'> {
  readonly slots: SlotStore;
  /** Where the audit log is shipped to; without it the log stays where it is. */
  readonly shipTo?: { readonly events: AuditEvents; readonly namespace: string };
  /** The certificate that the replicas make for themselves, if they do. */
  readonly certificate?: ServingCertificate;
  /** Seconds since the state of runs was known to be current, where that can differ. */
  readonly catalogAge?: () => number;
  /** Objects that are left out, by kind, where one that cannot be used does not stop the others. */
  readonly refusedObjects?: () => Readonly<Record<string, number>>;
  /** Why it cannot be relied on now; undefined when it can. */
  unready(): string | undefined;
  close(): Promise<void>;
}
