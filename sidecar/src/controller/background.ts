/** Work that no request waits for. */
export class Background {
  private readonly open = new Set<Promise<void>>();

  /** Begins it at once. It must not reject. */
  run(work: () => Promise<void>): void {
    const running = work().finally(() => this.open.delete(running));
    this.open.add(running);
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.open.size > 0) await Promise.all(this.open);
  }
}
