import { join } from 'node:path';
import { AuditHead, contentOf, genesis, headOf, isSealedAfter, SealedLine, unseal } from '../log/chain';
import { nodeFiles } from '../log/files';
import { MAX_LINE_BYTES } from '../log/limits';
import { FileLine, linesOf } from '../log/lines';
import type { AuditContent } from '../log/record';
import { listSegments, Segment } from '../log/segments';

/**
 * What can be wrong with a log. `torn` is a last line without end: a write is under way, or was when the broker was
 * stopped, and the next start puts it right. `cut off` and `foreign stream` need an anchor to be seen.
 */
export type AuditProblemKind = 'changed' | 'missing' | 'reordered' | 'torn' | 'cut off' | 'foreign stream';

/** The first thing that is wrong. */
export interface AuditProblem {
  readonly what: AuditProblemKind;
  /** File and line, from 1, where it shows; not there when it is about the whole log. */
  readonly file?: string;
  readonly line?: number;
  readonly message: string;
}

/** What a log holds, up to the problem if there is one. */
export interface AuditCounts {
  readonly segments: number;
  readonly records: number;
  readonly events: number;
  /** How often the log went on after a crash or a failure. */
  readonly recovered: number;
  /** Records at the beginning that were removed after they were shipped. */
  readonly removed: number;
}

export type AuditVerification =
  | { readonly ok: true; readonly counts: AuditCounts; readonly head: AuditHead; /** Anchors of records that are there. */ readonly anchors: number }
  | { readonly ok: false; readonly counts: AuditCounts; readonly head?: AuditHead; readonly problem: AuditProblem };

/** Thrown inside, so that the walk over the lines reads without a check after each step. */
class Found extends Error {
  constructor(readonly problem: AuditProblem) {
    super(problem.message);
  }
}

/**
 * Reads a whole log and follows its chain. The chain alone shows changes by whoever cannot compute hashes; the
 * anchors, each a head that was published while the log was written, show any change and any cut up to the last of them.
 * Every anchor must be of this log. A log may lack its beginning when one of its own records says that it was removed.
 */
export async function verifyAuditLog(folder: string, anchors: readonly AuditHead[] = []): Promise<AuditVerification> {
  const counts = { segments: 0, records: 0, events: 0, recovered: 0, removed: 0 };
  let head: AuditHead | undefined;
  let through = 0;
  try {
    for await (const { segment, number, sealed, content } of sealedLines(folder, () => head)) {
      head = headOf(sealed);
      if (counts.records === 0) counts.removed = head.sequence - 1;
      if (content.type === 'pruned') through = Math.max(through, content.through);
      if (number === 1) counts.segments++;
      counts.records++;
      if (content.type === 'event') counts.events++;
      if (content.type === 'recovered') counts.recovered++;
      checkAnchors(anchors, head, { file: segment.name, line: number });
    }
    if (head === undefined) throw new Found({ what: 'missing', message: 'there is no record' });
    await checkBeginning(folder, counts.removed, through);
    checkEnd(anchors, head);
    return { ok: true, counts, head, anchors: anchors.filter(({ sequence }) => sequence > counts.removed).length };
  } catch (error) {
    if (error instanceof Found) return { ok: false, counts, head, problem: error.problem };
    throw error;
  }
}

interface Walked {
  readonly segment: Segment;
  readonly number: number;
  readonly sealed: SealedLine;
  readonly content: AuditContent;
}

/** All lines in their order, each checked against the one before. */
async function* sealedLines(folder: string, head: () => AuditHead | undefined): AsyncGenerator<Walked> {
  const segments = await listSegments(nodeFiles, folder);
  for (const segment of segments) {
    const begin = (head()?.sequence ?? segments[0].first - 1) + 1;
    if (segment.first !== begin) {
      const what = segment.first < begin ? 'reordered' : 'missing';
      throw new Found({ what, file: segment.name, message: `record ${begin} is not where it belongs: the file begins with record ${segment.first}` });
    }
    let number = 0;
    for await (const line of linesOf(join(folder, segment.name), MAX_LINE_BYTES)) {
      number++;
      const place = { file: segment.name, line: number };
      const isLast = segment === segments[segments.length - 1];
      const sealed = await checkLine(line, head(), place, isLast, () => hasLater(folder, segments, begin, head()), segment.first);
      const content = contentOf(sealed);
      if (content === undefined) throw new Found({ what: 'changed', ...place, message: 'the line is not JSON' });
      yield { segment, number, sealed, content };
    }
  }
}

