import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AuditHead, genesis } from './chain';
import type { AuditFiles } from './files';
import type { AuditLimits } from './limits';
import type { CutOff } from './record';
import { cutName, listSegments, Segment, segmentPath } from './segments';
import { crashReach, IntactEnd, intactEnd, tailStart } from './tail';

/** Where the next line goes. */
export interface Position {
  /** The segment that is written to; undefined before the first. */
  readonly segment?: Pick<Segment, 'name' | 'first'>;
  /** Its length up to here. */
  readonly size: number;
  readonly head: AuditHead;
}

/** The log cannot be gone on with, because more is wrong with it than a crash explains. */
export class AuditDamagedError extends Error {
  constructor(message: string) {
    super(`${message}; look into it with verify, and move the folder away to begin a new stream`);
    this.name = 'AuditDamagedError';
  }
}

type Reader = Pick<AuditFiles, 'list' | 'read'>;

/** Finds the end of what a process before left; undefined when there is nothing. Reads only as far back as a crash can reach. What is shipped may have been removed. */
export async function findPosition(
  files: Reader, folder: string, limits: AuditLimits, shipped?: AuditHead,
): Promise<Position | undefined> {
  const segments = await listSegments(files, folder);
  if (segments.length === 0) return undefined;
  const [{ name, first }] = segments;
  const beginningMissing = `the audit log begins with ${name}, so its beginning is missing`;
  if (first > (shipped?.sequence ?? 0) + 1) throw new AuditDamagedError(beginningMissing);
  const end = await endOf(files, folder, segments, limits);
  if (first > 1 && end?.head.stream !== shipped?.stream) throw new AuditDamagedError(beginningMissing);
  return end;
}

async function endOf(files: Reader, folder: string, segments: readonly Segment[], limits: AuditLimits): Promise<Position | undefined> {
  const segment = segments[segments.length - 1];
  const before = segments.slice(0, -1);
  const from = tailStart(segment.size, limits);
  // What is before the first line read: the end of the segment before, the beginning of the stream, or not known. It is not
  // known either where segments before were removed; who may have removed them is the caller's question.
  const previous = from === 0 && before.length > 0 ? await wholeEndOf(files, folder, before, limits) : undefined;
  const isUnknown = from > 0 || (before.length === 0 && segment.first > 1);
  const head = isUnknown ? undefined : previous?.head ?? genesis('');
  if (head !== undefined && head.sequence + 1 !== segment.first) {
    throw new AuditDamagedError(`line ${head.sequence + 1} of the audit log is missing: the next segment is ${segment.name}`);
  }
  const bytes = await files.read(segmentPath(folder, segment), from, segment.size - from);
  const found: IntactEnd = intactEnd({ bytes, from, before: head });
  if (found.head === undefined || found.durableBehind || segment.size - found.end > crashReach(limits)) {
    throw new AuditDamagedError(`${segment.name} was changed at byte ${found.end}, where no crash reaches`);
  }
  if (found.end === 0) return previous;
  return { segment, size: found.end, head: found.head };
}

/** The end of a segment that is not the last: it was durable before the next one began, so nothing may be wrong with it. */
async function wholeEndOf(files: Reader, folder: string, segments: readonly Segment[], limits: AuditLimits): Promise<Position> {
  const { name, size } = segments[segments.length - 1];
  const end = await endOf(files, folder, segments, limits);
  if (end?.segment?.name !== name || end.size !== size) throw new AuditDamagedError(`${name} is not whole, though another segment follows it`);
  return end;
}

/** What is behind a position: no writer was told that any of it is durable. */
export async function bytesBehind(files: Reader, folder: string, { segment, size }: Position, limits: AuditLimits): Promise<Buffer> {
  const segments = await listSegments(files, folder);
  const current = segments.find(({ name }) => name === segment?.name);
  const later = segments.filter(({ first }) => first > (segment?.first ?? 0));
  if (segment !== undefined && (current === undefined || current.size < size)) {
    throw new AuditDamagedError(`${segment.name} lost lines that were durable`);
  }
  const length = later.reduce((sum, one) => sum + one.size, current === undefined ? 0 : current.size - size);
  if (length > crashReach(limits)) throw new AuditDamagedError(`${length} bytes stand behind the last line that this broker wrote`);
  const parts = await Promise.all([
    ...(current === undefined ? [] : [files.read(segmentPath(folder, current), size, current.size - size)]),
    ...later.map((one) => files.read(segmentPath(folder, one), 0, one.size)),
  ]);
  return Buffer.concat(parts);
}

/** Removes what is behind a position, the last segments first, so that a crash on the way leaves no gap. */
export async function cutBack(files: AuditFiles, folder: string, { segment, size }: Position): Promise<void> {
  const segments = await listSegments(files, folder);
  for (const later of segments.filter(({ first }) => first > (segment?.first ?? 0)).reverse()) await files.remove(segmentPath(folder, later));
  const current = segments.find(({ name }) => name === segment?.name);
  if (current !== undefined && current.size > size) await files.truncate(segmentPath(folder, current), size);
}

/** Writes bytes that are about to be cut off into a file of their own. */
export async function keepAside(files: AuditFiles, folder: string, bytes: Buffer, sequence: number): Promise<CutOff> {
  const taken = new Set((await files.list(folder)).map(({ name }) => name));
  let file = cutName(sequence);
  for (let again = 1; taken.has(file); again++) file = `again-${again}-${cutName(sequence)}`;
  const kept = await files.append(join(folder, file), true);
  try {
    await kept.append(bytes);
    await kept.sync();
  } finally {
    await kept.close();
  }
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), file };
}
