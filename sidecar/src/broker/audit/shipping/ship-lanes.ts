import { isUse } from './ship-groups';
import { SHIP_LIMITS, ShipLimits, USE_LIMITS } from './ship-limits';
import type { AuditRecord } from '../audit-event';
import { ShipCursor } from '../log/ship-cursor';

/**
 * Uses of hosts are most of the log, and an open connection is one again and again. They are shipped apart, in summaries over a
 * long window, and every other decision at once.
 */
export type Lane = 'decisions' | 'uses';

export interface ShipLane {
  /** Name of the file that says how far the lane is. */
  readonly file: string;
  readonly takes: (record: AuditRecord) => boolean;
  readonly limits: ShipLimits;
}

export const SHIP_LANES: Readonly<Record<Lane, ShipLane>> = {
  decisions: { file: 'shipped.json', takes: (record) => !isUse(record), limits: SHIP_LIMITS },
  uses: { file: 'shipped-uses.json', takes: isUse, limits: USE_LIMITS },
};

export type ShipCursors = Readonly<Record<Lane, ShipCursor>>;

/** How far each lane of a log is. */
export function shipCursors(folder: string): ShipCursors {
  const cursor = (lane: Lane): ShipCursor => new ShipCursor(folder, SHIP_LANES[lane].file);
  return { decisions: cursor('decisions'), uses: cursor('uses') };
}
