import { contentText, seal } from './chain';
import type { AppendFile, AuditFiles } from './files';
import type { Position } from './position';
import { segmentName, segmentPath } from './segments';
import type { Clock } from '../../../server/time/clock';

export interface SegmentWriterDeps {
  readonly files: AuditFiles;
  readonly folder: string;
  readonly segmentBytes: number;
  readonly clock: Clock;
}

/** Seals contents into the chain and makes them durable, one segment after another. One call at a time. */
export class SegmentWriter {
  /** Goes on at a position. Nothing may be behind it. */
  static async open(deps: SegmentWriterDeps, position: Position): Promise<SegmentWriter> {
    const writer = new SegmentWriter(deps, position);
    if (position.segment !== undefined) writer.file = await deps.files.append(segmentPath(deps.folder, position.segment), false);
    return writer;
  }

  private file?: AppendFile;

  private constructor(private readonly deps: SegmentWriterDeps, private at: Position) {}

  /** The end of what is durable. */
  get position(): Position {
    return this.at;
  }

  /** Resolves when all of it is durable. After a rejection the file may end anywhere, and the writer is of no more use. */
  async write(texts: readonly string[]): Promise<void> {
    const { size, segment } = this.at;
    if (segment === undefined || size >= this.deps.segmentBytes) await this.begin(texts);
    else await this.append(this.file!, segment, size, texts);
  }

  /** Length of the file that is written to; undefined when its name leads elsewhere, and when it is closed. */
  async size(): Promise<number | undefined> {
    return this.file?.size();
  }

  async close(): Promise<void> {
    const file = this.file;
    this.file = undefined;
    await file?.close();
  }

  /** Begins a segment; its first line is durable together with those that made it necessary. */
  private async begin(texts: readonly string[]): Promise<void> {
    const { files, folder, clock } = this.deps;
    const { sequence, hash } = this.at.head;
    const first = sequence + 1;
    const segment = { name: segmentName(first), first };
    const time = new Date(clock()).toISOString();
    const opening = contentText(sequence === 0 ? { type: 'started', time } : { type: 'segment', time, previous: hash });
    const full = this.file;
    this.file = await files.append(segmentPath(folder, segment), true);
    await full?.close();
    await this.append(this.file, segment, 0, [opening, ...texts]);
  }

  private async append(file: AppendFile, segment: Position['segment'], size: number, texts: readonly string[]): Promise<void> {
    let { head } = this.at;
    const batch = head.sequence + 1;
    let lines = '';
    for (const text of texts) {
      const sealed = seal(head, batch, text);
      head = sealed.head;
      lines += sealed.line;
    }
    const bytes = Buffer.from(lines, 'utf8');
    await file.append(bytes);
    await file.sync();
    // Only now: what is not durable has never been.
    this.at = { segment, size: size + bytes.length, head };
  }
}
