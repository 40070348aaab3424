import { AuditHead, genesis, headOf, isSealedAfter, SealedLine, unseal } from './chain';
import { AuditLimits, MAX_LINE_BYTES } from './limits';

/** The end of a file as it was read. */
export interface TailBytes {
  readonly bytes: Buffer;
  /** Where in the file the bytes begin. */
  readonly from: number;
  /** The line before `from`; undefined when it is not known, and the first whole line has to stand in for it. */
  readonly before?: AuditHead;
}

/** How far the lines of a file hold together. */
export interface IntactEnd {
  /** Offset in the file behind the last line that is whole and in its place. */
  readonly end: number;
  /** The head there; undefined when there is no such line. */
  readonly head?: AuditHead;
  /** Whether something durable stands behind the end: a line of a batch that began when the one at the end was durable already. */
  readonly durableBehind: boolean;
}

const LINE_FEED = 10;

/** Most of the end of a file that a crash can leave in disorder: one batch, and the line that begins a segment. */
export function crashReach({ batchBytes }: Pick<AuditLimits, 'batchBytes'>): number {
  return batchBytes + 2 * MAX_LINE_BYTES;
}

/** Where to begin reading, so that at least one whole line in front of everything that a crash can reach is seen. */
export function tailStart(size: number, limits: Pick<AuditLimits, 'batchBytes'>): number {
  return Math.max(0, size - crashReach(limits) - 2 * MAX_LINE_BYTES);
}

/** Follows the lines up to the first that is not whole or not in its place. */
export function intactEnd({ bytes, from, before }: TailBytes): IntactEnd {
  const begin = before === undefined ? bytes.indexOf(LINE_FEED) + 1 : 0;
  let head = before;
  let end = from + begin;
  for (const line of wholeLines(bytes.subarray(begin))) {
    const sealed = unseal(line);
    if (sealed === undefined || !continues(head, sealed)) return { end, head, durableBehind: isDurableBehind(head, bytes.subarray(end - from)) };
    head = headOf(sealed);
    end += line.length + 1;
  }
  return { end, head, durableBehind: false };
}

function isDurableBehind(head: AuditHead | undefined, bytes: Buffer): boolean {
  const missing = (head?.sequence ?? 0) + 1;
  return [...wholeLines(bytes)].some((line) => (unseal(line)?.batch ?? 0) > missing);
}

/** The lines that end with a line feed, without it. */
function* wholeLines(bytes: Buffer): Generator<Buffer> {
  for (let start = 0, end = bytes.indexOf(LINE_FEED); end >= 0; start = end + 1, end = bytes.indexOf(LINE_FEED, start)) {
    yield bytes.subarray(start, end);
  }
}

/** Whether a line comes after the head. Without a head, the line is the one to begin with. */
function continues(head: AuditHead | undefined, sealed: SealedLine): boolean {
  if (head === undefined) return true;
  // The first line of a stream brings the stream's name.
  const previous = head.sequence === 0 ? genesis(sealed.stream) : head;
  return sealed.stream === previous.stream && sealed.sequence === previous.sequence + 1 && isSealedAfter(previous.hash, sealed);
}
