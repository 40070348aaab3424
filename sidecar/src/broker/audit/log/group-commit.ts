import type { Clock } from '../../../server/time/clock';
import type { After } from '../../../server/time/timers';

/** Why a record is not written; the broker answers 503. */
export class AuditUnavailableError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'AuditUnavailableError';
  }
}

export interface GroupCommitDeps<T, Done> {
  /** Makes all items durable and says what became of each, or rejects. Never called again before it settles; called without items after a poke. */
  readonly commit: (items: readonly T[]) => Promise<readonly Done[]>;
  readonly sizeOf: (item: T) => number;
  readonly limits: { readonly batchBytes: number; readonly maxWaiting: number; readonly maxWaitMs: number };
  /** Never goes back. */
  readonly monotonic: Clock;
  readonly after: After;
}

interface Waiter<T, Done> {
  readonly item: T;
  readonly since: number;
  readonly resolve: (done: Done) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Lets many writers share one write and sync. While a batch is on its way to the disk, the writers that come
 * queue up and form the next batch; when nothing is on its way, a batch starts at once. So an idle disk adds no
 * waiting, and a busy one is asked once for each of its round trips, however many writers there are.
 */
export class GroupCommit<T, Done> {
  private waiting: Waiter<T, Done>[] = [];
  private batch: readonly Waiter<T, Done>[] = [];
  private batchSince: number | undefined;
  private poked = false;
  private scheduled = false;
  private watched = false;
  private idle: (() => void)[] = [];

  constructor(private readonly deps: GroupCommitDeps<T, Done>) {}

  /** Resolves when the item is durable, with what `commit` says of it. A rejected item that already was on its way to the disk may still get there. */
  add(item: T): Promise<Done> {
    const { monotonic, limits } = this.deps;
    if (this.isStalled()) return Promise.reject(this.tooSlow());
    if (this.waiting.length >= limits.maxWaiting) {
      return Promise.reject(new AuditUnavailableError(`${limits.maxWaiting} audit records are waiting for the disk`));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, since: monotonic(), resolve, reject });
      this.schedule();
      this.watch();
    });
  }

  /** Runs a commit without items when none is running or due. */
  poke(): void {
    this.poked = true;
    this.schedule();
  }

  /** Whether the disk takes longer for a batch than a writer waits. */
  isStalled(): boolean {
    return this.batchSince !== undefined && this.deps.monotonic() - this.batchSince >= this.deps.limits.maxWaitMs;
  }

  /** Resolves when nothing waits and nothing is on its way. */
  async drained(): Promise<void> {
    if (this.batchSince === undefined && !this.scheduled) return;
    await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  /** The requests that came in with the same turn of the event loop are handled first, and share the batch. */
  private schedule(): void {
    if (this.scheduled || this.batchSince !== undefined) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      void this.run();
    });
  }

  private async run(): Promise<void> {
    const { monotonic, commit } = this.deps;
    while (this.waiting.length > 0 || this.poked) {
      this.poked = false;
      // Kept whole, as those who have given up are taken off the other list; to settle them again changes nothing.
      const batch = this.takeBatch();
      this.batch = batch;
      this.batchSince = monotonic();
      try {
        const done = await commit(batch.map(({ item }) => item));
        batch.forEach(({ resolve }, index) => resolve(done[index]));
      } catch (error) {
        for (const { reject } of batch) reject(error as Error);
      }
    }
    this.batch = [];
    this.batchSince = undefined;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  private takeBatch(): readonly Waiter<T, Done>[] {
    const { sizeOf, limits } = this.deps;
    let bytes = 0;
    // The first item always goes, or one that is too big would stop all behind it.
    const end = this.waiting.findIndex(({ item }, index) => (bytes += sizeOf(item)) > limits.batchBytes && index > 0);
    return this.waiting.splice(0, end < 0 ? this.waiting.length : end);
  }

  /** One timer for all writers: it looks at the oldest, and is set only while some wait. */
  private watch(): void {
    const oldest = this.batch[0] ?? this.waiting[0];
    if (this.watched || oldest === undefined) return;
    this.watched = true;
    const { after, monotonic, limits } = this.deps;
    after(Math.max(0, oldest.since + limits.maxWaitMs - monotonic()), () => {
      this.watched = false;
      this.giveUp(monotonic() - limits.maxWaitMs);
      this.watch();
    });
  }

  /** Rejects the writers that came at or before a time. Those not yet on their way leave the queue, and are not written. */
  private giveUp(latest: number): void {
    const late = ({ since }: Waiter<T, Done>): boolean => since <= latest;
    for (const waiter of this.batch.filter(late)) waiter.reject(this.tooSlow());
    this.batch = this.batch.filter((waiter) => !late(waiter));
    for (const waiter of this.waiting.filter(late)) waiter.reject(this.tooSlow());
    this.waiting = this.waiting.filter((waiter) => !late(waiter));
  }

  private tooSlow(): AuditUnavailableError {
    return new AuditUnavailableError(`the disk of the audit log did not answer within ${this.deps.limits.maxWaitMs} ms`);
  }
}
