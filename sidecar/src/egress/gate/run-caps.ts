import { hash } from 'node:crypto';
import { Limiter } from '../../server/bounds/limiter';
import type { Clock } from '../../server/time/clock';
import { refuse } from '../refusals/refuse';

export interface RunCapsOptions {
  /** Open at once, of one run. */
  readonly connections: number;
  /** Begun in a second, of one run; twice as many at once. */
  readonly perSecond: number;
  readonly clock: Clock;
  /** Runs whose pace is remembered. */
  readonly maxRuns?: number;
}

/** A place among the open connections of a run. */
export interface RunPlace {
  /** Frees it; more than once is once. */
  leave(): void;
}

/** Each takes about 200 bytes. Only runs that the broker knows get here. */
const MAX_RUNS = 20_000;

/** What one run may have open and begin. Its token is its name, of which only the hash is remembered. */
export class RunCaps {
  private readonly open = new Map<string, number>();
  private readonly pace: Limiter;

  constructor(private readonly options: RunCapsOptions) {
    const { perSecond, maxRuns = MAX_RUNS, clock } = options;
    this.pace = new Limiter({ perSecond, burst: 2 * perSecond, maxKeys: maxRuns, clock });
  }

  /** Runs with something open. */
  get size(): number {
    return this.open.size;
  }

  /** Throws `TOO_MANY_CONNECTIONS` or `TOO_MANY_REQUESTS`. Whoever waits for a place to become free uses nothing of the pace. */
  enter(token: string): RunPlace {
    const { connections, perSecond } = this.options;
    const run = hash('sha256', token, 'base64');
    const open = this.open.get(run) ?? 0;
    if (open >= connections) throw refuse('TOO_MANY_CONNECTIONS', `the run has ${open} connections open, of at most ${connections}`);
    const { allowed, retryAfter } = this.pace.take(run);
    if (!allowed) throw refuse('TOO_MANY_REQUESTS', `the run begins more than ${perSecond} connections and requests in a second`, { retryAfterSeconds: retryAfter });
    this.open.set(run, open + 1);
    let isOpen = true;
    return {
      leave: () => {
        if (isOpen) this.left(run);
        isOpen = false;
      },
    };
  }

  private left(run: string): void {
    const others = this.open.get(run)! - 1;
    if (others > 0) this.open.set(run, others);
    else this.open.delete(run);
  }
}
