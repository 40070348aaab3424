import { anchorEvents, publishAnchors } from './anchors';
import { AuditShipper, ShipLag } from './ship';
import type { AuditEvents, ShipObserver } from './ship-delivery';
import { Lane, SHIP_LANES, ShipCursors } from './ship-lanes';
import type { Logger } from '../../../server/telemetry/log';
import type { Clock } from '../../../server/time/clock';
import type { After } from '../../../server/time/timers';
import type { AuditHead } from '../log/chain';
import { API_ANCHOR_MS } from '../log/limits';

export interface ShippingOptions {
  /** Folder of the audit log. */
  readonly folder: string;
  /** Those that the log was opened with. */
  readonly cursors: ShipCursors;
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
  lag(): Readonly<Record<Lane, ShipLag>>;
  /** Ships what is left, for a bounded time. Before the log is closed. */
  close(): Promise<void>;
}

/** Brings the audit log and its anchors into the API from now on. */
export function startShipping(options: ShippingOptions): Shipping {
  const { head, events, namespace, observe, log, clock, after } = options;
  const decisions = laneShipper('decisions', options);
  const uses = laneShipper('uses', options);
  const lag = (): Record<Lane, ShipLag> => ({ decisions: decisions.lag(), uses: uses.lag() });
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
  decisions.start();
  uses.start();
  return {
    lag,
    close: async () => {
      const whole = await Promise.all([decisions.stop(), uses.stop()]);
      // An API server that takes no events is not asked for an anchor either: it would hold up the end.
      if (whole.every(Boolean)) await stopAnchors();
      else log.warn({ lag: lag() }, 'not everything of the audit log is shipped; the next start goes on with it');
    },
  };
}

/** Tells the log once when the lane fails and once when it works again. */
function laneShipper(lane: Lane, { folder, cursors, head, events, namespace, observe, log, clock, after }: ShippingOptions): AuditShipper {
  let fails = false;
  const told: ShipObserver = {
    failed: (err) => {
      observe.failed(err);
      if (!fails) log.warn({ err, lane }, 'audit events cannot be shipped; they wait in the audit log');
      fails = true;
    },
    shipped: (result, object) => {
      observe.shipped(result, object);
      if (result === 'dropped') log.error({ event: object.metadata.name }, 'an audit event fits no schema of the cluster; it is in the audit log only');
      if (fails) log.info({ lane }, 'audit events are shipped again');
      fails = false;
    },
  };
  const { takes, limits } = SHIP_LANES[lane];
  return new AuditShipper({ folder, cursor: cursors[lane], takes, limits, head, events, systemNamespace: namespace, observe: told, clock, after });
}
