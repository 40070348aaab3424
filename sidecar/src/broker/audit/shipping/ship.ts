import { BatchBounds, readBatch, ShipBatch } from './ship-batch';
import { AuditEvents, ShipDelivery, ShipObserver } from './ship-delivery';
import { eventsOf } from './ship-events';
import { SHIP_FLUSH_MS, SHIP_LIMITS, ShipLimits } from './ship-limits';
import type { Clock } from '../../../server/time/clock';
import { after as systemAfter, After } from '../../../server/time/timers';
import type { AuditRecord } from '../audit-event';
import { AuditHead, genesis } from '../log/chain';
import { AuditFiles, nodeFiles } from '../log/files';
import type { Position } from '../log/position';
import { segmentName } from '../log/segments';
import type { ShipCursor, ShipState } from '../log/ship-cursor';

export interface AuditShipperOptions {
  /** Folder of the log. */
  readonly folder: string;
  /** The end of what is durable. What is behind it is not shipped: it may still be taken back. */
  readonly head: () => AuditHead;
  /** One of those that the log was opened with. */
  readonly cursor: ShipCursor;
  /** Which decisions are shipped; the cursor passes over all others. */
  readonly takes: (record: AuditRecord) => boolean;
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
  /** Those that wait for the end of their window included. */
  readonly records: number;
  /** Since they should have been shipped; 0 when everything is, and while the window lasts. */
  readonly seconds: number;
}

/**
 * Turns the log of one replica into AuditEvents, or what it takes of it. It reads the files of the log, a batch at a
 * time, and nothing waits for it: an API server that is away costs room on the volume, not memory and not answers. Each
 * record is sent at least once, and a name made from the record sees to it that it is there once.
 */
export class AuditShipper {
  private readonly limits: ShipLimits;
  private readonly delivery: ShipDelivery;
  private readonly after: After;
  private state?: ShipState;
  private dueAt: number;
  private looksLeft = 0;
  private running?: Promise<void>;
  private cancelLook?: () => void;
  private ended = false;

  constructor(private readonly options: AuditShipperOptions) {
    const { events, systemNamespace, observe, random = Math.random, after = systemAfter, clock } = options;
    this.limits = { ...SHIP_LIMITS, ...options.limits };
    this.after = after;
    this.delivery = new ShipDelivery({ events, systemNamespace, observe, random, after, limits: this.limits });
    this.dueAt = clock();
  }

  /** Begins where the cursor is. */
  start(): void {
    this.look();
    this.cancelLook = this.after(this.limits.lookMs, () => this.start());
  }

  lag(): ShipLag {
    const records = this.waiting();
    return { records, seconds: records === 0 ? 0 : Math.max(0, this.options.clock() - this.dueAt) / 1000 };
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

  /**
   * Ships what there is when the window is over, and whole batches before. A window that ends while something is being shipped
   * ends with the look after.
   */
  private look(): void {
    const isOver = this.looksLeft === 0;
    if (!isOver) this.looksLeft--;
    if (this.running !== undefined) return;
    if (isOver) this.looksLeft = this.limits.looksOfWindow - 1;
    const waiting = this.waiting();
    const ready = isOver ? waiting : waiting - waiting % this.limits.batchRecords;
    if (isOver || ready > 0) void this.shipOnce(this.shipped().head.sequence + ready);
  }

  /** Ships what is durable now, or only through a line. One at a time: who comes meanwhile waits for the one that runs. */
  private shipOnce(through: number = this.options.head().sequence): Promise<void> {
    this.running ??= this.shipAll(through)
      .catch((error: unknown) => {
        this.looksLeft = 0;
        this.options.observe.failed(error);
      })
      .finally(() => this.running = undefined);
    return this.running;
  }

  /** What comes meanwhile is for the next window. */
  private async shipAll(through: number): Promise<void> {
    const { cursor, clock, head } = this.options;
    const { lookMs, looksOfWindow, batchBytes, batchRecords } = this.limits;
    const dueAt = through < head().sequence ? this.dueAt : clock() + lookMs * looksOfWindow;
    this.state ??= await cursor.load();
    const { planned } = this.ownState();
    if (planned !== undefined) {
      const batch = await this.read({ bytes: Infinity, records: Infinity, sequence: planned.head.sequence });
      if (!await this.shipBatch(planned, batch)) return;
    }
    while (!this.ended && this.shipped().head.sequence < through) {
      const batch = await this.read({ bytes: batchBytes, records: batchRecords, sequence: through });
      await this.save({ shipped: this.shipped(), planned: batch.to });
      if (!await this.shipBatch(batch.to, batch)) return;
    }
    if (!this.ended) this.dueAt = dueAt;
  }

  private async shipBatch(planned: Position, { to, decisions }: ShipBatch): Promise<boolean> {
    if (to.head.hash !== planned.head.hash) throw new Error(`record ${planned.head.sequence} of the audit log is not the one that was being shipped`);
    const { systemNamespace } = this.options;
    const delivered = await this.delivery.deliver(eventsOf(decisions, { systemNamespace, eachOfRun: this.limits.eachOfRun }));
    if (delivered && !this.ended) await this.save({ shipped: to });
    return delivered;
  }

  private read(bounds: BatchBounds): Promise<ShipBatch> {
    const { files = nodeFiles, folder, takes } = this.options;
    return readBatch({ files, folder, takes }, this.shipped(), bounds);
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

  private waiting(): number {
    return this.options.head().sequence - this.shipped().head.sequence;
  }
}

const FIRST_SEGMENT = { name: segmentName(1), first: 1 };
