import type { DecisionLine } from './ship-groups';
import type { AuditRecord } from '../audit-event';
import { contentOf, headOf, isSealedAfter, unseal } from '../log/chain';
import type { AuditFiles } from '../log/files';
import { MAX_LINE_BYTES } from '../log/limits';
import type { Position } from '../log/position';
import { segmentName, segmentPath } from '../log/segments';

/** Lines that are shipped together: those from a position to another that are taken. */
export interface ShipBatch {
  readonly to: Position;
  readonly decisions: readonly DecisionLine[];
}

/** How much of the log a batch takes at most, with what is read and not taken; `sequence` is the last line that it may hold. */
export interface BatchBounds {
  readonly bytes: number;
  readonly records: number;
  readonly sequence: number;
}

/** What a batch is read from, and which decisions it takes. */
export interface BatchSource {
  readonly files: Pick<AuditFiles, 'read'>;
  readonly folder: string;
  readonly takes: (record: AuditRecord) => boolean;
}

interface Piece extends ShipBatch {
  readonly bytes: number;
}

/** Most that is read at once: taking lines apart holds up everything else. */
const PIECE_BYTES = 128 * 1024;

const LINE_FEED = 10;

/** Reads the lines after a position. Rejects when they do not continue the chain: what was changed is not passed on as the truth. */
export async function readBatch(source: BatchSource, from: Position, { bytes, records, sequence }: BatchBounds): Promise<ShipBatch> {
  const decisions: DecisionLine[] = [];
  let to = from;
  let left = bytes;
  const last = Math.min(sequence, from.head.sequence + records);
  while (to.head.sequence < last && left >= MAX_LINE_BYTES) {
    const piece = await readPiece(source, to, Math.min(left, PIECE_BYTES), last);
    decisions.push(...piece.decisions);
    left -= piece.bytes;
    ({ to } = piece);
  }
  return { to, decisions };
}

async function readPiece(source: BatchSource, from: Position, bytes: number, last: number): Promise<Piece> {
  const inSegment = await readSegment(source, from, bytes, last);
  if (inSegment !== undefined) return inSegment;
  const first = from.head.sequence + 1;
  const next = from.segment?.first === first ? undefined : { name: segmentName(first), first };
  const inNext = next && await readSegment(source, { segment: next, size: 0, head: from.head }, bytes, last);
  if (inNext === undefined) throw new Error(`record ${first} of the audit log is not where it belongs`);
  return inNext;
}

function nothingWhenGone(error: NodeJS.ErrnoException): Buffer {
  if (error.code === 'ENOENT') return Buffer.alloc(0);
  throw error;
}

async function readSegment({ files, folder, takes }: BatchSource, from: Position, length: number, last: number): Promise<Piece | undefined> {
  if (from.segment === undefined) return undefined;
  // A segment that is shipped to its end may have been removed.
  const bytes = await files.read(segmentPath(folder, from.segment), from.size, length).catch(nothingWhenGone);
  const decisions: DecisionLine[] = [];
  let { head } = from;
  let start = 0;
  for (let end = bytes.indexOf(LINE_FEED); end >= 0 && head.sequence < last; end = bytes.indexOf(LINE_FEED, start)) {
    const sealed = unseal(bytes.subarray(start, end));
    if (sealed === undefined || sealed.stream !== head.stream || sealed.sequence !== head.sequence + 1 || !isSealedAfter(head.hash, sealed)) {
      throw new Error(`record ${head.sequence + 1} of the audit log is not as it was written; verify says more`);
    }
    head = headOf(sealed);
    const content = contentOf(sealed);
    if (content?.type === 'event' && takes(content.event)) decisions.push({ head, content });
    start = end + 1;
  }
  return start === 0 ? undefined : { to: { segment: from.segment, size: from.size + start, head }, decisions, bytes: start };
}
