import { anchorEvents, publishAnchors } from './audit/anchors';
import type { AuditHead } from './audit/chain';
import { API_ANCHOR_MS } from './audit/limits';
import { AuditShipper, ShipLag } from './audit/ship';
import type { ShipCursor } from './audit/ship-cursor';
import type { AuditEvents, ShipObserver } from './audit/ship-delivery';
import type { Clock } from '../server/clock';
import type { Logger } from '../server/log';
import type { After } from '../server/timers';

export interface ShippingOptions {
  /** Folder of the audit log. */
  readonly folder: string;
  /** The one that the log was opened with. */
  readonly cursor: ShipCursor;
  /** The end of what is durable. */
  readonly head: () => AuditHead;
  readonly events: AuditEvents;
  /** Namespace of the platform: of the anchors, and of events that no other namespace takes. */
  readonly namespace: string;
  readonly observe: ShipObserver;
  readonly log: Logger;
  readonly clock: Clock;
  readonly after?: After;
}

export interface Shipping {
  lag(): ShipLag;
  /** Ships what is left, for a bounded time. Before the log is closed. */
  close(): Promise<void>;
}

/** Brings the audit log and its anchors into the API from now on, and tells the log once when it fails and once when it works again. */
export function startShipping({ folder, cursor, head, events, namespace, observe, log, clock, after }: ShippingOptions): Shipping {
  let fails = false;
  const told: ShipObserver = {
    failed: (err) => {
      observe.failed(err);
      if (!fails) log.warn({ err }, 'audit events cannot be shipped; they wait in the audit log');
      fails = true;
    },
    shipped: (result, object) => {
      observe.shipped(result, object);
      if (result === 'dropped') log.error({ event: object.metadata.name }, 'an audit event fits no schema of the cluster; it is in the audit log only');
      if (fails) log.info('audit events are shipped again');
      fails = false;
    },
  };
  const shipper = new AuditShipper({ folder, cursor, head, events, systemNamespace: namespace, observe: told, clock, after });
  let anchorsFail = false;
  const anchorFailed = (err: unknown): void => {
    observe.failed(err);
    // Apart from events: definitions of another owner may not know anchors, and take everything else.
    if (!anchorsFail) log.warn({ err }, 'the audit log cannot be anchored in the API; anchors are in this log only');
    anchorsFail = true;
  };
  const stopAnchors = publishAnchors({
    heads: () => [head()], publish: anchorEvents(events, namespace, clock), failed: anchorFailed, everyMs: API_ANCHOR_MS, after,
  });
  shipper.start();
  return {
    lag: () => shipper.lag(),
    close: async () => {
      const whole = await shipper.stop();
      if (!whole) log.warn({ lag: shipper.lag() }, 'not everything of the audit log is shipped; the next start goes on with it');
      // An API server that takes no events is not asked for this either: it would hold up the end.
      if (whole) await stopAnchors();
    },
  };
}
