/** A clock and timers that a test moves. */
export class PassingTime {
  now = 0;
  private readonly timers = new Set<{ readonly at: number; readonly run: () => void }>();

  readonly clock = (): number => this.now;

  readonly after = (ms: number, run: () => void): () => void => {
    const timer = { at: this.now + ms, run };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  };

  /** Timers that wait. */
  get waiting(): number {
    return this.timers.size;
  }

  /** Lets time pass, and what was waiting for it happen in its turn. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
      const next = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.timers.delete(next);
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }
}
