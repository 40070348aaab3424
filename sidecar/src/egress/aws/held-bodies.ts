import type { EventEmitter } from 'node:events';
import { refuse } from '../refuse';

/** Takes room for bytes of a body; throws when there is none. */
export type Hold = (bytes: number) => void;

/** The room for bodies that have to be whole, of all runs together: so many could be sent at once that there is no memory left. */
export class HeldBodies {
  private held = 0;

  constructor(private readonly maxBytes: number) {}

  /** Room for one body, until its answer is closed. */
  until(answer: EventEmitter): Hold {
    let own = 0;
    let isClosed = false;
    answer.once('close', () => {
      this.held -= own;
      isClosed = true;
    });
    return (bytes) => {
      if (isClosed) return;
      if (this.held + bytes > this.maxBytes) {
        throw refuse('SERVER_OVERLOADED', 'too many bodies that have to be signed are on their way; try again', { retryAfterSeconds: 1 });
      }
      this.held += bytes;
      own += bytes;
    };
  }
}
