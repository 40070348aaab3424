import { AuditRecord } from '../../../../../sidecar/src/broker/audit/audit-event';
import { AuditHead } from '../../../../../sidecar/src/broker/audit/log/chain';
import { AuditLimits } from '../../../../../sidecar/src/broker/audit/log/limits';
import { ShipCursor } from '../../../../../sidecar/src/broker/audit/log/ship-cursor';
import { AuditShipper, AuditShipperOptions } from '../../../../../sidecar/src/broker/audit/shipping/ship';
import { AuditEvents, Creation, ShipObserver } from '../../../../../sidecar/src/broker/audit/shipping/ship-delivery';
import { DecisionLine } from '../../../../../sidecar/src/broker/audit/shipping/ship-groups';
import { Lane, SHIP_LANES, shipCursors } from '../../../../../sidecar/src/broker/audit/shipping/ship-lanes';
import { SHIP_LIMITS } from '../../../../../sidecar/src/broker/audit/shipping/ship-limits';
import { AuditEventObject } from '../../../../../sidecar/src/broker/audit/shipping/ship-object';
import { decision, HandTimers, linesIn, NOON, openLog, UNSYNCED, until } from '../support';

export const SYSTEM = 'agent-platform';

/** Lines of the stream `s`, a millisecond apart. */
export function linesOf(events: readonly AuditRecord[], start = NOON): DecisionLine[] {
  return events.map((event, index) => ({
    head: { stream: 'broker-0-00000000', sequence: index + 1, hash: String(index + 1).padStart(64, 'a') },
    content: { type: 'event', time: new Date(start + index).toISOString(), event },
  }));
}

/** A use of a host with a credential. */
export function substitution(change: Partial<AuditRecord> = {}): AuditRecord {
  return decision({
    credential: { name: 'TOKEN', provider: 'UserSuppliedSecret' }, destination: { host: 'api.example.com', port: 443 }, matchedPolicy: 'p1', reason: 'substituted', ...change,
  });
}

/** An API server in memory. Assign `answer` to make it refuse or fail. */
export class MemoryApi implements AuditEvents {
  readonly objects = new Map<string, AuditEventObject>();
  requests = 0;
  answer: (namespace: string, object: AuditEventObject) => Promise<Creation | undefined> = async () => undefined;

  async create(namespace: string, object: AuditEventObject): Promise<Creation> {
    this.requests++;
    const instead = await this.answer(namespace, object);
    if (instead !== undefined) return instead;
    const key = `${namespace}/${object.metadata.name}`;
    if (this.objects.has(key)) return 'exists';
    this.objects.set(key, object);
    return 'created';
  }

  /** How many decisions the events stand for. */
  get decisions(): number {
    return [...this.objects.values()].reduce((sum, { spec }) => sum + (spec.count ?? 1), 0);
  }

  get reasons(): (string | undefined)[] {
    return [...this.objects.values()].map(({ spec }) => spec.reason);
  }
}

/** Remembers what it hears. */
export function observer() {
  const heard = { results: [] as string[], errors: [] as string[] };
  const observe: ShipObserver = {
    shipped: (result) => void heard.results.push(result),
    failed: (error) => void heard.errors.push((error as Error).message),
  };
  return { heard, observe };
}

/** A log with a shipper over one folder, as one process has them. */
export async function shipping(folder: string, api: MemoryApi, options: Partial<AuditShipperOptions> & { readonly log?: Partial<AuditLimits> } = {}) {
  const cursor = new ShipCursor(folder, 'shipped.json');
  const logTimers = new HandTimers();
  const log = await openLog(folder, { cursors: [cursor], files: UNSYNCED, limits: options.log, after: logTimers.after });
  const timers = new HandTimers();
  const { heard, observe } = observer();
  const state = { now: NOON };
  const shipper = new AuditShipper({
    folder,
    cursor,
    takes: () => true,
    head: () => log.heads()[0],
    events: api,
    systemNamespace: SYSTEM,
    observe,
    clock: () => state.now,
    random: () => 1,
    after: timers.after,
    ...options,
  });
  return { cursor, log, logTimers, timers, heard, shipper, state };
}

/** A log with both lanes over one folder. Each has timers of its own; the limits are those of both. */
export async function lanes(folder: string, api: MemoryApi, options: Pick<Partial<AuditShipperOptions>, 'limits' | 'files'> & { readonly log?: Partial<AuditLimits> } = {}) {
  const cursors = shipCursors(folder);
  const logTimers = new HandTimers();
  const state = { now: NOON };
  const clock = (): number => state.now;
  const log = await openLog(folder, { cursors: Object.values(cursors), files: UNSYNCED, limits: options.log, after: logTimers.after, clock });
  const lane = (name: Lane) => {
    const timers = new HandTimers();
    const { heard, observe } = observer();
    const { takes, limits } = SHIP_LANES[name];
    const shipper = new AuditShipper({
      ...options,
      folder,
      cursor: cursors[name],
      takes,
      limits: { ...limits, ...options.limits },
      head: () => log.heads()[0],
      events: api,
      systemNamespace: SYSTEM,
      observe,
      clock,
      random: () => 1,
      after: timers.after,
    });
    /** Lets the time until so many more looks pass. */
    const look = (times = 1): void => {
      for (let count = 0; count < times; count++) timers.fire(SHIP_LIMITS.lookMs);
    };
    return { timers, heard, shipper, look, shipped: () => until(() => shipper.lag().records === 0) };
  };
  return { log, logTimers, cursors, state, decisions: lane('decisions'), uses: lane('uses') };
}

/** Decisions in the files of the log. */
export function decisionsIn(folder: string): number {
  return linesIn(folder).filter(({ type }) => type === 'event').length;
}

export function headOf(folder: string): AuditHead {
  const { stream, sequence, hash } = linesIn(folder).at(-1)!;
  return { stream, sequence, hash };
}
