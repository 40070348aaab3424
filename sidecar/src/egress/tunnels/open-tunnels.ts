/** Tunnels that are open, so that they end with the process. */
export class OpenTunnels {
  private readonly ends = new Set<() => void>();

  get size(): number {
    return this.ends.size;
  }

  /** Returns what takes it out again. */
  add(end: () => void): () => void {
    this.ends.add(end);
    return () => void this.ends.delete(end);
  }

  /** Ends all of them, with `SHUTDOWN`. */
  endAll(): void {
    [...this.ends].forEach((end) => end());
  }
}
