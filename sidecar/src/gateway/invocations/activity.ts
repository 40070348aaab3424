import { ACTIVITY_EVERY } from '../../../../src/protocol/session-record';
import type { Logger } from '../../server/telemetry/log';
import type { Clock } from '../../server/time/clock';
import type { After } from '../../server/time/timers';
import { LARGEST_TOUCH, type SessionStore } from '../../store/store';

/** Sessions whose activity waits to be written, while the store does not answer. */
const MAX_WAITING = 100_000;

export interface ActivityOptions {
  readonly store: Pick<SessionStore, 'touch'>;
  readonly clock: Clock;
  readonly after: After;
  readonly log: Logger;
  /** Told of sessions that are no longer there. */
  readonly ended: (sessionId: string) => void;
}

/**
 * When sessions were last active, written for many at once. A request counts for as long as it is open, so a stream or a
 * socket keeps its session alive however long it lasts.
 */
export class Activity {
  /** Open requests of each session. */
  private readonly open = new Map<string, number>();
  private waiting = new Map<string, number>();
  private cancel: (() => void) | undefined;
  private writing: Promise<void> | undefined;
  private closed = false;

  constructor(private readonly options: ActivityOptions) {}

  begin(id: string): void {
    this.open.set(id, (this.open.get(id) ?? 0) + 1);
    this.note(id);
  }

  /** Of each `begin`, once; also when the client went away. */
  end(id: string): void {
    const left = (this.open.get(id) ?? 1) - 1;
    if (left > 0) this.open.set(id, left);
    else this.open.delete(id);
    this.note(id);
  }

  /** Writes what waits, and nothing from then on. */
  async close(): Promise<void> {
    this.cancel?.();
    this.closed = true;
    await this.writing;
    await this.write();
  }

  private note(id: string): void {
    if (this.waiting.size < MAX_WAITING || this.waiting.has(id)) this.waiting.set(id, this.options.clock());
    this.writeSoon();
  }

  private writeSoon(): void {
    if (!this.closed) this.cancel ??= this.options.after(ACTIVITY_EVERY, () => this.beat());
  }

  private beat(): void {
    this.cancel = undefined;
    for (const id of this.open.keys()) this.note(id);
    // A store that is slow is not asked twice at a time; what is noted meanwhile would wait for the next request.
    this.writing ??= this.write().finally(() => {
      this.writing = undefined;
      if (this.waiting.size > 0) this.writeSoon();
    });
  }

  private async write(): Promise<void> {
    const taken = [...this.waiting];
    this.waiting = new Map();
    for (let at = 0; at < taken.length; at += LARGEST_TOUCH) {
      const batch = taken.slice(at, at + LARGEST_TOUCH);
      try {
        (await this.options.store.touch(new Map(batch))).forEach((id) => this.options.ended(id));
      } catch (err) {
        this.options.log.warn({ err, sessions: batch.length }, 'activity could not be written');
        this.putBack(batch);
      }
    }
  }

  /** What was noted meanwhile is later. */
  private putBack(batch: readonly (readonly [string, number])[]): void {
    for (const [id, time] of batch) {
      if (!this.waiting.has(id) && this.waiting.size < MAX_WAITING) this.waiting.set(id, time);
    }
  }
}
