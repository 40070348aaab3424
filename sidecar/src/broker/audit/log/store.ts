import { AuditHead, contentText, genesis } from './chain';
import type { AuditFiles } from './files';
import type { AuditLimits } from './limits';
import { bytesBehind, cutBack, findPosition, keepAside, Position } from './position';
import { segmentsToRemove } from './pruning';
import { CutOff } from './record';
import { listSegments, Segment, segmentPath } from './segments';
import { roomIn, Space, spaceProblem } from './space';
import { SegmentWriter } from './writer';
import { MAX_REASON_LENGTH } from '../../../../../src/protocol/resources/audit-event';
import { cutText } from '../../../server/text/cut-text';
import type { Clock } from '../../../server/time/clock';

export interface AuditStoreDeps {
  readonly files: AuditFiles;
  readonly folder: string;
  readonly limits: AuditLimits;
  readonly clock: Clock;
  /** The last line that is shipped, if any: what is before may be removed. */
  readonly shipped: () => AuditHead | undefined;
}

/** The files of the log, and putting them right after a crash or a failure. One call at a time. */
export class AuditStore {
  /** Goes on with what is in the folder, or begins a stream. */
  static async open(deps: AuditStoreDeps, newStream: AuditHead): Promise<AuditStore> {
    const { files, folder, limits } = deps;
    const position: Position = await findPosition(files, folder, limits, deps.shipped()) ?? { size: 0, head: newStream };
    const behind = await bytesBehind(files, folder, position, limits);
    // A crash may have left what no one can explain later, so it is kept. After a failure while running it is known to be a batch that was refused.
    const cut = behind.length === 0 ? undefined : await keepAside(files, folder, behind, position.head.sequence + 1);
    await cutBack(files, folder, position);
    const store = new AuditStore(deps, await SegmentWriter.open({ ...deps, segmentBytes: limits.segmentBytes }, position));
    try {
      if (cut !== undefined) await store.writer.write([store.recovered('the broker was stopped while it wrote', cut)]);
      else if (position.segment === undefined) await store.writer.write([]);
      return store;
    } catch (error) {
      await store.close().catch(() => undefined);
      throw error;
    }
  }

  /** Bytes that may be written before the volume is looked at again. */
  private room = 0;

  private constructor(private readonly deps: AuditStoreDeps, private writer: SegmentWriter) {}

  /** The end of what is durable. */
  get head(): AuditHead {
    return this.writer.position.head;
  }

  /** Resolves when all of it is durable. After a rejection only `recover` helps. */
  async write(texts: readonly string[]): Promise<void> {
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    if (bytes > this.room) await this.inspectVolume();
    this.room -= bytes;
    await this.writer.write(texts);
  }

  /** Takes back what a failed write left, and shows by a record of its own that writing works again. */
  async recover(cause: string): Promise<void> {
    const { files, folder, limits } = this.deps;
    const { position } = this.writer;
    await this.writer.close().catch(() => undefined);
    // Fails when there is more than a refused batch: then somebody else writes here, and it is not ours to cut.
    await bytesBehind(files, folder, position, limits);
    await cutBack(files, folder, position);
    this.writer = await SegmentWriter.open({ ...this.deps, segmentBytes: limits.segmentBytes }, position);
    await this.makeRoom();
    await this.inspectVolume();
    await this.writer.write([this.recovered(cause)]);
  }

  /** Rejects when the file is not as it was left, or the volume is nearly full. */
  async inspect(): Promise<void> {
    const size = await this.writer.size();
    const { size: expected } = this.writer.position;
    if (size === undefined) throw new Error('its file was removed or replaced');
    if (size !== expected) throw new Error(`its file has ${size} bytes and not ${expected}, so somebody else changed it`);
    await this.makeRoom();
    await this.inspectVolume();
  }

  async close(): Promise<void> {
    await this.writer.close();
  }

  private async inspectVolume(): Promise<void> {
    const { limits } = this.deps;
    const volume = await this.volume();
    const problem = spaceProblem(volume, limits);
    if (problem !== undefined) throw new Error(problem);
    this.room = roomIn(volume, limits) / 2;
  }

  /** Removes what is shipped when room gets scarce. A record of it comes first, and is small enough for the reserve. */
  private async makeRoom(): Promise<void> {
    const { files, folder, limits, shipped } = this.deps;
    const volume = await this.volume();
    const { stream, sequence } = shipped() ?? genesis('');
    const removed = segmentsToRemove(volume.segments, stream === this.head.stream ? sequence : 0, roomIn(volume, limits), limits);
    if (removed.length === 0) return;
    const through = volume.segments[removed.length].first - 1;
    await this.writer.write([contentText({ type: 'pruned', time: this.now(), through })]);
    for (const segment of removed) await files.remove(segmentPath(folder, segment));
  }

  private async volume(): Promise<Space & { readonly segments: readonly Segment[] }> {
    const { files, folder } = this.deps;
    const [free, segments] = await Promise.all([files.free(folder), listSegments(files, folder)]);
    return { free, used: segments.reduce((sum, { size }) => sum + size, 0), segments };
  }

  private recovered(cause: string, cut?: CutOff): string {
    return contentText({ type: 'recovered', time: this.now(), cause: cutText(cause, MAX_REASON_LENGTH), ...(cut && { cut }) });
  }

  private now(): string {
    return new Date(this.deps.clock()).toISOString();
  }
}
