import { readFileSync } from 'node:fs';
import type { Clock } from '../server/time/clock';

/** Milliseconds between two looks. The kubelet renews a token when a fifth of its hour is left. */
const LOOK_AGAIN = 10_000;

/**
 * A small file that is exchanged while the process runs: a projected token, the cluster's CA. The same buffer is answered as
 * long as the content is the same. A file that is gone for a moment, while it is exchanged, leaves the content from before.
 */
export class FollowedFile {
  private known: Buffer;
  private lookedAt: number;

  /** Throws when the file is not there. */
  constructor(private readonly file: string, private readonly clock: Clock) {
    this.known = readFileSync(file);
    this.lookedAt = clock();
  }

  content(): Buffer {
    // A clock that was set back must not keep this from looking.
    if (Math.abs(this.clock() - this.lookedAt) >= LOOK_AGAIN) this.look();
    return this.known;
  }

  /** Looks now, because the content was refused. */
  look(): void {
    this.lookedAt = this.clock();
    try {
      const found = readFileSync(this.file);
      if (!found.equals(this.known)) this.known = found;
    } catch {
      // The content from before stays, and is refused in its turn if it is too old.
    }
  }
}
