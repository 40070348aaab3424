/** Milliseconds since 1970, or endless. */
interface Outage {
  readonly from: number;
  readonly to: number;
}

/** Outages that are remembered; who was idle before an older one has been ended. */
const MAX_KNOWN = 100;

/**
 * When activity could not be noted, as far as the reaper can tell: from the last time that the store did what it was asked for, to
 * when it answers again. In such a time no idle time passes. What was before it began to look, nobody knows.
 */
export class Outages {
  private known: readonly Outage[] = [];
  /** When the present outage began; undefined while all is well. */
  private from: number | undefined = -Infinity;
  private readAt = -Infinity;
  private writtenAt = -Infinity;

  readFailed(): void {
    this.beganAt(this.readAt);
  }

  /** A store may refuse writes alone, and let everything be read. */
  writeFailed(): void {
    this.beganAt(this.writtenAt);
  }

  written(now: number): void {
    this.writtenAt = now;
  }

  /** Whether it can be written is seen by the next write. */
  read(now: number): void {
    this.readAt = now;
    if (this.from === undefined) return;
    const overlapping = this.known.filter(({ to }) => to > this.from!);
    const from = Math.min(this.from, ...overlapping.map((one) => one.from));
    this.known = [...this.known.slice(0, this.known.length - overlapping.length), { from, to: now }].slice(-MAX_KNOWN);
    this.from = undefined;
    this.writtenAt = now;
  }

  /** Milliseconds since some moment in which nothing could be noted. */
  unnotedSince(since: number): number {
    return this.known.reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, since)), 0);
  }

  private beganAt(from: number): void {
    this.from = Math.min(this.from ?? Infinity, from);
  }
}
