import type { OutputSource, TakeOutput } from './processes';

/** Gives the bytes of one source to a taker, one after the other, and says when it has taken them. */
export class OutputDelivery {
  private queue: Promise<void> | undefined;
  private failed = false;

  constructor(
    private readonly source: OutputSource,
    private readonly take: TakeOutput,
    private readonly onTaken: (bytes: number) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Takers that need no time get the bytes at once: most commands say little. */
  deliver(bytes: Buffer): void {
    if (this.queue !== undefined) {
      this.enqueue(this.queue.then(() => this.hand(bytes)), bytes.length);
      return;
    }
    try {
      const taking = this.hand(bytes);
      if (taking instanceof Promise) this.enqueue(taking, bytes.length);
      else this.onTaken(bytes.length);
    } catch (error) {
      this.fail(error, bytes.length);
    }
  }

  /** Resolves when everything was taken or given up. */
  async idle(): Promise<void> {
    while (this.queue !== undefined) await this.queue;
  }

  private hand(bytes: Buffer): void | Promise<void> {
    return this.failed ? undefined : this.take(this.source, bytes);
  }

  private enqueue(taking: Promise<void>, bytes: number): void {
    const mine = taking.then(() => this.onTaken(bytes), (error) => this.fail(error, bytes)).then(() => {
      if (this.queue === mine) this.queue = undefined;
    });
    this.queue = mine;
  }

  /** From here on bytes count as taken, so that the command is not held up until it is killed. */
  private fail(error: unknown, bytes: number): void {
    this.failed = true;
    this.onError(error);
    this.onTaken(bytes);
  }
}
