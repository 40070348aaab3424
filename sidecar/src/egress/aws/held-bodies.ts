import type { EventEmitter } from 'node:events';
import { refuse } from '../refusals/refuse';

/** Takes room for bytes of a body; throws when there is none. */
export type Hold = (bytes: number) => void;

/** Part of the room that one run may have: others are served while it holds on to its own. */
const SHARE = 1 / 4;

/** The room for bodies that have to be whole, of all runs together: so many could be sent at once that there is no memory left. */
export class HeldBodies {
  private held = 0;
  private readonly byRun = new Map<string, number>();

  constructor(private readonly maxBytes: number) {}

  /** Room for one body of a run, until its answer is closed. A run is told by its token. */
  until(answer: EventEmitter, run: string): Hold {
    let own = 0;
    let isClosed = false;
    answer.once('close', () => {
      this.take(run, -own);
      isClosed = true;
    });
    return (bytes) => {
      if (isClosed) return;
      if (this.held + bytes > this.maxBytes || (this.byRun.get(run) ?? 0) + bytes > this.maxBytes * SHARE) {
        throw refuse('SERVER_OVERLOADED', 'too many bodies that have to be signed are on their way; try again', { retryAfterSeconds: 1 });
      }
      this.take(run, bytes);
      own += bytes;
    };
  }

  private take(run: string, bytes: number): void {
    this.held += bytes;
    const left = (this.byRun.get(run) ?? 0) + bytes;
    if (left > 0) this.byRun.set(run, left);
    else this.byRun.delete(run);
  }
}
