import { AuditHead, genesis } from './chain';
import { AuditFiles, nodeFiles } from './files';
import type { Position } from './position';
import { segmentName } from './segments';
import { readBatch, ShipBatch } from './ship-batch';
import type { ShipCursor, ShipState } from './ship-cursor';
import { AuditEvents, ShipDelivery, ShipObserver } from './ship-delivery';
import { eventsOf } from './ship-events';
import { SHIP_FLUSH_MS, SHIP_LIMITS, ShipLimits } from './ship-limits';
import type { Clock } from '../../server/clock';
import { after as systemAfter, After } from '../../server/timers';

export interface AuditShipperOptions {
  /** Folder of the log. */
  readonly folder: string;
  /** The end of what is durable. What is behind it is not shipped: it may still be taken back. */
  readonly head: () => AuditHead;
  /** The one that the log was opened with. */
  readonly cursor: ShipCursor;
  readonly events: AuditEvents;
  /** Namespace of the platform, for events that their own namespace does not take. */
  readonly systemNamespace: string;
  readonly observe: ShipObserver;
  readonly clock: Clock;
  /** From 0 to 1; the default is Math.random. */
  readonly random?: () => number;
  readonly limits?: Partial<ShipLimits>;
  readonly files?: Pick<AuditFiles, 'read'>;
  readonly after?: After;
}

/** How far the shipping is behind the log. */
export interface ShipLag {
  readonly records: number;
  /** Since everything was shipped the last time; 0 when everything is. */
  readonly seconds: number;
}

/**
 * Turns the log of one replica into AuditEvents. It reads the files of the log, a batch at a time, and nothing waits for
 * it: an API server that is away costs room on the volume, not memory and not answers. Each record is sent at least
 * once, and a name made from the record sees to it that it is there once.
 */
export class AuditShipper {
  private readonly limits: ShipLimits;
  private readonly delivery: ShipDelivery;
  private readonly after: After;
  private state?: ShipState;
  private currentAt: number;
  private running?: Promise<void>;
  private cancelLook?: () => void;
  private ended = false;

  constructor(private readonly options: AuditShipperOptions) {
    const { events, systemNamespace, observe, random = Math.random, after = systemAfter, clock } = options;
    this.limits = { ...SHIP_LIMITS, ...options.limits };
    this.after = after;
    this.delivery = new ShipDelivery({ events, systemNamespace, observe, random, after, limits: this.limits });
    this.currentAt = clock();
  }

  /** Begins where the cursor is. */
  start(): void {
    void this.shipOnce();
    this.cancelLook = this.after(this.limits.collectMs, () => this.start());
  }

  lag(): ShipLag {
    const records = this.options.head().sequence - this.shipped().head.sequence;
    return { records, seconds: records === 0 ? 0 : Math.max(0, this.options.clock() - this.currentAt) / 1000 };
  }

  /** Ships what is left, for a bounded time. What is still left then is shipped by the next start. False when something is. */
  async stop(withinMs: number = SHIP_FLUSH_MS): Promise<boolean> {
    this.cancelLook?.();
    this.delivery.hurry();
    let over = (): void => undefined;
    const cancel = this.after(withinMs, () => over());
    const late = new Promise<void>((resolve) => over = resolve);
    await Promise.race([this.shipOnce().then(() => this.shipOnce()), late]);
    cancel();
    this.ended = true;
    this.delivery.stop();
    return this.lag().records === 0;
  }

  /** Ships everything that is durable. One at a time: who comes meanwhile waits for the one that runs. */
  private shipOnce(): Promise<void> {
    this.running ??= this.shipAll()
      .catch((error: unknown) => this.options.observe.failed(error))
      .finally(() => this.running = undefined);
    return this.running;
  }

  private async shipAll(): Promise<void> {
    const { cursor, clock } = this.options;
    this.state ??= await cursor.load();
    const { planned } = this.ownState();
    if (planned !== undefined && !await this.shipBatch(planned, await this.read(this.bytesTo(planned), planned.head.sequence))) return;
    while (!this.ended && this.shipped().head.sequence < this.options.head().sequence) {
      const batch = await this.read(this.limits.batchBytes, this.options.head().sequence, this.limits.batchRecords);
      await this.save({ shipped: this.shipped(), planned: batch.to });
      if (!await this.shipBatch(batch.to, batch)) return;
    }
    if (!this.ended) this.currentAt = clock();
  }

  private async shipBatch(planned: Position, { to, decisions }: ShipBatch): Promise<boolean> {
    if (to.head.hash !== planned.head.hash) throw new Error(`record ${planned.head.sequence} of the audit log is not the one that was being shipped`);
    const { systemNamespace } = this.options;
    const delivered = await this.delivery.deliver(eventsOf(decisions, { systemNamespace, eachOfRun: this.limits.eachOfRun }));
    if (delivered && !this.ended) await this.save({ shipped: to });
    return delivered;
  }

  private read(bytes: number, sequence: number, records = Infinity): Promise<ShipBatch> {
    const { files = nodeFiles, folder } = this.options;
    return readBatch(files, folder, this.shipped(), { bytes, sequence, records });
  }

  private async save(state: ShipState): Promise<void> {
    await this.options.cursor.save(state);
    this.state = state;
  }

  private shipped(): Position {
    return this.ownState().shipped;
  }

  /** What was shipped of another stream says nothing about this one. */
  private ownState(): ShipState {
    const { stream } = this.options.head();
    return this.state?.shipped.head.stream === stream ? this.state : { shipped: { segment: FIRST_SEGMENT, size: 0, head: genesis(stream) } };
  }

  /** How much of its segment a batch took, which may be the one after the segment that was shipped last. */
  private bytesTo({ segment, size }: Position): number {
    const { segment: before, size: start } = this.shipped();
    return segment?.name === before?.name ? size - start : size;
  }
}

const FIRST_SEGMENT = { name: segmentName(1), first: 1 };
