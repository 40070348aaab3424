import { contentOf, headOf, isSealedAfter, unseal } from './chain';
import type { AuditFiles } from './files';
import type { Position } from './position';
import { segmentName, segmentPath } from './segments';
import type { DecisionLine } from './ship-groups';

/** Lines that are shipped together: those of one segment from a position to another. */
export interface ShipBatch {
  readonly to: Position;
  readonly decisions: readonly DecisionLine[];
}

/** How much of the log a batch takes at most; `sequence` is the last line that is durable. */
export interface BatchBounds {
  readonly bytes: number;
  readonly records: number;
  readonly sequence: number;
}

type Reader = Pick<AuditFiles, 'read'>;

const LINE_FEED = 10;

/** Reads the lines after a position. Rejects when they do not continue the chain: what was changed is not passed on as the truth. */
export async function readBatch(files: Reader, folder: string, from: Position, bounds: BatchBounds): Promise<ShipBatch> {
  const inSegment = await readSegment(files, folder, from, bounds);
  if (inSegment !== undefined) return inSegment;
  const first = from.head.sequence + 1;
  const next = from.segment?.first === first ? undefined : { name: segmentName(first), first };
  const inNext = next && await readSegment(files, folder, { segment: next, size: 0, head: from.head }, bounds);
  if (inNext === undefined) throw new Error(`record ${first} of the audit log is not where it belongs`);
  return inNext;
}

function nothingWhenGone(error: NodeJS.ErrnoException): Buffer {
  if (error.code === 'ENOENT') return Buffer.alloc(0);
  throw error;
}

async function readSegment(files: Reader, folder: string, from: Position, bounds: BatchBounds): Promise<ShipBatch | undefined> {
  if (from.segment === undefined) return undefined;
  // A segment that is shipped to its end may have been removed.
  const bytes = await files.read(segmentPath(folder, from.segment), from.size, bounds.bytes).catch(nothingWhenGone);
  const decisions: DecisionLine[] = [];
  let { head } = from;
  let start = 0;
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
    if (head.sequence >= bounds.sequence || head.sequence - from.head.sequence >= bounds.records) break;
    const sealed = unseal(bytes.subarray(start, end));
    if (sealed === undefined || sealed.stream !== head.stream || sealed.sequence !== head.sequence + 1 || !isSealedAfter(head.hash, sealed)) {
      throw new Error(`record ${head.sequence + 1} of the audit log is not as it was written; verify says more`);
    }
    head = headOf(sealed);
    const content = contentOf(sealed);
    if (content?.type === 'event') decisions.push({ head, content });
    start = end + 1;
  }
  return start === 0 ? undefined : { to: { segment: from.segment, size: from.size + start, head }, decisions };
}
