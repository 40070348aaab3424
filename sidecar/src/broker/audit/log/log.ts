import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { AuditHead, contentText, genesis } from './chain';
import { AuditFiles, nodeFiles } from './files';
import { AuditUnavailableError, GroupCommit } from './group-commit';
import { AUDIT_LIMITS, AuditLimits } from './limits';
import { FolderLock, lockFolder } from './lock';
import { eventContent } from './record';
import { ShipCursor, shippedByAll } from './ship-cursor';
import { AuditStore } from './store';
import type { Clock } from '../../../server/time/clock';
import { after as systemAfter, After } from '../../../server/time/timers';
import type { Audit, AuditRecord } from '../audit-event';

export interface AuditLogOptions {
  /** Folder of the log, made when it is not there. */
  readonly folder: string;
  /** Name of this replica. The stream is named after it. */
  readonly replica: string;
  readonly clock: Clock;
  /** How far each lane of the log is shipped: what all have shipped may be removed when room gets scarce. Without any nothing ever is. */
  readonly cursors?: readonly ShipCursor[];
  readonly limits?: Partial<AuditLimits>;
  readonly files?: AuditFiles;
  readonly after?: After;
  /** Milliseconds that never go back; waiting is measured with it. */
  readonly monotonic?: Clock;
}

/**
 * The audit log of one replica: JSON lines in a folder, each sealed with a hash over all before it. A record
 * that `write` has accepted survives a kill and a power cut.
 */
export class AuditLog implements Audit {
  /** Takes the folder and goes on where the log ends; rejects when the log is another's, or is damaged in a way that no crash explains. */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    const { folder, replica, clock, cursors = [], files = nodeFiles } = options;
    const limits = { ...AUDIT_LIMITS, ...options.limits };
    if (!REPLICA.test(replica)) throw new Error(`the name of the replica must be lower-case letters, digits, '-' and '.', got ${JSON.stringify(replica)}`);
    await files.prepare(folder);
    const lock = await lockFolder(folder);
    try {
      const newStream = genesis(`${replica}-${randomBytes(4).toString('hex')}`);
      await Promise.all(cursors.map((cursor) => cursor.load()));
      const store = await AuditStore.open({ files, folder, limits, clock, shipped: () => shippedByAll(cursors) }, newStream);
      const { stream } = store.head;
      if (!stream.startsWith(`${replica}-`) || !STREAM_SUFFIX.test(stream.slice(replica.length))) {
        await store.close();
        throw new Error(`the audit folder ${folder} holds the stream ${stream}, which is not of ${replica}`);
      }
      const log = new AuditLog(store, lock, clock, limits, options.after ?? systemAfter, options.monotonic ?? (() => performance.now()));
      await log.look();
      log.scheduleLook();
      return log;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  private readonly commits: GroupCommit<string, string>;
  private failure?: string;
  private closed = false;
  private cancelLook?: () => void;

  private constructor(
    private readonly store: AuditStore,
    private readonly lock: FolderLock,
    private readonly clock: Clock,
    private readonly limits: AuditLimits,
    private readonly after: After,
    monotonic: Clock,
  ) {
    this.commits = new GroupCommit<string, string>({
      commit: (texts) => this.commit(texts),
      sizeOf: (text) => Buffer.byteLength(text) + LINE_OVERHEAD,
      limits,
      monotonic,
      after,
    });
  }

  write(record: AuditRecord): Promise<string> {
    const problem = this.unready();
    if (problem !== undefined) return Promise.reject(new AuditUnavailableError(problem));
    return this.commits.add(contentText(eventContent(record, new Date(this.clock()).toISOString())));
  }

  unready(): string | undefined {
    if (this.closed) return 'the audit log is closed';
    if (this.failure !== undefined) return this.failure;
    return this.commits.isStalled() ? 'the disk of the audit log does not answer' : undefined;
  }

  /** What is durable: one head for each stream of this process, which is one. What is behind it may still be taken back. */
  heads(): readonly AuditHead[] {
    return [this.store.head];
  }

  /** Lets writers that wait finish, for as long as a writer may wait, and gives the folder back. Safe to call again. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.cancelLook?.();
    let cancel = (): void => undefined;
    const patience = new Promise<boolean>((resolve) => cancel = this.after(this.limits.maxWaitMs, () => resolve(false)));
    const drained = await Promise.race([this.commits.drained().then(() => this.store.close()).then(() => true), patience]);
    cancel();
    // A write that hangs may still reach the file, so the folder is not free before this process ends.
    if (drained) await this.lock.release();
  }

  /** Answers the id of each line. One batch at a time, so that nothing below has to mind a second. Without texts it is a look at the file and the volume. */
  private async commit(texts: readonly string[]): Promise<readonly string[]> {
    if (texts.length === 0) {
      await this.look();
      return [];
    }
    // Those that were queued when an earlier batch failed. Trying again is left to the probe, which first puts the file right.
    if (this.failure !== undefined) throw new AuditUnavailableError(this.failure);
    try {
      await this.store.write(texts);
    } catch (error) {
      this.fail(error);
      throw new AuditUnavailableError(this.failure!);
    }
    const { stream, sequence } = this.store.head;
    return texts.map((_, index) => `${stream}-${sequence - texts.length + 1 + index}`);
  }

  /** Sees whether the log can be written: after a failure by writing to it. */
  private async look(): Promise<void> {
    try {
      if (this.failure !== undefined) await this.store.recover(this.failure);
      await this.store.inspect();
      this.failure = undefined;
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.failure = `the audit log cannot be written: ${(error as Error).message}`;
    if (!this.closed) this.scheduleLook();
  }

  private scheduleLook(): void {
    this.cancelLook?.();
    this.cancelLook = this.after(this.failure === undefined ? this.limits.inspectMs : this.limits.probeMs, () => {
      this.commits.poke();
      this.scheduleLook();
    });
  }
}

/** Names that a pod can have, short enough to fit a line with the suffix. */
const REPLICA = /^[a-z0-9]([a-z0-9.-]{0,98}[a-z0-9])?$/;

/** A stream is the replica's and the folder's: a replica that lost its volume begins another one, and does not seem to have changed the first. */
const STREAM_SUFFIX = /^-[0-9a-f]{8}$/;

/** What sealing adds to a text. */
const LINE_OVERHEAD = 256;
