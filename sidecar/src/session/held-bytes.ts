/** A number of bytes that all requests together may hold in memory. Nobody waits: who gets none does without. */
export class HeldBytes {
  constructor(private left: number) {}

  /** Whether so many bytes may be held; they are given back by `release`. */
  take(bytes: number): boolean {
    if (bytes > this.left) return false;
    this.left -= bytes;
    return true;
  }

  release(bytes: number): void {
    this.left += bytes;
  }
}
