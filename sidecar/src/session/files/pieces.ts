import type { HeldBytes } from '../held-bytes';

/** Bytes of a piece: so much is read or written at once, as it costs less than to have it done, and others hardly wait. */
export const PIECE = 256 * 1024;

/** Bytes of a piece when there is no room for more. */
const SHORT_PIECE = 16 * 1024;

/** Pieces that are kept for the next file. */
const MAX_IDLE = 8;

/** Memory for files on their way, which is used again: to get fresh memory takes longer than to send what is in it. */
export class Pieces {
  private readonly idle: Buffer[] = [];

  constructor(private readonly held: HeldBytes) {}

  take(): Buffer {
    return this.held.take(PIECE) ? this.idle.pop() ?? Buffer.allocUnsafeSlow(PIECE) : Buffer.allocUnsafeSlow(SHORT_PIECE);
  }

  /** Gives a piece back. One whose bytes may still be on their way to a client that has gone is not used again. */
  release(piece: Buffer, reusable: boolean): void {
    if (piece.length < PIECE) return;
    this.held.release(PIECE);
    if (reusable && this.idle.length < MAX_IDLE) this.idle.push(piece);
  }
}
