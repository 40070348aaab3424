import { ShipLimits, waitAfter } from './ship-limits';
import { AuditEventObject, movedTo } from './ship-object';
import type { After } from '../../../server/time/timers';

/**
 * What became of an event: it is there now, or was before; or the namespace does not take it, because it is gone, is going,
 * forbids it or is full; or no namespace would, because the object is not of its schema.
 */
export type Creation = 'created' | 'exists' | 'refused' | 'invalid';

/** Where events are kept. */
export interface AuditEvents {
  /** Rejects when it cannot be told, or may be otherwise the next time. */
  create(namespace: string, object: AuditEventObject): Promise<Creation>;
}

/** Hears of each event, for counters and the log. */
export interface ShipObserver {
  /** `moved`: it is in the platform's namespace, because its own did not take it. `dropped`: the log alone has it. */
  shipped(result: 'created' | 'exists' | 'moved' | 'dropped', object: AuditEventObject): void;
  /** Nothing is lost: it is tried again. */
  failed(error: unknown): void;
}

export interface DeliveryDeps {
  readonly events: AuditEvents;
  readonly systemNamespace: string;
  readonly limits: ShipLimits;
  readonly observe: ShipObserver;
  readonly after: After;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Brings events into the API, however long it takes. */
export class ShipDelivery {
  private hurried = false;
  private stopped = false;
  private wake?: () => void;

  constructor(private readonly deps: DeliveryDeps) {}

  /** True when all are where they belong, false when it was stopped before. An event is asked for when its turn has come. */
  async deliver(objects: Iterable<AuditEventObject>): Promise<boolean> {
    const source = objects[Symbol.iterator]();
    let again: AuditEventObject[] = [];
    let over = false;
    const next = (): AuditEventObject | undefined => {
      const object = again.shift() ?? source.next().value as AuditEventObject | undefined;
      over = object === undefined;
      return object;
    };
    for (let failures = 0; !over && !this.stopped;) {
      const { placed, failed } = await this.pass(next);
      if (failed.length === 0) continue;
      failures = placed > 0 ? 1 : failures + 1;
      again = [...failed, ...again];
      over = false;
      await this.wait(this.hurried ? 1 : failures);
    }
    return over;
  }

  /** From now on waits are short, the one that is under way included. */
  hurry(): void {
    this.hurried = true;
    this.wake?.();
  }

  /** Gives up what is not delivered yet. */
  stop(): void {
    this.stopped = true;
    this.wake?.();
  }

  /** Sends all once, several at a time, and answers with those to send again. The first failure ends it: the others would fail as well. */
  private async pass(next: () => AuditEventObject | undefined): Promise<{ readonly placed: number; readonly failed: AuditEventObject[] }> {
    const failed: AuditEventObject[] = [];
    let placed = 0;
    const worker = async (): Promise<void> => {
      while (failed.length === 0 && !this.stopped) {
        const object = next();
        if (object === undefined) return;
        try {
          this.deps.observe.shipped(await this.place(object), object);
          placed++;
        } catch (error) {
          if (failed.length === 0) this.deps.observe.failed(error);
          failed.push(object);
        }
      }
    };
    await Promise.all(Array.from({ length: this.deps.limits.inFlight }, worker));
    return { placed, failed };
  }

  /**
   * A namespace that does not take its events must not hold up the events of all others: a quota of its own would be
   * enough for that. Its events are kept in the platform's namespace instead.
   */
  private async place(object: AuditEventObject): Promise<'created' | 'exists' | 'moved' | 'dropped'> {
    const { systemNamespace } = this.deps;
    const first = await this.create(object);
    if (first === 'invalid') return 'dropped';
    if (first !== 'refused') return first;
    const isSystem = object.metadata.namespace === systemNamespace;
    const second = isSystem ? first : await this.create(movedTo(systemNamespace, object));
    if (second === 'refused') throw new Error(`namespace ${systemNamespace} does not take audit events`);
    return second === 'invalid' ? 'dropped' : 'moved';
  }

  private async create(object: AuditEventObject): Promise<Creation> {
    const { events, after, limits } = this.deps;
    let cancel = (): void => undefined;
    const late = new Promise<never>((_, reject) => {
      cancel = after(limits.createMs, () => reject(new Error(`the API server did not answer within ${limits.createMs} ms`)));
    });
    try {
      return await Promise.race([events.create(object.metadata.namespace, object), late]);
    } finally {
      cancel();
    }
  }

  private wait(failures: number): Promise<void> {
    const { after, random, limits } = this.deps;
    return new Promise((resolve) => {
      if (this.stopped) return resolve();
      const cancel = after(waitAfter(failures, random(), limits), resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
