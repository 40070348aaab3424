import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { OutputDelivery } from './output-delivery';
import { OUTPUT_WINDOW, OutputSource, TakeOutput } from './processes';

/** What a pipe holds at most, with what its stream has read ahead. */
const IN_PIPE = 128 * 1024;

/** The output of a command that Node reads: capped, and paused while its taker is slow. */
export class NodeCommandOutput {
  dropped = 0;
  private left: number;
  private waiting = 0;
  private arrived = 0;
  private readonly delivery: OutputDelivery;
  private readonly closed: Promise<void>;
  private readonly onData: (bytes: Buffer) => void;

  constructor(private readonly stream: Readable, source: OutputSource, maxOutput: number, take: TakeOutput, onError: (error: unknown) => void) {
    this.left = maxOutput;
    this.delivery = new OutputDelivery(source, take, (bytes) => this.taken(bytes), onError);
    this.closed = new Promise((resolve) => stream.once('close', () => resolve()));
    stream.on('error', () => undefined);
    this.onData = (bytes) => this.take(bytes);
    stream.on('data', this.onData);
  }

  /**
   * Resolves when all was taken: when nobody holds the pipe any more, or when the grace is over and what was in the
   * pipe by then has been taken. What comes later is read and dropped, so that no writer is held up or ended by it.
   */
  async finish(grace: Promise<void>): Promise<void> {
    const cut = await Promise.race([this.closed.then(() => false), grace.then(() => true)]);
    if (cut) await this.takeWhatIsThere();
    this.stream.off('data', this.onData);
    this.stream.resume();
    (this.stream as Socket).unref();
    await this.delivery.idle();
  }

  private async takeWhatIsThere(): Promise<void> {
    const until = this.arrived + IN_PIPE;
    for (let before = -1; before !== this.arrived && this.arrived < until;) {
      before = this.arrived;
      await this.delivery.idle();
      // The loop looks at the pipe between two of these.
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private take(bytes: Buffer): void {
    this.arrived += bytes.length;
    const kept = bytes.subarray(0, this.left);
    this.left -= kept.length;
    this.dropped += bytes.length - kept.length;
    if (kept.length === 0) return;
    this.waiting += kept.length;
    this.delivery.deliver(kept);
    if (this.waiting >= OUTPUT_WINDOW && this.left > 0) this.stream.pause();
  }

  private taken(bytes: number): void {
    this.waiting -= bytes;
    if (this.waiting < OUTPUT_WINDOW / 2) this.stream.resume();
  }
}
