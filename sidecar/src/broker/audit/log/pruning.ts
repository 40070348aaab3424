import type { AuditLimits } from './limits';
import type { Segment } from './segments';

/** Room for this many whole segments is kept free, so that there is time to ship while the log grows. */
const SEGMENTS_AHEAD = 2;

/**
 * The segments that are removed to make room, the oldest first: none while there is room, none with a line that is not
 * shipped, and never the last two: one is written to, and a crash may leave it without a line.
 */
export function segmentsToRemove(segments: readonly Segment[], shippedThrough: number, room: number, { segmentBytes }: Pick<AuditLimits, 'segmentBytes'>): Segment[] {
  const missing = SEGMENTS_AHEAD * segmentBytes - room;
  const removed: Segment[] = [];
  let gained = 0;
  for (let index = 0; index < segments.length - 2 && gained < missing; index++) {
    if (segments[index + 1].first - 1 > shippedThrough) break;
    removed.push(segments[index]);
    gained += segments[index].size;
  }
  return removed;
}
