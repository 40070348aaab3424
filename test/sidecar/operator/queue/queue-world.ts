import type { Again } from '../../../../sidecar/src/operator/operator-deps';
import { WorkQueue, WorkQueueOptions } from '../../../../sidecar/src/operator/queue/work-queue';
import { Time } from '../../kube/lease-world';

export interface Ended {
  readonly again?: Again;
  readonly failure?: Error;
}

/** A queue whose work ends when a test says so, or at once. */
export class QueueWorld {
  readonly time = new Time();
  /** Keys in the order in which work on them began, with the time. */
  readonly begun: (readonly [string, number])[] = [];
  readonly failed: string[] = [];
  readonly open: { readonly key: string; readonly end: (how: Ended) => void }[] = [];
  /** The most that was worked on at the same time. */
  most = 0;
  twice = 0;
  /** The most that began in one turn. */
  mostInTurn = 0;
  atOnce: ((key: string) => Ended) | undefined;
  readonly queue: WorkQueue;

  /** Turns come soon, unless a test gives them itself. */
  constructor(workers: number, turn: NonNullable<WorkQueueOptions['turn']> = queueMicrotask) {
    this.queue = new WorkQueue({
      work: (key) => this.work(key),
      workers,
      clock: () => this.time.now,
      after: (ms, run) => this.time.later(ms, run),
      turn: (run) => turn(() => this.counted(run)),
      random: () => 0.5,
      failed: (key, reason, failures) => this.failed.push(`${key} ${(reason as Error).message} ${failures}`),
    });
  }

  keys(): string[] {
    return this.begun.map(([key]) => key);
  }

  /** Ends the work on the key, or the oldest. */
  async end(how: Ended = {}, which = 0): Promise<void> {
    this.open.splice(which, 1)[0]?.end(how);
    await this.time.pass(0);
  }

  private counted(turn: () => void): void {
    const before = this.begun.length;
    turn();
    this.mostInTurn = Math.max(this.mostInTurn, this.begun.length - before);
  }

  private async work(key: string): Promise<Again> {
    this.begun.push([key, this.time.now]);
    if (this.open.some((one) => one.key === key)) this.twice += 1;
    const { again, failure } = this.atOnce?.(key) ?? await new Promise<Ended>((resolve) => {
      this.open.push({ key, end: resolve });
      this.most = Math.max(this.most, this.open.length);
    });
    if (failure !== undefined) throw failure;
    return again;
  }
}
