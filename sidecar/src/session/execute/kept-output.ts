import type { Encoding } from '../../../../src/protocol/session-work';
import type { HeldBytes } from '../held-bytes';
import type { OutputSource } from '../processes';

/** Room that the first output of a command gets. */
const FIRST = 4096;

/** The output of a command until it is answered: copied together, so that many small pieces take no more than their bytes. */
export class KeptOutput {
  private readonly kept: Readonly<Record<OutputSource, Growing>>;

  constructor(maxEach: number, held: HeldBytes) {
    this.kept = { stdout: new Growing(maxEach, held), stderr: new Growing(maxEach, held) };
  }

  add(source: OutputSource, bytes: Uint8Array): void {
    this.kept[source].add(bytes);
  }

  text(source: OutputSource, encoding: Encoding): string {
    return this.kept[source].bytes.toString(encoding);
  }

  /** Whether there was no room for all. */
  isCut(source: OutputSource): boolean {
    return this.kept[source].cut;
  }

  release(): void {
    this.kept.stdout.release();
    this.kept.stderr.release();
  }
}

class Growing {
  cut = false;
  private buffer = Buffer.alloc(0);
  private length = 0;

  constructor(private readonly max: number, private readonly held: HeldBytes) {}

  get bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  add(bytes: Uint8Array): void {
    if (this.cut) return;
    const wanted = Math.min(this.length + bytes.length, this.max);
    if (wanted > this.buffer.length) this.grow(wanted);
    const fitting = bytes.subarray(0, Math.min(bytes.length, this.buffer.length - this.length));
    this.buffer.set(fitting, this.length);
    this.length += fitting.length;
    this.cut = fitting.length < bytes.length;
  }

  release(): void {
    this.held.release(this.buffer.length);
    this.buffer = Buffer.alloc(0);
    this.length = 0;
  }

  /** Both are held while one is copied to the other. Without room for it, what is there is filled. */
  private grow(wanted: number): void {
    const size = Math.min(this.max, Math.max(wanted, 2 * this.buffer.length, FIRST));
    if (!this.held.take(size)) return;
    const larger = Buffer.allocUnsafeSlow(size);
    larger.set(this.bytes);
    this.held.release(this.buffer.length);
    this.buffer = larger;
  }
}