type Place = Required<Pick<AuditProblem, 'file' | 'line'>>;

async function checkLine(
  line: FileLine, head: AuditHead | undefined, place: Place, isLast: boolean, hasExpected: () => Promise<boolean>, first: number,
): Promise<SealedLine> {
  const found = (what: AuditProblemKind, message: string): Found => new Found({ what, ...place, message });
  if (!line.whole) throw isLast && line.bytes.length <= MAX_LINE_BYTES ? found('torn', TORN) : found('changed', 'the line has no end');
  const sealed = unseal(line.bytes);
  if (sealed === undefined) throw found('changed', 'the line is not as the broker writes it');
  const previous = head ?? beforeFirst(sealed, first);
  const expected = previous.sequence + 1;
  if (isSealedAfter(previous.hash, sealed) && sealed.sequence === expected && sealed.stream === previous.stream) return sealed;
  if (sealed.stream !== previous.stream) throw found('foreign stream', `the record is of stream ${sealed.stream}, the log of ${previous.stream}`);
  if (sealed.sequence < expected) throw found('reordered', `record ${sealed.sequence} stands where record ${expected} belongs`);
  if (sealed.sequence === expected) throw found('changed', `record ${expected} or the one before it is not as it was written`);
  const what = await hasExpected() ? 'reordered' : 'missing';
  throw found(what, `record ${sealed.sequence} stands where record ${expected} belongs`);
}

/** Where the log begins: with its stream, or after lines that were removed, of which only the hash is left. */
function beforeFirst(sealed: SealedLine, first: number): AuditHead {
  const content = first === 1 ? undefined : contentOf(sealed);
  if (content?.type !== 'segment') return genesis(sealed.stream);
  return { stream: sealed.stream, sequence: first - 1, hash: content.previous };
}

/** The chain shows that the record of the removal is the broker's own, so nobody else can cut the log at its beginning. */
async function checkBeginning(folder: string, removed: number, through: number): Promise<void> {
  if (removed <= through) return;
  const [{ name, first }] = await listSegments(nodeFiles, folder);
  throw new Found({ what: 'missing', file: name, message: `record 1 is not where it belongs: the file begins with record ${first}` });
}

const TORN = 'the last line has no end: the broker is writing it now, or was stopped while it did; its next start puts this right';

/** Whether the record that belongs after the head stands anywhere else, so that it was moved and not removed. */
async function hasLater(folder: string, segments: readonly Segment[], begin: number, head: AuditHead | undefined): Promise<boolean> {
  const expected = (head?.sequence ?? 0) + 1;
  for (const { name } of segments.filter(({ first }) => first >= begin)) {
    for await (const { bytes } of linesOf(join(folder, name), MAX_LINE_BYTES)) {
      if (unseal(bytes)?.sequence === expected) return true;
    }
  }
  return false;
}

function checkAnchors(anchors: readonly AuditHead[], head: AuditHead, place: Place): void {
  for (const anchor of anchors) {
    if (anchor.stream === head.stream && anchor.sequence === head.sequence && anchor.hash !== head.hash) {
      throw new Found({ what: 'changed', ...place, message: `record ${head.sequence} is not the one that was anchored: it or one before it was replaced` });
    }
  }
}

function checkEnd(anchors: readonly AuditHead[], { stream, sequence }: AuditHead): void {
  const foreign = anchors.find((anchor) => anchor.stream !== stream);
  if (foreign !== undefined) throw new Found({ what: 'foreign stream', message: `the log is of stream ${stream}, an anchor of ${foreign.stream}` });
  const last = Math.max(0, ...anchors.map((anchor) => anchor.sequence));
  if (last > sequence) throw new Found({ what: 'cut off', message: `the log ends with record ${sequence}, but record ${last} was anchored` });
}
